#include "common/base/check.h"
#include "tests/model/scenario.h"

namespace dure::model {
namespace {

constexpr u8 kSpends = bit(Kind::kSpend), kMints = bit(Kind::kMint), kLegs = bit(Kind::kLeg), kSends = bit(Kind::kSend),
             kClaims = bit(Kind::kClaim), kChanges = bit(Kind::kAttribute), kOverflows = bit(Kind::kMintToInbox);

// ── ACQUIRE, requests ───────────────────────────────────────────────────────────────────────────────────────────────
Scenario acquire_alone() {
  return {
      .name = "acquire",
      .what = "two processes take one player from each other; GRANTs come late and again; a hold is refunded meanwhile",
      .marks = {Mark::kZombieAndOwner, Mark::kRaceForEpoch, Mark::kRepeatedGrantUnderWay, Mark::kStaleGrantUnderWay,
                Mark::kRefunded, Mark::kNewOwnerWithHold},
      .players = 1,
      .gold = {2, 0},
      .owned = false,
      .late_answers = true,
      .epochs = 4,
      .operations = 2,
      .kinds = {kSpends, 0},
      .trades = 1,
      .terms = {Terms{.gold = {1, 0}}},
      .begins_held = true};
}
Scenario acquire_rejected() {
  return {.name = "acquire-rejected",
          .what = "an owner spends what it has not, sets an attribute twice from one version, is fenced and goes on",
          .marks = {Mark::kZombieAndOwner, Mark::kOwnerAfterReject},
          .players = 1,
          .late_answers = true,
          .epochs = 4,
          .kinds = {kSpends | kChanges, 0},
          .dishonest = 0};
}
Scenario acquire_restored() {
  return {.name = "acquire-restored",
          .what = "the shard goes back to a backup: an epoch is granted twice, to two processes",
          .marks = {Mark::kZombieAndOwner, Mark::kZombieAfterRestore},
          .players = 1,
          .gold = {2, 0},
          .epochs = 4,
          .operations = 2,
          .kinds = {kSpends, 0},
          .restores = true};
}
Scenario requests_alone() {
  return {
      .name = "requests",
      .what = "acquire x creq x APPLY / CONSUME: a client wants to spend and to trade with somebody who never comes",
      .marks = {Mark::kSuperseded, Mark::kSupersededButDone, Mark::kRefusedThenDone, Mark::kLastRequestAborted,
                Mark::kHeldRequestLoaded, Mark::kHeldRequestSettled, Mark::kZombieAndOwner},
      .players = 1,
      .gold = {2, 0},
      .late_answers = true,
      .epochs = 3,
      .operations = 2,
      .trades = 1,
      .terms = {Terms{.gold = {1, 0}}},
      .requests = 2,
      .wishes = {Kind::kSpend, Kind::kLeg},
      .refusals = 1};
}
Scenario requests_restarted() {
  Scenario s = requests_alone();
  s.name = "requests-restarted";
  s.what = "as requests, and the client starts anew without memory";
  s.marks = {Mark::kRestartBothDone, Mark::kRefusedThenDone, Mark::kSuperseded};
  s.late_answers = false;
  s.wishes[1] = Kind::kSpend;
  s.trades = 0;
  s.gold[0] = 3;
  s.requests = 3;
  s.restarts = 1;
  return s;
}
Scenario requests_traded() {
  Scenario s = requests_alone();
  s.name = "requests-traded";
  s.what = "creq x SWAP x PREPARE / DECIDE / FINISH: the trade may happen, on one shard or prepared";
  s.marks = {Mark::kSwapped, Mark::kCommitFinished, Mark::kHeldRequestLoaded, Mark::kHeldRequestSettled,
             Mark::kLastRequestAborted};
  s.players = 2;
  s.late_answers = false;
  s.stays[1] = true;
  s.kinds[1] = kLegs;
  s.refusals = 0;
  s.crashes = 0;
  return s;
}

// ── trades ──────────────────────────────────────────────────────────────────────────────────────────────────────────
Scenario trade_same_shard() {
  return {.name = "trade",
          .what = "SWAP x PREPARE / DECIDE / FINISH on one shard, with spending and forgetful owners",
          .marks = {Mark::kSwapped, Mark::kAbortedLegNeverCame, Mark::kAbortedBothConsumed, Mark::kAbortedDeadLeg,
                    Mark::kAbortedBothLive, Mark::kHoldOfAbortedTrade, Mark::kOneLegHeldOneConsumed,
                    Mark::kCommitFinished, Mark::kRefunded, Mark::kNewOwnerWithHold, Mark::kZombieAndOwner},
          .crashes = 0,
          .kinds = {kSpends | kLegs, kLegs},
          .trades = 1,
          .terms = {Terms{.gold = {0, 1}, .item_from = 0}}};
}
Scenario trade_twice() {
  Scenario s = trade_same_shard();
  s.name = "trade-twice";
  s.what = "A may change the item, gives it to B, and gets it back: two registers, either way of trading for each";
  s.marks = {Mark::kItemCameBack, Mark::kSwapped, Mark::kCommitFinished, Mark::kRefunded, Mark::kTradedAfterChange};
  s.trades = 2;
  s.gold = {0, 1};
  s.terms[1] = Terms{.gold = {1, 0}, .item_from = 1};
  s.operations = 3;
  s.kinds = {kLegs | kChanges, kLegs};
  s.stays = {false, true};
  return s;
}
Scenario swap_alone() {
  Scenario s = trade_same_shard();
  s.name = "swap";
  s.what = "SWAP alone, nobody ever prepares: what a leg that never comes, or a dead one, leaves behind";
  s.marks = {Mark::kSwapped,        Mark::kAbortedLegNeverCame, Mark::kAbortedBothConsumed,
             Mark::kAbortedDeadLeg, Mark::kAbortedBothLive,     Mark::kZombieAndOwner};
  s.swaps_only = true;
  s.kinds[1] |= kSpends;
  return s;
}
Scenario trade_moved() {
  return {.name = "trade-moves",
          .what = "two shards; a player moves to the other's shard: the same trade by SWAP or prepared, one register",
          .marks = {Mark::kSwappedAfterMove, Mark::kCommitOfMoved, Mark::kCommitFinished, Mark::kRefunded,
                    Mark::kMovedWithOpenWindow, Mark::kAbortedBothConsumed},
          .shard = {0, 1},
          .gold = {0, 1},
          .stays = {true, false},
          .epochs = 3,
          .operations = 2,
          .crashes = 0,
          .kinds = {kLegs, kSpends | kLegs},
          .trades = 1,
          .terms = {Terms{.gold = {0, 1}, .item_from = 0}},
          .moves = {0, 1}};
}
Scenario trade_moved_away() {
  Scenario s = trade_moved();
  s.name = "trade-moves-away";
  s.what = "the player at the register moves away: both rows meet on a shard that is not the register's";
  s.marks = {Mark::kCommitOfMoved, Mark::kCommitFinished, Mark::kRefunded, Mark::kAbortedBothConsumed};
  s.stays = {false, true};
  s.kinds = {kSpends | kLegs, kLegs};
  s.gold = {1, 1};
  s.moves[0] = 1;
  s.moves[1] = 0;
  return s;
}
Scenario trade_dishonest() {
  return {.name = "trade-dishonest",
          .what = "B offers what it has not: only B is fenced, A gets its leg back",
          .marks = {Mark::kLegFailed, Mark::kSwapped, Mark::kAbortedBothConsumed, Mark::kRefunded},
          .stays = {true, false},
          .crashes = 0,
          .kinds = {kSpends | kLegs, kSpends | kLegs},
          .trades = 1,
          .terms = {Terms{.gold = {0, 1}, .item_from = 0}},
          .dishonest = 1};
}
Scenario trade_caps() {
  return {.name = "trade-caps",
          .what = "two trades of gold under a cap with drops beside them: reservations, the inbox, a new owner",
          .marks = {Mark::kReservationFillsRoom, Mark::kCommitLandsOnCap, Mark::kRefundLandsOnCap,
                    Mark::kNewOwnerWithHold, Mark::kFullWithInbox, Mark::kSwapped},
          .gold = {2, 2},
          .cap = 3,
          .stays = {true, false},
          .epochs = 3,
          .operations = 2,
          .crashes = 0,
          .kinds = {kLegs, kLegs | kMints | kOverflows},
          .trades = 2,
          .terms = {Terms{.gold = {1, 0}}, Terms{.gold = {0, 2}}}};
}
Scenario trade_caps_moved() {
  Scenario s = trade_caps();
  s.name = "trade-caps-moves";
  s.what = "SWAP x PREPARE / DECIDE / FINISH x caps x a move to the partner's shard, one register";
  s.marks = {Mark::kReservationFillsRoom, Mark::kCommitLandsOnCap, Mark::kNewOwnerWithHold, Mark::kSwappedAfterMove,
             Mark::kCommitOfMoved};
  s.shard = {0, 1};
  s.trades = 1;
  s.terms = {Terms{.gold = {2, 1}}};
  s.kinds[1] = kLegs | kMints;
  s.moves[1] = 1;
  return s;
}
Scenario caps_dishonest() {
  return {.name = "caps-dishonest",
          .what = "an owner mints beyond its room: the DB counts the reservations",
          .marks = {Mark::kReservationFillsRoom, Mark::kRejected},
          .shard = {0, 1},
          .gold = {1, 2},
          .cap = 3,
          .stays = {true, false},
          .epochs = 3,
          .operations = 3,
          .crashes = 0,
          .kinds = {kLegs, kLegs | kMints},
          .trades = 1,
          .terms = {Terms{.gold = {1, 0}}},
          .dishonest = 1};
}

// ── item versions ───────────────────────────────────────────────────────────────────────────────────────────────────
Scenario versions_moved() {
  return {.name = "versions",
          .what = "item versions x both kinds of trade: A changes the item, trades it, B changes it, with a move",
          .marks = {Mark::kTradedAfterChange, Mark::kChangedByReceiver, Mark::kSwappedAfterMove, Mark::kCommitOfMoved},
          .shard = {0, 1},
          .gold = {0, 1},
          .stays = {true, false},
          .crashes = 0,
          .kinds = {kLegs | kChanges, kLegs | kChanges},
          .trades = 1,
          .terms = {Terms{.gold = {0, 1}, .item_from = 0}},
          .moves = {0, 1}};
}
Scenario versions_dishonest() {
  return {.name = "versions-dishonest",
          .what = "A shows one version and gives another, and changes the item from what it knew long ago",
          .marks = {Mark::kSwapped, Mark::kCommitFinished, Mark::kLegFailed, Mark::kStaleChangeRejected},
          .crashes = 0,
          .kinds = {kLegs | kChanges, kLegs},
          .trades = 1,
          .terms = {Terms{.gold = {0, 1}, .item_from = 0}},
          .dishonest = 0};
}

// ── letters, drops, moves ───────────────────────────────────────────────────────────────────────────────────────────
Scenario letters_moved() {
  return {.name = "letters",
          .what = "DELIVER x move of the receiver x claim x cap: two letters, the receiver is near its cap",
          .marks = {Mark::kClaimedWhileResent, Mark::kClaimedAndMoved, Mark::kClaimBySecondOwner, Mark::kFullWithInbox},
          .shard = {0, 1},
          .gold = {2, 1},
          .cap = 2,
          .stays = {true, false},
          .crashes = 0,
          .kinds = {kSends, kClaims},
          .moves = {0, 1},
          .letters = 2};
}
Scenario letters_sender_moved() {
  Scenario s = letters_moved();
  s.name = "letters-sender-moves";
  s.what = "as letters, but the sender moves with its outbox, to the receiver's shard";
  s.marks = {Mark::kClaimedWhileResent, Mark::kSenderMovedWithOutbox, Mark::kFullWithInbox};
  s.stays = {false, true};
  s.moves[0] = 1;
  s.moves[1] = 0;
  return s;
}
Scenario letters_collected() {
  Scenario s = letters_moved();
  s.name = "letters-collected";
  s.what = "as letters, with claimed rows collected under a high-water mark";
  s.marks = {Mark::kCollectedWhileResent, Mark::kClaimedAndMoved};
  s.collects = true;
  s.epochs = 2;
  s.cap = 15;
  s.kinds[1] = kClaims;
  return s;
}
Scenario drops_by_record() {
  return {.name = "drops",
          .what = "one drop, two who may get it, a move; awarded anew by the record of the ended epoch",
          .marks = {Mark::kReawardMinted, Mark::kReawardAfterMove, Mark::kFencedHadDrop},
          .shard = {0, 1},
          .crashes = 0,
          .kinds = {kSpends, 0},
          .moves = {1, 0},
          .awards = 2};
}
Scenario drops_by_read() {
  Scenario s = drops_by_record();
  s.name = "drops-by-read";
  s.what = "as drops; awarded anew by a read that shows a later epoch and no key";
  s.proof_by_read = true;
  return s;
}
Scenario drops_dishonest() {
  return {.name = "drops-dishonest",
          .what = "an instance awards its drop to the same player again without any proof: the key refuses",
          .marks = {Mark::kRejected},
          .players = 1,
          .kinds = {kSpends, 0},
          .awards = 2,
          .dishonest = 0};
}
Scenario moves_alone() {
  return {.name = "moves",
          .what = "one player, three moves there and back, aborted and not, with an owner who spends",
          .marks = {Mark::kLateCopyPossible, Mark::kMovedThereAndBack, Mark::kAbortedAndDoneMove,
                    Mark::kNewIntentOldCopy, Mark::kMovedWithOpenWindow},
          .players = 1,
          .gold = {2, 0},
          .epochs = 3,
          .operations = 2,
          .crashes = 0,
          .kinds = {kSpends, 0},
          .moves = {3, 0}};
}

// ── larger ──────────────────────────────────────────────────────────────────────────────────────────────────────────
Scenario large(Scenario s, std::string_view name) {
  s.name = name;
  return s;
}
Scenario acquire_large() {
  Scenario s = large(acquire_alone(), "acquire-large");
  s.gold[0] = 3;
  s.epochs = 5;
  s.operations = 3;
  return s;
}
Scenario trade_twice_large() {
  Scenario s = large(trade_twice(), "trade-twice-large");
  s.stays[1] = false;
  s.shard = {0, 1};
  s.moves = {0, 1};
  return s;
}
Scenario requests_large() {
  Scenario s = large(requests_traded(), "requests-traded-large");
  s.stays[1] = false;
  s.late_answers = true;
  return s;
}
Scenario trade_large() {
  Scenario s = large(trade_same_shard(), "trade-large");
  s.kinds[1] |= kSpends;
  s.crashes = 1;
  return s;
}
Scenario trade_moved_large() {
  Scenario s = large(trade_moved(), "trade-moves-large");
  s.stays = {false, false};
  s.moves = {1, 1};
  return s;
}
Scenario caps_large() {
  Scenario s = large(trade_caps(), "trade-caps-moves-large");
  s.marks = {Mark::kReservationFillsRoom, Mark::kCommitLandsOnCap, Mark::kRefundLandsOnCap,
             Mark::kNewOwnerWithHold,     Mark::kSwappedAfterMove, Mark::kCommitOfMoved};
  s.shard = {0, 1};
  s.kinds[1] = kLegs | kMints;
  s.moves[1] = 1;
  return s;
}
Scenario letters_large() {
  Scenario s = large(letters_moved(), "letters-large");
  s.kinds[1] |= kSpends;
  s.moves = {1, 1};
  return s;
}

}  // namespace

const std::vector<Scenario>& small_scenarios() {
  static const std::vector<Scenario> all = {
      acquire_alone(),    acquire_rejected(),   acquire_restored(), requests_alone(),       requests_restarted(),
      requests_traded(),  swap_alone(),         trade_twice(),      trade_same_shard(),     trade_moved(),
      trade_moved_away(), trade_dishonest(),    trade_caps(),       trade_caps_moved(),     caps_dishonest(),
      versions_moved(),   versions_dishonest(), letters_moved(),    letters_sender_moved(), letters_collected(),
      drops_by_record(),  drops_by_read(),      drops_dishonest(),  moves_alone()};
  return all;
}

const std::vector<Scenario>& large_scenarios() {
  static const std::vector<Scenario> all = {acquire_large(),     trade_twice_large(), requests_large(), trade_large(),
                                            trade_moved_large(), caps_large(),        letters_large()};
  return all;
}

const Scenario& find_scenario(std::string_view name) {
  for (const auto* list : {&small_scenarios(), &large_scenarios()})
    for (const Scenario& scenario : *list)
      if (scenario.name == name) return scenario;
  check_failed(__FILE__, __LINE__, "a known scenario", std::string(name));
}

}  // namespace dure::model

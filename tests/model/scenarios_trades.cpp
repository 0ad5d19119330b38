// Trades: by SWAP, prepared, under a cap, of items that change, with moves beside them.
#include "tests/model/scenario.h"

namespace dure::model {
namespace {

constexpr u8 kSpends = bit(Kind::kSpend), kMints = bit(Kind::kMint), kLegs = bit(Kind::kLeg),
             kChanges = bit(Kind::kAttribute), kOverflows = bit(Kind::kMintToInbox);

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

// ── item versions
// ───────────────────────────────────────────────────────────────────────────────────────────────────────
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

// ── larger
// ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
Scenario trade_large() {
  Scenario s = named(trade_same_shard(), "trade-large");
  s.kinds[1] |= kSpends;
  s.crashes = 1;
  return s;
}
Scenario trade_moved_large() {
  Scenario s = named(trade_moved(), "trade-moves-large");
  s.stays = {false, false};
  s.moves = {1, 1};
  return s;
}
Scenario trade_twice_large() {
  Scenario s = named(trade_twice(), "trade-twice-large");
  s.stays[1] = false;
  s.shard = {0, 1};
  s.moves = {0, 1};
  return s;
}
Scenario caps_large() {
  Scenario s = named(trade_caps(), "trade-caps-moves-large");
  s.marks = {Mark::kReservationFillsRoom, Mark::kCommitLandsOnCap, Mark::kRefundLandsOnCap,
             Mark::kNewOwnerWithHold,     Mark::kSwappedAfterMove, Mark::kCommitOfMoved};
  s.shard = {0, 1};
  s.kinds[1] = kLegs | kMints;
  s.moves[1] = 1;
  return s;
}

}  // namespace

std::vector<Scenario> small_trade_scenarios() {
  return {trade_same_shard(), trade_twice(),     swap_alone(),        trade_moved(),
          trade_moved_away(), trade_dishonest(), trade_caps(),        trade_caps_moved(),
          caps_dishonest(),   versions_moved(),  versions_dishonest()};
}
std::vector<Scenario> large_trade_scenarios() {
  return {trade_large(), trade_moved_large(), trade_twice_large(), caps_large()};
}

}  // namespace dure::model

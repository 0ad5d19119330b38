// Letters, drops, and moves by themselves.
#include "tests/model/scenario.h"

namespace dure::model {
namespace {

constexpr u8 kSpends = bit(Kind::kSpend), kSends = bit(Kind::kSend), kClaims = bit(Kind::kClaim);

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
Scenario ownerless_forgets() {
  return {
      .name = "ownerless",
      .what = "two operations of an aggregate without an owner that come for ever, forgotten; two moves between clocks",
      .marks = {Mark::kRepeatOfForgotten, Mark::kForgottenMoved, Mark::kAheadOfClock},
      .owned = false,
      .stays = {true, true},
      .epochs = 2,
      .crashes = 0,
      .ownerless = true};
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

// ── larger
// ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
Scenario letters_large() {
  Scenario s = named(letters_moved(), "letters-large");
  s.kinds[1] |= kSpends;
  s.moves = {1, 1};
  return s;
}

}  // namespace

std::vector<Scenario> small_box_scenarios() {
  return {letters_moved(),   letters_sender_moved(), letters_collected(), ownerless_forgets(),
          drops_by_record(), drops_by_read(),        drops_dishonest(),   moves_alone()};
}
std::vector<Scenario> large_box_scenarios() { return {letters_large()}; }

}  // namespace dure::model

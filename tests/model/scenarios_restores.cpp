// One shard goes back to a backup, alone, while the other went on: it is reconciled before it is played.
#include "tests/model/scenario.h"

namespace dure::model {
namespace {

constexpr u8 kSpends = bit(Kind::kSpend), kMints = bit(Kind::kMint), kLegs = bit(Kind::kLeg);

Scenario epochs_alone() {
  return {.name = "reconciled-epochs",
          .what = "a shard goes back, its epochs raised; a process may ask again for what it had asked before",
          .marks = {Mark::kOpenedWithZombie, Mark::kZombieAfterRestore},
          .players = 1,
          .gold = {2, 0},
          .epochs = 4,
          .operations = 2,
          .kinds = {kSpends, 0},
          .restores = true,
          .reconciles = true};
}
Scenario register_restored() {
  return {.name = "reconciled",
          .what = "the shard with the register goes back: legs and decisions that the other shard acted on are redone",
          .marks = {Mark::kLegRedone, Mark::kDecisionRedone, Mark::kUndecidedSettled, Mark::kOpenedWithZombie,
                    Mark::kCommitFinished, Mark::kRefunded},
          .shard = {0, 1},
          .gold = {0, 1},
          .stays = {false, true},
          .epochs = 3,
          .operations = 2,
          .crashes = 0,
          .kinds = {kMints | kLegs, kLegs},
          .trades = 1,
          .terms = {Terms{.gold = {1, 1}, .item_from = 0}},
          .restores = true,
          .reconciles = true};
}
Scenario register_there() {
  Scenario s = register_restored();
  s.name = "reconciled-there";
  s.what =
      "the shard without the register goes back: a leg is redone by the verdict, a forgotten vote comes to nothing";
  s.marks = {Mark::kLegRedone, Mark::kForgottenVoteAborted, Mark::kOpenedWithZombie, Mark::kCommitFinished,
             Mark::kRefunded};
  s.gold = {1, 0};
  s.stays = {true, false};
  s.kinds = {kLegs, kMints | kLegs};
  s.restored = 1;
  return s;
}

Scenario register_large() {
  Scenario s = named(register_restored(), "reconciled-large");
  s.trades = 2;
  s.terms[1] = Terms{.gold = {0, 1}, .item_from = kNobody};
  s.operations = 3;
  return s;
}

}  // namespace

std::vector<Scenario> small_restore_scenarios() { return {epochs_alone(), register_restored(), register_there()}; }
std::vector<Scenario> large_restore_scenarios() { return {register_large()}; }

}  // namespace dure::model

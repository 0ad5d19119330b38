// Who owns a player, and what its client is told.
#include "tests/model/scenario.h"

namespace dure::model {
namespace {

constexpr u8 kSpends = bit(Kind::kSpend), kLegs = bit(Kind::kLeg), kChanges = bit(Kind::kAttribute);

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

// ── larger
// ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
Scenario acquire_large() {
  Scenario s = named(acquire_alone(), "acquire-large");
  s.gold[0] = 3;
  s.epochs = 5;
  s.operations = 3;
  return s;
}
Scenario requests_large() {
  Scenario s = named(requests_traded(), "requests-traded-large");
  s.stays[1] = false;
  s.late_answers = true;
  return s;
}

}  // namespace

std::vector<Scenario> small_request_scenarios() {
  return {acquire_alone(),  acquire_rejected(),   acquire_restored(),
          requests_alone(), requests_restarted(), requests_traded()};
}
std::vector<Scenario> large_request_scenarios() { return {acquire_large(), requests_large()}; }

}  // namespace dure::model

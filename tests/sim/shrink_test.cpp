// Shrinking, first on made-up failures, then on a real one: a store that says SAVED too early is found by a seed, and
// what is left of the plan is the power cut that shows it.
#include "tests/sim/shrink.h"

#include <gtest/gtest.h>

#include "tests/sim/plan_text.h"
#include "tests/sim/run.h"

namespace dure::sim {
namespace {

// A short plan, so that sixty runs of it are over soon under a sanitizer, too.
constexpr std::size_t kClientsMost = 8;
constexpr Duration kPlayMost = seconds(16);

std::size_t count(const Plan& plan, FaultKind kind) {
  std::size_t found = 0;
  for (const Fault& fault : plan.faults) found += fault.kind == kind;
  return found;
}

Plan plan_with(FaultKind first, FaultKind second) {
  for (std::uint64_t seed = 1;; ++seed) {
    const Plan plan = draw_plan(seed);
    if (count(plan, first) > 1 && count(plan, second) > 1 && plan.clients.size() > 4) return plan;
  }
}

TEST(Shrink, OnlyWhatTheFailureNeedsIsLeft) {
  const Plan plan = plan_with(FaultKind::kCrash, FaultKind::kMove);
  const auto both = [](const Plan& candidate) {
    return count(candidate, FaultKind::kCrash) > 0 && count(candidate, FaultKind::kMove) > 0;
  };
  const Shrunk small = shrink(plan, both, 1000);
  EXPECT_TRUE(both(small.plan));
  EXPECT_EQ(small.plan.faults.size(), 2u) << to_text(small.plan);
  EXPECT_TRUE(small.plan.unlucky.empty()) << to_text(small.plan);
  EXPECT_TRUE(small.plan.mischief.empty()) << to_text(small.plan);
  EXPECT_LE(small.plan.clients.size(), 2u) << to_text(small.plan);
  EXPECT_EQ(what_is_wrong(small.plan), "");
  EXPECT_LT(small.plan.play, seconds(2));
}

TEST(Shrink, ItStopsWhenItsRunsAreUsedUp) {
  int runs = 0;
  const Plan plan = plan_with(FaultKind::kCrash, FaultKind::kCut);
  const Shrunk small = shrink(
      plan,
      [&runs](const Plan&) {
        ++runs;
        return false;
      },
      7);
  EXPECT_EQ(runs, 7);
  EXPECT_EQ(to_text(small.plan), to_text(plan));
}

TEST(Shrink, AStoreThatSaysSavedTooEarlyIsFoundAndShrunkToWhatShowsIt) {
  Plan plan;
  Outcome outcome;
  for (std::uint64_t seed = 1; seed <= 400 && !outcome.breaks(law::kSavedIsNeverLost); ++seed) {
    plan = draw_plan(seed);
    if (plan.clients.size() > kClientsMost || plan.play > kPlayMost) continue;
    plan.bug = Bug::kUnsyncedStore;
    plan.mischief.clear();  // whose steps are written and synced, too
    outcome = run_plan(plan);
  }
  ASSERT_TRUE(outcome.breaks(law::kSavedIsNeverLost)) << "many seeds, and nobody noticed";

  const Shrunk small = shrink(
      plan, [](const Plan& candidate) { return run_plan(candidate).breaks(law::kSavedIsNeverLost); }, 60);
  EXPECT_LE(entries(small.plan), 20u) << to_text(small.plan);
  EXPECT_LT(entries(small.plan), entries(plan));

  // Written and read, it is the same failure; without the bug it is none.
  auto again = parse_plan(to_text(small.plan), "scenario");
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(run_plan(*again).trace, run_plan(small.plan).trace);
  EXPECT_TRUE(run_plan(*again).breaks(law::kSavedIsNeverLost));
  again->bug = Bug::kNone;
  const Outcome healthy = run_plan(*again);
  EXPECT_TRUE(healthy.broken.empty()) << healthy.broken.front().law << healthy.broken.front().detail;
}

}  // namespace
}  // namespace dure::sim

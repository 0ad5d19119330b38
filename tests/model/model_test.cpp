// Every scenario is looked at to its end: no law breaks, everything drains, and what it is for did happen.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/model/search.h"

namespace dure::model {

void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.what; }
void PrintTo(const Removed& removed, std::ostream* out) { *out << removed.what; }

namespace {

// Sanitizers make a search some ten times slower: there the beginning of each has to do.
#ifdef DURE_MODEL_STATES
constexpr std::size_t kStates = DURE_MODEL_STATES;
constexpr bool kWhole = false;
#else
constexpr std::size_t kStates = 3'000'000;
constexpr bool kWhole = true;
#endif

class Scenarios : public testing::TestWithParam<Scenario> {};

TEST_P(Scenarios, hold_every_law_in_every_state) {
  const Scenario& scenario = GetParam();
  const Outcome outcome = explore(scenario, Rule::kAll, {.states = kStates});
  std::cout << report(scenario, Rule::kAll, outcome, 0);
  EXPECT_EQ(outcome.broken, Law::kNone) << name_of(outcome.broken);
  if (!kWhole) return;
  EXPECT_TRUE(outcome.exhausted);
  for (const Mark mark : scenario.marks) EXPECT_GT(outcome.marks[static_cast<int>(mark)], 0u) << name_of(mark);
}

std::string word_of(std::string_view name) {
  std::string word(name);
  for (char& c : word)
    if (c == '-') c = '_';
  return word;
}
INSTANTIATE_TEST_SUITE_P(Model, Scenarios, testing::ValuesIn(small_scenarios()),
                         [](const auto& tried) { return word_of(tried.param.name); });

class Rules : public testing::TestWithParam<Removed> {};

// A rule that nothing needs would be a rule that nobody may rely on: remove it, and a promise breaks.
TEST_P(Rules, is_missed_when_it_is_gone) {
  const Removed& removed = GetParam();
  const Scenario& scenario = find_scenario(removed.scenario);
  const Outcome outcome = explore(scenario, removed.rule, {.states = kStates});
  std::cout << report(scenario, removed.rule, outcome, 0);
  if (!removed.equivalent.empty()) {
    EXPECT_EQ(outcome.broken, Law::kNone) << name_of(outcome.broken) << ", but was said to be equivalent";
    return;
  }
  if (!kWhole && outcome.broken == Law::kNone) GTEST_SKIP() << "beyond this build's limit of states";
  EXPECT_NE(outcome.broken, Law::kNone) << removed.what << ": nothing breaks in " << removed.scenario;
}
INSTANTIATE_TEST_SUITE_P(Model, Rules, testing::ValuesIn(removable_rules()),
                         [](const auto& tried) { return word_of(tried.param.name); });

TEST(Model, every_rule_can_be_removed) {
  for (int rule = 1; rule < static_cast<int>(Rule::kCount); ++rule)
    EXPECT_NE(name_of(static_cast<Rule>(rule)), "") << "rule number " << rule << " is in no table";
}

TEST(Model, the_same_search_twice_finds_the_same) {
  const Scenario& scenario = find_scenario("trade-dishonest");
  const Outcome once = explore(scenario, Rule::kAll, {.states = 20'000});
  const Outcome twice = explore(scenario, Rule::kAll, {.states = 20'000});
  EXPECT_EQ(once.states, twice.states);
  EXPECT_EQ(once.transitions, twice.transitions);
  EXPECT_EQ(once.marks, twice.marks);
}

}  // namespace
}  // namespace dure::model

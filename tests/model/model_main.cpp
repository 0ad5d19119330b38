// The model by hand: every scenario, one with its marks, one with a rule removed and the way to what breaks.
//   dure_model                          a table of all small scenarios
//   dure_model SCENARIO…                these, also larger ones (NAME-large)
//   dure_model --without RULE [SCENARIO]
//   dure_model --rules                  every removable rule, each tried
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/model/search.h"

namespace {

using namespace dure::model;

bool run(const Scenario& scenario, Rule removed) {
  const auto from = std::chrono::steady_clock::now();
  const Outcome outcome = explore(scenario, removed, {});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  std::fputs(report(scenario, removed, outcome, seconds).c_str(), stdout);
  for (const Mark mark : scenario.marks)
    if (removed == Rule::kAll && outcome.marks[static_cast<int>(mark)] == 0)
      std::printf("    NEVER: %s\n", name_of(mark));
  std::fflush(stdout);
  return outcome.broken == Law::kNone;
}

void run_rules() {
  for (const Removed& removed : removable_rules()) run(find_scenario(removed.scenario), removed.rule);
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  bool held = true;
  if (arguments.empty()) {
    for (const Scenario& scenario : small_scenarios()) held &= run(scenario, Rule::kAll);
  } else if (arguments[0] == "--rules") {
    run_rules();
  } else if (arguments[0] == "--without" && arguments.size() >= 2) {
    const Removed& removed = find_rule(arguments[1]);
    run(find_scenario(arguments.size() > 2 ? arguments[2] : removed.scenario), removed.rule);
  } else {
    for (const std::string& name : arguments) held &= run(find_scenario(name), Rule::kAll);
  }
  return held ? 0 : 1;
}

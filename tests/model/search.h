// Breadth-first explicit-state search over one scenario: every reachable state is looked at once, the first that breaks
// a law is shown with the shortest way to it. States are told apart by 128 bits of hash (two of 10^8 meet with chance
// below 10^-22); only the frontier is kept whole, so memory is about 30 bytes a state and 8 a fair transition.
// Progress (Q2) is AG EF drained over fair transitions: from every state a drained one can be reached by what a correct
// cluster does by itself. It is judged only if the scenario was exhausted.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/model/laws.h"
#include "tests/model/marks.h"
#include "tests/model/rules.h"
#include "tests/model/scenario.h"

namespace dure::model {

struct Limits {
  std::size_t states = 40'000'000;
  bool progress = true;
};

struct Outcome {
  Law broken = Law::kNone;
  bool exhausted = false;  // false without a broken law: the limit of states was hit
  std::uint64_t states = 0, transitions = 0;
  std::array<std::uint64_t, kMarks> marks{};
  std::vector<std::string> way;  // to the broken law, or to a state that cannot drain
};

Outcome explore(const Scenario& scenario, Rule removed, const Limits& limits);

// The table of the README: a line a scenario, then its marks.
std::string report(const Scenario& scenario, Rule removed, const Outcome& outcome, double seconds);

}  // namespace dure::model

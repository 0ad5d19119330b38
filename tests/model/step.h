// One step of the search: from one state to all that may follow. Transitions read `now`, ask for rules, change a copy
// and emit it. Lives for one state.
#pragma once
#include <string>
#include <vector>

#include "tests/model/rules.h"
#include "tests/model/scenario.h"
#include "tests/model/state.h"

namespace dure::model {

// Progress is judged by fair steps alone: what a correct cluster does by itself. Faults and wishes are not fair.
enum class Fair : u8 { kNo, kYes };

struct Label {
  const char* what;
  int player = -1, a = -1, b = -1;
};
std::string to_string(const Label& label);

template <class AnyState>
struct SuccessorOf {
  AnyState state;
  Fair fair;
  Label label;
};

template <class AnyState>
class StepOf {
 public:
  using Successor = SuccessorOf<AnyState>;
  StepOf(const Scenario& scenario, Rule removed, const AnyState& from, std::vector<Successor>& to)
      : world(scenario), now(from), removed_(removed), to_(to) {}

  const Scenario& world;
  const AnyState& now;

  bool rule(Rule rule, bool guard) const { return guard || removed_ == rule; }
  bool removed(Rule rule) const { return removed_ == rule; }
  void emit(const AnyState& state, Fair fair, Label label) { to_.push_back({state, fair, label}); }

 private:
  Rule removed_;
  std::vector<Successor>& to_;
};

using Successor = SuccessorOf<State>;
using Step = StepOf<State>;

}  // namespace dure::model

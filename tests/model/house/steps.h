// The transitions of the model of an auction house beside a restore. Each function emits every successor that its part
// allows.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "tests/model/house/state.h"
#include "tests/model/laws.h"
#include "tests/model/marks.h"
#include "tests/model/step.h"

namespace dure::model::house {

using Successor = SuccessorOf<State>;
using Step = StepOf<State>;

void letters(Step& step);  // letters.cpp: people ask, the relay both ways
void clerks(Step& step);   // clerk.cpp: what the rule makes of a reading, and OWNERLESS
void restore(Step& step);  // restore.cpp: the backup, going back to it, RECONCILE

void first_state(const Scenario& scenario, State& state);
void successors(const Scenario& scenario, Rule removed, const State& now, std::vector<Successor>& to);
Law broken_law(const Scenario& scenario, const State& state);
bool drained(const Scenario& scenario, const State& state);
void note_marks(const Scenario& scenario, const State& state, std::array<std::uint64_t, kMarks>& marks);

}  // namespace dure::model::house

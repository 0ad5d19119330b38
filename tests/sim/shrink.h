// Makes a failing plan small: takes away what the failure does not need, and keeps each step only if the same law is
// still broken. Delta debugging (Zeller and Hildebrandt 2002): classes of faults, then halves of the faults down to
// one, clients, processes, durations, again until nothing more goes. One thread.
#pragma once
#include <functional>
#include <string>

#include "tests/sim/plan.h"

namespace dure::sim {

using StillFails = std::function<bool(const Plan&)>;

struct Shrunk {
  Plan plan;
  int runs = 0;
};
// `plan` fails. At most `runs_max` runs; what is left then is the answer.
Shrunk shrink(const Plan& plan, const StillFails& still_fails, int runs_max);

}  // namespace dure::sim

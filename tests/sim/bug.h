// Deliberate bugs, to show that a law has teeth and that shrinking finds the reason: planted in a simulated cluster
// before it starts, never in what is shipped.
#pragma once
#include <string>

#include "tests/sim/cluster.h"

namespace dure::sim {

enum class Bug {
  kNone,
  kUnsyncedStore,  // says SAVED before it is on the disk: a death of the agent loses the last commits of the shards
};
const char* to_text(Bug bug);
bool bug_from_text(const std::string& text, Bug* bug);
// The agent's files are in `folder`.
void plant(Cluster& cluster, Bug bug, const std::string& folder);

}  // namespace dure::sim

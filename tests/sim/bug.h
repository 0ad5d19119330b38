// Deliberate bugs, to show that a law has teeth and that shrinking finds the reason: planted in a simulated cluster
// before it starts, never in what is shipped.
#pragma once
#include <string>

#include "tests/sim/stores.h"

namespace dure::sim {

enum class Bug {
  kNone,
  kUnsyncedStore,  // says SAVED before it is on the disk: a power cut loses the last commits of the shards
  kDeafStore,      // takes a sync that failed for one that did not
  kTrustingStore,  // verifies neither the seals of pages nor the end of its log
  kGullibleStore,  // tells a rogue that all it asked is done
};
inline constexpr Bug kBugs[] = {Bug::kNone, Bug::kUnsyncedStore, Bug::kDeafStore, Bug::kTrustingStore,
                                Bug::kGullibleStore};
const char* to_text(Bug bug);
bool bug_from_text(const std::string& text, Bug* bug);
std::string bug_names();
void plant(Bug bug, Stores& stores);

}  // namespace dure::sim

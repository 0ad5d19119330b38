// How long the turns of an owner of many players take while the database answers at once, late, or not at all: saving
// is messages, so no turn may get longer for it. Only the node's own turns are timed; one thread, time turned by hand.
#pragma once
#include "tests/bench/figures.h"

namespace dure::bench {

void measure_turns(std::uint32_t players, Table* table);

}  // namespace dure::bench

// Figures of a whole agent: its logic thread, a worker a shard, and an asker, as in the united server. `only`: agent,
// trades or latency; empty: all.
#pragma once
#include "tests/bench/asker.h"
#include "tests/bench/figures.h"
#include "tests/dbagent/store/vfs_shim.h"

namespace dure::bench {

void measure_agent(const World& world, store::FaultyDisk& disk, const std::string& only, Table* table);

}  // namespace dure::bench

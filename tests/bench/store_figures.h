// Figures of the stores alone: a thread a shard, groups as an agent's workers get them.
#pragma once
#include <cstdint>
#include <vector>

#include "tests/bench/figures.h"
#include "tests/bench/world.h"
#include "tests/dbagent/store/vfs_shim.h"

namespace dure::bench {

struct StoreRun {
  std::vector<std::uint32_t> delays_ms = {0, 1, 3};
  std::uint32_t groups = 60;  // of a shard, in each run
  std::uint32_t pairs = 3;
};

// Guarded operations against the same rows written without guards, by turns.
void measure_operations(const World& world, store::FaultyDisk& disk, const StoreRun& run, Kind kind, Table* table);
// The full audit of a copy, and the slices that are taken between commits.
void measure_audit(const World& world, Table* table);

}  // namespace dure::bench

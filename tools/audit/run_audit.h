// `dure audit`: opens the shard files of a stopped cluster, or asks the agents of a running one, and prints
// "ledger sum 0, N items, 0 orphans, 0 doubles", behind it a line for each finding. Of stopped files, which are of one
// cut, also what is between shards adds up (dbagent/store/audit_transit.h). Main thread.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "dbagent/store/audit.h"
#include "tools/config/config.h"

namespace dure {

// 0: clean. 1: findings. 2: could not be audited. kExitConfig: no such config.
int run_audit(const std::string& config_path);

// Every shard, asked from the agents over the mesh.
[[nodiscard]] Result<std::vector<store::Audit>> ask_agents(const Config& config, Duration patience);

// Where a cluster keeps its files.
std::string shard_path(const Config& config, std::uint32_t shard);
std::string directory_path(const Config& config);

}  // namespace dure

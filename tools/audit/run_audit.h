// `dure audit`: opens the shard files of a stopped cluster, or copies of a running one's, which are all of one cut and
// gone afterwards, and prints "ledger sum 0, N items, 0 orphans, 0 doubles", behind it a line for each finding. What is
// between shards has to add up, too (dbagent/store/audit_transit.h). Copies that cannot be had (no room, another
// backup, agents of other machines) are no audit: it says why. Asked to, it reads the shards of a running cluster one
// by one through their agents, each in one piece between two commits, and without what is between them. Main thread.
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
int run_audit(const std::string& config_path, bool one_by_one = false);

// Every shard, asked from the agents over the mesh. `patience`: for one that nobody answers for.
[[nodiscard]] Result<std::vector<store::Audit>> ask_agents(const Config& config, Duration patience);

}  // namespace dure

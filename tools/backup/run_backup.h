// `dure backup DIR`: a copy of every shard and of the directory, taken while everybody plays, all at one cut.
// `dure restore DIR`: puts such copies into the place of a stopped cluster's files. Main thread.
//
// One cut: there is an instant at which every file held exactly what its copy holds. Each agent copies its files while
// it works, and SQLite keeps the copies up with what is committed. When all but the last page are copied, all agents
// stop committing; once each has said that nothing is under way any more, each copies its last page, and only then they
// go on. If one has much to copy again by then, all go on first, and it is copied meanwhile. An agent goes on by itself
// after some seconds; if one did before all had ended, the cut is none. What is on the wire at the cut is lost by a
// restore, as it is by a crash: SAVED is what is in the files. So of a trade across shards the register has decided or
// has not; what is left of it is driven to its end by the agents after the restore, in both shards or in neither.
#pragma once
#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "tools/config/config.h"

namespace dure {

class Interrupts;

struct Copies {
  std::size_t shards = 0;
  std::uint64_t pages = 0;
  std::int64_t cut_unix_ms = 0;
  Duration stood_still{};  // how long nothing was committed
};
// The copies alone, into an empty folder that every agent can write to. kUnreachable: nobody answers. kRefused: not
// done, or interrupted, and nothing of it is left in the folder.
[[nodiscard]] Result<Copies> copy_at_one_cut(const Config& config, const std::string& folder, Interrupts& interrupts);

// 0: done. 1: not done, and DIR has nothing that could be taken for a backup. 2: nobody answers.
int run_backup(const Config& config, const std::string& folder);
// 0: done, and the generation of all files is higher than any before. 1: refused, nothing was changed; or it stopped
// between two files, and nobody opens any of them until it was done again (unfinished_restore_path). only_shard: that
// one alone, while the others stay as they are: it starts closed (dbagent/reconcile_desk.h). Its agent must be stopped,
// the others need not be. 0: all.
int run_restore(const Config& config, const std::string& folder, std::uint32_t only_shard = 0);
// Of a running cluster. 0: all shards are open. 1: some are closed, and why. 2: not every one answers.
int run_restore_status(const Config& config);

}  // namespace dure

// `dure shards`: lists the shards of a running cluster with what they hold and how busy they are; `move` brings
// accounts from one to another while they are played; `add` writes one more shard into the configuration and waits
// until the cluster knows it; where the last one that was added so has no agent yet, that one is started instead. The
// agent is started and kept running by the `dure up` of the data folder, where there is one; else it is started here,
// and its supervision is somebody else's. Main thread.
#pragma once
#include <cstdint>
#include <string>

#include "tools/config/config.h"

namespace dure {

struct ShardsOptions {
  enum class Command { kList, kMove, kAdd, kServed };
  Command command = Command::kList;
  std::string account;      // number, account name or character name; empty: many
  std::uint32_t to = 0;     // served: the shard that is asked for
  std::uint32_t from = 0;   // many
  std::uint64_t count = 0;  // many
  bool cancel = false;
  bool start = true;  // add: have the new agent started
};

// 0: done; served. 1: not (all of) it was done; not served. 2: nobody answers. kExitConfig: what add would write is no
// good.
int run_shards(const Config& config, const ShardsOptions& options);

}  // namespace dure

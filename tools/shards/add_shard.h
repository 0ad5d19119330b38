// One more shard, written into a configuration: the next shard number, served by an agent of its own. Comments and
// everything else of the file stay as they are.
#pragma once
#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "tools/config/config.h"

namespace dure {

struct AddedShard {
  std::uint32_t shard = 0;
  std::string node;  // "dbagent-2"
  std::string text;  // the configuration with it
};
// kInvalid: the file cannot be extended so (a united server; shard_count not written in it).
[[nodiscard]] Result<AddedShard> with_added_shard(const Config& config, const std::string& text);

}  // namespace dure

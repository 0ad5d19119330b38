// One more shard, written into a configuration: the next shard number, served by an agent of its own. Comments and
// everything else of the file stay as they are.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "tools/config/config.h"

namespace dure {

struct AddedShard {
  std::uint32_t shard = 0;
  std::string node;  // "dbagent-2"
  std::string text;  // the configuration with it
};
// The last shard and its node, if that one serves nothing else: it was added so. `text` is empty.
[[nodiscard]] std::optional<AddedShard> last_added_shard(const Config& config);
// kInvalid: the file cannot be extended so (a united server; shard_count not written in it).
[[nodiscard]] Result<AddedShard> with_added_shard(const Config& config, const std::string& text);

}  // namespace dure

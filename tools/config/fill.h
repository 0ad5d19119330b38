// Fills a section's message from its TOML table by reflection. Inside dure_config only.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "tools/config/schema.h"
#include "tools/config/toml_source.h"

namespace dure {

// Dotted key → where it stands: "gateway.listen", "cluster.node[0].name".
using Origins = std::map<std::string, toml::source_position, std::less<>>;

struct FillContext {
  const std::string& path;
  bool per_node = false;    // only sections that a node may override
  std::string prefix = {};  // of the keys in messages: node."gateway-1".
};

// `message` keeps what the table does not name. `key` is the dotted key of the table itself, empty at the top.
[[nodiscard]] Result<void> fill_message(const toml::table& table, const FillContext& context, const std::string& key,
                                        google::protobuf::Message* message, Origins* origins);

}  // namespace dure

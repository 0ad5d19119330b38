// What a loaded Config holds. Inside dure_config only.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "tools/config/config.h"
#include "tools/config/fill.h"

namespace dure {

struct Config::State {
  struct Override {
    proto::Config config;
    Origins origins;
    toml::source_position at;
  };
  std::string path;
  proto::Config base;
  Origins origins;
  std::vector<NodeEntry> nodes;
  std::map<NodeId, Override> overrides;

  const proto::Config& of(NodeId node) const {
    const auto found = overrides.find(node);
    return found == overrides.end() ? base : found->second.config;
  }
  // "path:line:column: key" of a setting, "path: key" of a default.
  std::string where(NodeId node, std::string_view key) const;
};

// What no single setting can tell: nodes, shards, times and addresses that go together.
[[nodiscard]] Result<void> check_cluster_rules(const Config::State& state);
// One of them: what is asked of a cluster that others than this machine can reach.
[[nodiscard]] Result<void> check_open_network(const Config::State& state);
// The file itself, if it holds a secret of such a cluster: nobody else may read it.
[[nodiscard]] Result<void> check_secrets_are_kept(const Config::State& state);

}  // namespace dure

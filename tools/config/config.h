// The configuration of a cluster: one TOML file for all its nodes, read once at start and never changed. The schema is
// common/proto/config.proto. [node."gateway-2"] overrides settings of one node.
//
// Thread: a loaded Config is immutable and cheap to copy; any thread.
// Failure: one line that names file, line, column, key and what is allowed; the process then exits with
// kExitConfig. Nothing is ever half configured.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"

namespace dure {

namespace proto {
class Config;
class GatewaySettings;
}  // namespace proto

inline constexpr int kExitConfig = 78;  // EX_CONFIG: starting again changes nothing
inline constexpr int kExitWaited = 75;  // EX_TEMPFAIL: what it needs did not come within start_timeout_s, or is gone
inline constexpr std::size_t kConfigBytesMax = 1u << 20;

// A member of [[cluster.node]].
struct NodeEntry {
  NodeId node;
  std::string name;                                                       // as written: "gateway-1", "all-1/gateway"
  std::string address;                                                    // tcp://…, ipc://…, inproc
  std::string process() const { return name.substr(0, name.find('/')); }  // "gateway-1", "all-1"
  bool united() const { return name.find('/') != std::string::npos; }
};

class Config {
 public:
  const proto::Config& base() const;
  // Settings as this node sees them: the base with its overrides.
  const proto::Config& of(NodeId node) const;
  const std::vector<NodeEntry>& nodes() const;
  const std::string& path() const;
  // Where a setting of this node was written: "configs/local.toml:12", or "default". `key` is dotted: gateway.listen.
  std::string origin(NodeId node, std::string_view key) const;

  struct State;
  explicit Config(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<const State> state_;
};

// Trouble::kInvalid for whatever the file says wrongly, and for a file that is missing, empty or not readable.
[[nodiscard]] Result<Config> load_config(const std::string& path);
// The same for text in memory; `path` only names it in messages.
[[nodiscard]] Result<Config> parse_config(std::string_view text, const std::string& path);

// Beside the file and then in its place: whoever reads it meanwhile reads a whole one. It keeps its permissions; a new
// one is readable to its owner only.
[[nodiscard]] Result<void> write_config(const std::string& path, const std::string& text);

// Where a gateway hears its clients: key ("gateway.listen") and address of each door that is open.
std::vector<std::pair<std::string, std::string>> doors_of(const proto::GatewaySettings& gateway);

// How many nodes of a role there shall be, instead of what the file says.
struct NodeCount {
  Role role;
  unsigned count;
};
// The file's text with nodes added or left out: the added ones listen above the highest port of their role.
// Comments are lost. dbagents cannot be counted: their shards are fixed.
[[nodiscard]] Result<std::string> with_node_counts(const std::string& path, const std::vector<NodeCount>& counts);

}  // namespace dure

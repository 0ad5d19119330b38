#include "tools/config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "common/proto/config.pb.h"
#include "tools/config/state.h"

namespace dure {
namespace {

// [node."gateway-1"] may stand before or after the sections: overrides are laid over the finished base.
Result<void> fill_overrides(const toml::table& nodes, Config::State* state) {
  for (const auto& [name, node] : nodes) {
    const std::string key = "node.\"" + std::string(name.str()) + "\"";
    const std::string where = place_text(state->path, name.source().begin) + ": " + key;
    if (!node.is_table()) return fail(Trouble::kInvalid, where + ": allowed a table of sections");
    const NodeId id = node_from_text(name.str());
    bool listed = false;
    for (const NodeEntry& entry : state->nodes) listed = listed || entry.node == id;
    if (!id || !listed) return fail(Trouble::kInvalid, where + ": no such node in [[cluster.node]]");
    const auto [place, fresh] = state->overrides.try_emplace(id);
    if (!fresh) return fail(Trouble::kInvalid, where + ": duplicate: another name of the same node");
    place->second.config = state->base;
    place->second.at = name.source().begin;
    const FillContext context{state->path, true, key + "."};
    if (auto filled = fill_message(*node.as_table(), context, "", &place->second.config, &place->second.origins);
        !filled)
      return filled;
  }
  return {};
}

Result<void> fill_state(toml::table* table, Config::State* state) {
  toml::table overrides;
  if (const auto node = table->find("node"); node != table->end()) {
    if (!node->second.is_table())
      return fail(Trouble::kInvalid, place_text(state->path, node->first.source().begin) +
                                         ": node: allowed [node.\"gateway-1\"] tables; members of the cluster are "
                                         "[[cluster.node]]");
    overrides = std::move(*node->second.as_table());
    table->erase(node);
  }
  set_defaults(&state->base);
  const FillContext context{state->path};
  if (auto filled = fill_message(*table, context, "", &state->base, &state->origins); !filled) return filled;
  if (!table->contains("cluster"))
    return fail(Trouble::kInvalid, state->path + ":1:1: cluster is missing: allowed a [cluster] table (who we are)");
  for (const auto& entry : state->base.cluster().node())
    state->nodes.push_back({node_from_text(entry.name()), entry.name(), entry.address()});
  return fill_overrides(overrides, state);
}

Result<std::shared_ptr<const Config::State>> parse_state(std::string_view text, const std::string& path) {
  auto table = parse_toml(text, path);
  if (!table) return tl::unexpected(table.error());
  auto state = std::make_shared<Config::State>();
  state->path = path;
  if (auto filled = fill_state(&*table, state.get()); !filled) return tl::unexpected(filled.error());
  if (auto kept = check_cluster_rules(*state); !kept) return tl::unexpected(kept.error());
  return state;
}

}  // namespace

std::string Config::State::where(NodeId node, std::string_view key) const {
  if (const auto found = overrides.find(node); found != overrides.end())
    if (const auto at = found->second.origins.find(key); at != found->second.origins.end())
      return place_text(path, at->second) + ": " + std::string(key);
  if (const auto at = origins.find(key); at != origins.end())
    return place_text(path, at->second) + ": " + std::string(key);
  return path + ": " + std::string(key);
}

std::vector<std::pair<std::string, std::string>> doors_of(const proto::GatewaySettings& gateway) {
  std::vector<std::pair<std::string, std::string>> doors = {{"gateway.listen", gateway.listen()}};
  if (!gateway.listen_websocket().empty()) doors.emplace_back("gateway.listen_websocket", gateway.listen_websocket());
  return doors;
}

const proto::Config& Config::base() const { return state_->base; }
const proto::Config& Config::of(NodeId node) const { return state_->of(node); }
const std::vector<NodeEntry>& Config::nodes() const { return state_->nodes; }
const std::string& Config::path() const { return state_->path; }

std::string Config::origin(NodeId node, std::string_view key) const {
  const auto line = [this](const Origins& origins, std::string_view wanted) -> std::string {
    const auto at = origins.find(wanted);
    return at == origins.end() ? "" : state_->path + ":" + std::to_string(at->second.line);
  };
  if (const auto found = state_->overrides.find(node); found != state_->overrides.end())
    if (auto text = line(found->second.origins, key); !text.empty()) return text;
  auto text = line(state_->origins, key);
  return text.empty() ? "default" : text;
}

Result<Config> parse_config(std::string_view text, const std::string& path) {
  auto state = parse_state(text, path);
  if (!state) return tl::unexpected(state.error());
  return Config(std::move(*state));
}

Result<Config> load_config(const std::string& path) {
  auto text = read_config_file(path);
  if (!text) return tl::unexpected(text.error());
  auto state = parse_state(*text, path);
  if (!state) return tl::unexpected(state.error());
  if ((*state)->nodes.empty())
    return fail(Trouble::kInvalid,
                path + ": cluster.node is missing: allowed one [[cluster.node]] table or more (who runs)");
  if (auto kept = check_secrets_are_kept(**state); !kept) return tl::unexpected(kept.error());
  return Config(std::move(*state));
}

Result<void> write_config(const std::string& path, const std::string& text) {
  using std::filesystem::perms;
  const std::string beside = path + ".new";
  std::ofstream out(beside, std::ios::binary);
  std::error_code missing, error;
  const auto before = std::filesystem::status(path, missing).permissions();
  std::filesystem::permissions(beside, missing ? perms::owner_read | perms::owner_write : before, error);
  out << text;
  out.close();
  struct stat was {};
  const bool is_theirs = ::stat(path.c_str(), &was) != 0 || ::chown(beside.c_str(), was.st_uid, was.st_gid) == 0;
  if (!out || error || !is_theirs || std::rename(beside.c_str(), path.c_str()) != 0)
    return fail(Trouble::kIo, path + ": cannot be written");
  return {};
}

}  // namespace dure

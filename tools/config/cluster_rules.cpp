#include <map>
#include <set>
#include <sstream>

#include "tools/config/state.h"

namespace dure {
namespace {

std::string node_key(std::size_t index, const char* field) {
  return "cluster.node[" + std::to_string(index) + "]." + field;
}

Result<void> nodes_are_distinct(const Config::State& state) {
  std::map<NodeId, std::string> names;
  std::map<std::string, std::string> addresses;
  for (std::size_t i = 0; i < state.nodes.size(); ++i) {
    const NodeEntry& entry = state.nodes[i];
    if (!names.emplace(entry.node, entry.name).second)
      return fail(Trouble::kInvalid,
                  state.where({}, node_key(i, "name")) + " = '" + entry.name + "': this node is already in the list");
    if (entry.address == "inproc") {
      if (entry.united()) continue;
      return fail(Trouble::kInvalid, state.where({}, node_key(i, "address")) +
                                         " = 'inproc': only nodes of the united server (all-1/…) need no address");
    }
    const auto [other, fresh] = addresses.emplace(entry.address, entry.name);
    if (!fresh)
      return fail(Trouble::kInvalid, state.where({}, node_key(i, "address")) + " = '" + entry.address +
                                         "': is the address of " + other->second);
  }
  return {};
}

Result<void> gateways_listen_apart(const Config::State& state) {
  std::map<std::string, std::string> listens;
  for (const NodeEntry& entry : state.nodes) {
    if (entry.node.role() != Role::kGateway) continue;
    for (const auto& [key, listen] : doors_of(state.of(entry.node).gateway())) {
      const auto [other, fresh] = listens.emplace(listen, entry.name);
      if (!fresh)
        return fail(Trouble::kInvalid, state.where(entry.node, key) + " = '" + listen + "': " + entry.name + " and " +
                                           other->second + " would both listen there");
    }
  }
  return {};
}

Result<void> shards_are_served_once(const Config::State& state) {
  std::map<std::uint32_t, std::string> served;
  std::string directory;
  bool any = false;
  for (const NodeEntry& entry : state.nodes) {
    if (entry.node.role() != Role::kDbagent) continue;
    any = true;
    const proto::DbagentSettings& agent = state.of(entry.node).dbagent();
    for (const std::uint32_t shard : agent.shards()) {
      const std::string where = state.where(entry.node, "dbagent.shards");
      if (shard > state.base.cluster().shard_count())
        return fail(Trouble::kInvalid, where + ": shard " + std::to_string(shard) + ": allowed 1.." +
                                           std::to_string(state.base.cluster().shard_count()) +
                                           " (cluster.shard_count)");
      const auto [other, fresh] = served.emplace(shard, entry.name);
      if (!fresh)
        return fail(Trouble::kInvalid, where + ": shard " + std::to_string(shard) + " of " + entry.name +
                                           " is already served by " + other->second);
    }
    if (agent.directory() && !directory.empty())
      return fail(Trouble::kInvalid, state.where(entry.node, "dbagent.directory") + ": " + entry.name + " and " +
                                         directory + " would both serve the directory");
    if (agent.directory()) directory = entry.name;
  }
  if (!any) return {};
  if (directory.empty())
    return fail(Trouble::kInvalid, state.path + ": no dbagent has dbagent.directory = true: exactly one must");
  if (served.size() != state.base.cluster().shard_count())
    return fail(Trouble::kInvalid, state.where({}, "cluster.shard_count") + " = " +
                                       std::to_string(state.base.cluster().shard_count()) + ": dbagents serve " +
                                       std::to_string(served.size()) + " of them (dbagent.shards)");
  return {};
}

Result<void> times_fit_together(const Config::State& state, NodeId node) {
  const proto::GatewaySettings& gateway = state.of(node).gateway();
  if (gateway.heartbeat_timeout_ms() < 2 * gateway.heartbeat_interval_ms())
    return fail(Trouble::kInvalid, state.where(node, "gateway.heartbeat_timeout_ms") + " = " +
                                       std::to_string(gateway.heartbeat_timeout_ms()) +
                                       ": must be at least twice gateway.heartbeat_interval_ms");
  if (gateway.frame_bytes_max_before_login() > gateway.frame_bytes_max())
    return fail(Trouble::kInvalid, state.where(node, "gateway.frame_bytes_max_before_login") + " = " +
                                       std::to_string(gateway.frame_bytes_max_before_login()) +
                                       ": must not be larger than gateway.frame_bytes_max");
  return {};
}

// "anna:give,kick": a known key, and what a game master may say.
Result<void> rights_speak_of_keys(const Config::State& state) {
  const std::set<std::string> verbs{"announce", "kick", "give", "feature", "ban", "maintenance", "content", "status"};
  std::set<std::string> keys;
  for (const std::string& key : state.base.gm().public_keys()) keys.insert(key.substr(0, key.find(':')));
  for (const std::string& right : state.base.gm().rights()) {
    const auto wrong = [&](const std::string& why) {
      return fail(Trouble::kInvalid, state.where({}, "gm.rights") + ": '" + right + "': " + why);
    };
    const auto colon = right.find(':');
    if (colon == std::string::npos) return wrong("allowed: name:verb,verb");
    if (!keys.count(right.substr(0, colon))) return wrong("no key of gm.public_keys is called so");
    std::istringstream words(right.substr(colon + 1));
    for (std::string verb; std::getline(words, verb, ',');)
      if (!verbs.count(verb)) return wrong("'" + verb + "' is no command of dure gm");
  }
  return {};
}

}  // namespace

Result<void> check_cluster_rules(const Config::State& state) {
  for (const auto rule :
       {nodes_are_distinct, gateways_listen_apart, shards_are_served_once, check_open_network, rights_speak_of_keys})
    if (auto kept = rule(state); !kept) return kept;
  if (auto kept = times_fit_together(state, {}); !kept) return kept;
  for (const auto& [node, unused] : state.overrides)
    if (auto kept = times_fit_together(state, node); !kept) return kept;
  return {};
}

}  // namespace dure

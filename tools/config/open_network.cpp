// Who leaves loopback gives strangers a way in: what must be so then.
#include <sys/stat.h>

#include <algorithm>

#include "tools/config/state.h"

namespace dure {
namespace {

// The keys of configs/local.toml and configs/dev_gm.key. Everybody has them.
constexpr std::string_view kPublishedTicketKey = "64250ba1cb355a5fbd147d8e293b34922589b43bc8b7e9fc70d9ff1f5b459060";
constexpr std::string_view kPublishedGmKey = "a4a9895e43430438dd9e6afd26c36516e81ab2885059847c73df16f9e99c1aa8";

struct Opening {
  std::string where, address;  // both empty: nothing is open
};

bool leaves_loopback(const std::string& address) { return !is_loopback(split_host_port(address)); }

// The first address at which clients are heard by others than this machine.
Opening open_to_clients(const Config::State& state) {
  for (const auto& [key, listen] : doors_of(state.base.gateway()))
    if (leaves_loopback(listen)) return {state.where({}, key), listen};
  for (const NodeEntry& entry : state.nodes)
    for (const auto& [key, listen] : doors_of(state.of(entry.node).gateway()))
      if (leaves_loopback(listen)) return {state.where(entry.node, key), listen};
  return {};
}

Opening open_to_peers(const Config::State& state) {
  for (std::size_t i = 0; i < state.nodes.size(); ++i) {
    const std::string& address = state.nodes[i].address;
    if (address.starts_with("tcp://") && leaves_loopback(address))
      return {state.where({}, "cluster.node[" + std::to_string(i) + "].address"), address};
  }
  return {};
}

Result<void> refuse(const Opening& opening, const std::string& why) {
  return fail(Trouble::kInvalid, opening.where + " = '" + opening.address + "': " + why);
}

bool published_keys(const proto::Config& config) {
  const auto& keys = config.gm().public_keys();
  return config.dev().ticket_key() == kPublishedTicketKey ||
         std::any_of(keys.begin(), keys.end(), [](const std::string& key) { return key.ends_with(kPublishedGmKey); });
}

}  // namespace

Result<void> check_open_network(const Config::State& state) {
  const Opening clients = open_to_clients(state), peers = open_to_peers(state);
  const Opening& opening = clients.where.empty() ? peers : clients;
  if (opening.where.empty()) return {};
  if (state.base.dev().enabled() && !state.base.dev().allow_off_loopback())
    return refuse(opening, "developer mode stays on loopback unless dev.allow_off_loopback (" +
                               state.where({}, "dev.enabled") + ")");
  if (published_keys(state.base))
    return refuse(opening,
                  "dev.ticket_key and gm.public_keys of the shipped files are public knowledge and stay on "
                  "loopback: make your own with dure keygen");
  if (!peers.where.empty() && !state.base.cluster().private_network())
    return refuse(peers,
                  "peers are neither encrypted nor asked who they are: allowed on loopback, or where "
                  "cluster.private_network = true says that nobody else is on their network");
  return {};
}

Result<void> check_secrets_are_kept(const Config::State& state) {
  struct stat facts {};
  if (state.base.dev().ticket_key().empty() || ::stat(state.path.c_str(), &facts) != 0) return {};
  if (open_to_clients(state).where.empty() || (facts.st_mode & 077) == 0) return {};
  return fail(Trouble::kInvalid,
              state.where({}, "dev.ticket_key") + ": others may read this secret; chmod 600 " + state.path);
}

}  // namespace dure

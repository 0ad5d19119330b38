#include "tools/shards/add_shard.h"

#include <algorithm>
#include <regex>

#include "common/proto/config.pb.h"

namespace dure {
namespace {

int port_of(const std::string& address) {
  const auto colon = address.rfind(':');
  return colon == std::string::npos ? 0 : std::atoi(address.c_str() + colon + 1);
}

// "tcp://127.0.0.1:17501" → the same host, the first port above all of the file's: clients' and Redis' are others',
// too.
Result<std::string> next_address(const Config& config) {
  std::string host;
  int port = port_of(config.base().redis().address());
  for (const auto& entry : config.nodes()) {
    if (entry.node.role() == Role::kGateway)
      for (const auto& [key, listen] : doors_of(config.of(entry.node).gateway()))
        port = std::max(port, port_of(listen));
    if (!entry.address.starts_with("tcp://") || port_of(entry.address) == 0) continue;
    if (entry.node.role() == Role::kDbagent) host = entry.address.substr(0, entry.address.rfind(':'));
    port = std::max(port, port_of(entry.address));
  }
  if (host.empty()) return fail(Trouble::kInvalid, "no dbagent of this configuration listens on tcp");
  return host + ":" + std::to_string(port + 1);
}

}  // namespace

std::optional<AddedShard> last_added_shard(const Config& config) {
  const std::uint32_t last = config.base().cluster().shard_count();
  for (const auto& entry : config.nodes()) {
    if (entry.united() || entry.node.role() != Role::kDbagent) continue;
    const auto& serves = config.of(entry.node).dbagent();
    if (!serves.directory() && serves.shards_size() == 1 && serves.shards(0) == last)
      return AddedShard{last, entry.name, ""};
  }
  return std::nullopt;
}

Result<AddedShard> with_added_shard(const Config& config, const std::string& text) {
  AddedShard added;
  added.shard = config.base().cluster().shard_count() + 1;
  unsigned last = 0;
  for (const auto& entry : config.nodes()) {
    if (entry.united())
      return fail(Trouble::kInvalid, "a united server is one process: restart it with one more shard");
    if (entry.node.role() == Role::kDbagent)
      last = std::max(last, static_cast<unsigned>(std::atoi(entry.name.c_str() + entry.name.find('-') + 1)));
  }
  added.node = "dbagent-" + std::to_string(last + 1);
  const auto address = next_address(config);
  if (!address) return tl::unexpected<Error>(address.error());
  const std::regex count("(^|\n)[ \t]*shard_count[ \t]*=[ \t]*([0-9]+)");
  std::smatch said;
  if (!std::regex_search(text, said, count))
    return fail(Trouble::kInvalid, config.path() + " does not say cluster.shard_count");
  added.text = text;
  added.text.replace(static_cast<std::size_t>(said.position(2)), static_cast<std::size_t>(said.length(2)),
                     std::to_string(added.shard));
  if (!added.text.ends_with('\n')) added.text += '\n';
  added.text += "\n# Added by `dure shards add`.\n[[cluster.node]]\nname = \"" + added.node + "\"\naddress = \"" +
                *address + "\"\n\n[node.\"" + added.node + "\"]\ndbagent.shards = [" + std::to_string(added.shard) +
                "]\ndbagent.directory = false\n";
  if (auto good = parse_config(added.text, config.path()); !good) return tl::unexpected<Error>(good.error());
  return added;
}

}  // namespace dure

#include <algorithm>
#include <sstream>

#include "common/proto/config.pb.h"
#include "tools/config/state.h"

namespace dure {
namespace {

// The address with the same host and another port.
std::string with_port(const std::string& address, unsigned port) {
  return address.substr(0, address.rfind(':') + 1) + std::to_string(port);
}

class Members {
 public:
  Members(const Config& config, toml::table* table) : config_(config), table_(table) {
    for (const NodeEntry& entry : config.nodes()) used_.push_back(split_host_port(entry.address).port);
    for (const NodeEntry& entry : config.nodes())
      if (entry.node.role() == Role::kGateway)
        for (const auto& [key, listen] : doors_of(config.of(entry.node).gateway()))
          used_.push_back(split_host_port(listen).port);
  }

  Result<void> set_count(NodeCount wanted) {
    std::vector<NodeEntry> members;
    for (const NodeEntry& entry : config_.nodes())
      if (entry.node.role() == wanted.role) members.push_back(entry);
    const std::string role = to_text(wanted.role);
    if (wanted.role == Role::kDbagent) return fail(Trouble::kInvalid, "dbagents cannot be counted: shards are fixed");
    if (members.empty() || members.front().united() || !members.front().address.starts_with("tcp://"))
      return fail(Trouble::kInvalid, config_.path() + ": no " + role + " with a tcp:// address to take as a model");
    if (wanted.count == 0 || wanted.count > 64) return fail(Trouble::kInvalid, role + "s: allowed 1..64");
    for (std::size_t i = wanted.count; i < members.size(); ++i) remove(members[i]);
    std::uint16_t number = 0;
    for (const NodeEntry& entry : members) number = std::max(number, entry.node.number());
    for (std::size_t i = members.size(); i < wanted.count; ++i) add(members.back(), NodeId(wanted.role, ++number));
    return {};
  }

 private:
  void remove(const NodeEntry& entry) {
    toml::array& list = *(*table_)["cluster"]["node"].as_array();
    for (std::size_t i = 0; i < list.size(); ++i)
      if (list[i].as_table()->at("name").value_or(std::string()) == entry.name) {
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
    if (auto* overrides = (*table_)["node"].as_table()) overrides->erase(entry.name);
  }
  void add(const NodeEntry& model, NodeId node) {
    toml::table entry;
    entry.insert("name", to_text(node));
    entry.insert("address", with_port(model.address, free_port(split_host_port(model.address).port)));
    (*table_)["cluster"]["node"].as_array()->push_back(std::move(entry));
    if (node.role() != Role::kGateway) return;
    toml::table gateway, override;
    for (const auto& [key, listen] : doors_of(config_.of(model.node).gateway()))
      gateway.insert(key.substr(key.find('.') + 1), with_port(listen, free_port(split_host_port(listen).port)));
    override.insert("gateway", std::move(gateway));
    if (!table_->contains("node")) table_->insert("node", toml::table{});
    (*table_)["node"].as_table()->insert(to_text(node), std::move(override));
  }
  unsigned free_port(unsigned above) {
    while (std::find(used_.begin(), used_.end(), above) != used_.end()) ++above;
    used_.push_back(above);
    return above;
  }

  const Config& config_;
  toml::table* table_;
  std::vector<unsigned> used_;
};

}  // namespace

Result<std::string> with_node_counts(const std::string& path, const std::vector<NodeCount>& counts) {
  const auto text = read_config_file(path);
  if (!text) return tl::unexpected(text.error());
  const auto config = parse_config(*text, path);
  if (!config) return tl::unexpected(config.error());
  auto table = parse_toml(*text, path);
  Members members(*config, &*table);
  for (const NodeCount& wanted : counts)
    if (auto set = members.set_count(wanted); !set) return tl::unexpected(set.error());
  std::ostringstream out;
  out << *table << "\n";
  return out.str();
}

}  // namespace dure

#include "tools/launcher/plan.h"

#include <algorithm>

#include "common/proto/config.pb.h"

namespace dure {
namespace {

Rank rank_of(const NodeEntry& entry) {
  if (entry.united()) return Rank::kUnited;
  switch (entry.node.role()) {
    case Role::kGateway:
      return Rank::kGateways;
    case Role::kDungeon:
      return Rank::kDungeons;
    case Role::kGeneral:
      return Rank::kGenerals;
    case Role::kChat:
      return Rank::kChat;
    default:
      return Rank::kDbagents;
  }
}

}  // namespace

std::vector<PlannedProcess> plan_processes(const Config& config) {
  std::vector<PlannedProcess> plan;
  for (const NodeEntry& entry : config.nodes()) {
    auto process = std::find_if(plan.begin(), plan.end(), [&](const auto& one) { return one.name == entry.process(); });
    if (process == plan.end()) {
      const std::string role = entry.united() ? "all" : to_text(entry.node.role());
      process = plan.insert(plan.end(), {entry.process(), role, rank_of(entry), {}, {}});
    }
    process->nodes.push_back(to_text(entry.node));
    if (entry.address.starts_with("tcp://")) process->ports.push_back(entry.address.substr(6));
    if (entry.node.role() == Role::kGateway)
      for (const auto& [key, listen] : doors_of(config.of(entry.node).gateway())) process->ports.push_back(listen);
  }
  std::stable_sort(plan.begin(), plan.end(), [](const auto& a, const auto& b) { return a.rank > b.rank; });
  return plan;
}

}  // namespace dure

// Which processes a configuration asks for, and in which order they are started and stopped. Plain values.
#pragma once
#include <string>
#include <vector>

#include "tools/config/config.h"

namespace dure {

// Stopped in this order, each rank after the one before has ended; started in the opposite order.
enum class Rank { kBots, kUnited, kGateways, kDungeons, kGenerals, kChat, kDbagents, kRedis };
inline constexpr int kRanks = 8;

struct PlannedProcess {
  std::string name;  // "gateway-1", "all-1"
  std::string role;  // "gateway", "all"
  Rank rank;
  std::vector<std::string> nodes;  // as the monitor values name them: one, or all those of a united server
  std::vector<std::string> ports;  // what it listens on: host:port
};

// In the order of starting. Every node of the file; those of a united server together.
std::vector<PlannedProcess> plan_processes(const Config& config);

}  // namespace dure

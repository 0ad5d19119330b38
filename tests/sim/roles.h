// The real roles in a simulated cluster, composed as the program composes them: the same objects, the sample's content
// files, the stores on a simulated disk. What a process keeps over its death is in those files only.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/game/content.h"
#include "common/proto/routes.h"
#include "dungeon/sample/sample.h"
#include "gateway/options.h"
#include "gateway/port_options.h"
#include "lobby/sample/sample.h"
#include "tests/sim/cluster.h"
#include "tests/sim/stores.h"

namespace dure::sim {

// Reads configs/content of the source tree. Outlives the cluster.
struct Game {
  Game();
  // Changes a text of the content as the directory's agent loads it at its next start (everybody else reads it there).
  void edit(const std::string& file, const std::string& text, const std::string& instead);
  std::string load(bool activate_first) const;  // an encoded ContentLoad
  Routes routes;
  std::vector<ContentFile> files;
  std::vector<ContentFile> to_load;
  std::uint64_t hash = 0;
  Content content;
  sample::LobbyContent lobby;
  sample::FightContent fight;
  PortOptions port;
  GatewayOptions gateway;
};

struct Shape {
  std::uint16_t gateways = 1, generals = 1, dungeons = 1, chats = 1;
  std::uint32_t shards = 2;  // all served by one agent, with the directory
};

inline NodeId gateway_node(std::uint16_t n = 1) { return {Role::kGateway, n}; }
inline NodeId general_node(std::uint16_t n = 1) { return {Role::kGeneral, n}; }
inline NodeId dungeon_node(std::uint16_t n = 1) { return {Role::kDungeon, n}; }
inline NodeId chat_node(std::uint16_t n = 1) { return {Role::kChat, n}; }
inline NodeId agent_node() { return {Role::kDbagent, 1}; }

// Of an agent whose files are `stores`.
void add_roles(Cluster& cluster, const Game& game, const Shape& shape, Stores& stores);

}  // namespace dure::sim

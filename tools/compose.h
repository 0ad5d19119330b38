// One node as the configuration wants it: the role, the objects of its IO threads, its workers. Main thread, at start.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/logic/client_io.h"
#include "common/logic/node.h"
#include "common/logic/worker.h"
#include "tools/config/config.h"
#include "tools/game.h"

namespace dure {

// kNone: no database file is opened and no password is hashed; the node alone, whose workers' answers come from a
// journal.
enum class Workers { kReal, kNone };

struct NodeBundle {
  std::unique_ptr<Node> node;
  std::shared_ptr<void> game;                              // the game's part of it
  std::vector<std::unique_ptr<ClientIo>> ports;            // one an IO thread
  std::string listen, listen_web;                          // where clients connect; by WebSocket
  std::map<std::string, std::unique_ptr<Worker>> workers;  // by queue
  std::string address;                                     // where peers connect; empty in the united server
};

// kInvalid: to be told and ended with kExitConfig. Anything else (a database file that is still locked): to be tried
// again. `routes`, `game` and the seams outlive the bundle.
[[nodiscard]] Result<NodeBundle> compose_node(const Config& config, const NodeEntry& entry, const Routes& routes,
                                              const Game& game, const Incarnation& incarnation, const Seams& seams,
                                              Workers workers = Workers::kReal);

}  // namespace dure

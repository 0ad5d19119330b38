// A dungeon node with a database that grants and saves, a lobby that takes players back, a gateway, and clients.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/game/sample/messages.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/dungeon.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/party.pb.h"
#include "dungeon/sample/sample.h"
#include "tests/common/fake_cluster.h"

namespace dure::test {

inline const NodeId kGateway(Role::kGateway, 1), kGeneral(Role::kGeneral, 1), kAgent(Role::kDbagent, 1);

class DungeonTest : public testing::Test {
 protected:
  explicit DungeonTest(bool developer = true);
  // An instance that expects `players`, and all of them in it.
  void open(std::uint64_t run, const std::vector<std::uint64_t>& players, const std::string& dungeon = "cellar");
  void expect(std::uint64_t run, const std::vector<std::uint64_t>& players, const std::string& dungeon = "cellar");
  void arrive(std::uint64_t run, std::uint64_t player);
  // Sends a client's frame and turns.
  void frame(std::uint64_t player, std::uint32_t message_id, const std::string& body);
  template <class Message>
  void client(std::uint64_t player, const Message& message) {
    frame(player, route_id(Message::descriptor()), message.SerializeAsString());
  }
  // Walks to the monster and hits it until it is gone.
  void fight(std::uint64_t player);
  EntityId monster(std::uint64_t player);

  Routes routes_;
  MemoryLog log_;
  SeededEntropy entropy_{1};
  sample::FightContent content_;
  std::unique_ptr<Dungeon> dungeon_;
  std::unique_ptr<sample::DungeonSample> sample_;
  std::unique_ptr<FakeCluster> cluster_;
  std::map<std::uint64_t, std::uint64_t> epochs_;
  std::map<std::uint64_t, proto::Aggregate> rows_;  // what else is granted with the player
  std::vector<proto::Operation> applied_;
  std::vector<proto::Admit> back_;
  std::vector<proto::InboxEntry> inbox_;
  bool database_answers_ = true;
  bool lobby_answers_ = true;
  std::uint32_t seq_ = 0;
};

}  // namespace dure::test

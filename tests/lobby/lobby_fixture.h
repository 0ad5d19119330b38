// A lobby node with a directory that gives it places, a database that grants and saves, a gateway, and clients.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "common/game/sample/auction.h"
#include "common/game/sample/mail.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "lobby/sample/sample.h"
#include "tests/common/fake_cluster.h"

namespace dure::test {

inline const NodeId kGateway(Role::kGateway, 1), kAgent(Role::kDbagent, 1), kOther(Role::kGeneral, 2),
    kDungeon(Role::kDungeon, 1);

class LobbyTest : public testing::Test {
 protected:
  LobbyTest();
  // A login, as the gateway asks for it.
  proto::AdmitReply admit(std::uint64_t player, proto::Admit request = {});
  // Sends a client's frame; and turns.
  void post(std::uint64_t player, std::uint32_t message_id, const std::string& body);
  void frame(std::uint64_t player, std::uint32_t message_id, const std::string& body);
  template <class Message>
  void client(std::uint64_t player, const Message& message) {
    frame(player, route_id(Message::descriptor()), message.SerializeAsString());
  }
  // It arrives with whatever is sent next.
  template <class Message>
  void client_at_once(std::uint64_t player, const Message& message) {
    post(player, route_id(Message::descriptor()), message.SerializeAsString());
  }
  template <class Reply, class Message>
  std::optional<Reply> ask(std::uint64_t player, const Message& message) {
    client(player, message);
    return told<Reply>();
  }
  // The oldest message of that type that a client was sent.
  template <class Message>
  std::optional<Message> told() {
    auto found = cluster_->take<Message>(kGateway);
    if (!found) return std::nullopt;
    return found->second;
  }
  // Another general is up and holds that place.
  void other_holds(const std::string& place, std::uint32_t players = 0);
  Player& player(std::uint64_t id) { return *lobby_->find(PlayerId(id)); }

  Routes routes_;
  MemoryLog log_;
  SeededEntropy entropy_{1};
  sample::LobbyContent sample_;
  std::unique_ptr<Lobby> lobby_;
  std::unique_ptr<FakeCluster> cluster_;
  std::map<std::uint64_t, std::uint64_t> epochs_;
  std::map<std::uint64_t, proto::Hint> hints_;
  std::map<std::uint64_t, proto::Aggregate> rows_;  // what else is granted with the player
  std::set<std::uint64_t> veterans_;                // had their starter kit long ago
  std::vector<proto::Operation> applied_;
  std::map<std::string, proto::PlaceReply> places_;
  bool database_saves_ = true;
  std::uint32_t seq_ = 0;
};

Content test_content();
sample::LobbyContent test_sample();

}  // namespace dure::test

// A chat node between two gateways and two generals that tell it who is where, and clients.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "chat/chat.h"
#include "common/proto/chat.pb.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/party.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure::test {

class ChatFixture : public testing::Test {
 protected:
  explicit ChatFixture(std::unique_ptr<Entropy> entropy = std::make_unique<SeededEntropy>(1), Luck* luck = nullptr)
      : entropy_(std::move(entropy)) {
    NodeIdentity identity;
    identity.id = NodeId(Role::kChat, 1);
    identity.name = "chat-1";
    identity.incarnation = {3, 3};
    Seams seams{&log_, entropy_.get()};
    seams.luck = luck;
    chat_ = std::make_unique<Chat>(identity, routes_, seams, ChatOptions());
    cluster_ = std::make_unique<FakeCluster>(*chat_, routes_);
    for (const NodeId peer : {gateway(1), gateway(2), owner(1), owner(2)}) cluster_->up(peer);
  }
  // The odd ones are on one gateway and general, the even ones on the other.
  static NodeId gateway(std::uint64_t player) {
    return NodeId(Role::kGateway, static_cast<std::uint16_t>(2 - player % 2));
  }
  static NodeId owner(std::uint64_t player) {
    return NodeId(Role::kGeneral, static_cast<std::uint16_t>(2 - player % 2));
  }
  // Said by its owner; its session is ten times the player's number, if the presence names no other.
  void present(std::uint64_t player, const std::string& name, NodeId gateway, const std::string& place,
               proto::Presence presence = {}) {
    presence.set_player_id(player);
    presence.set_name(name);
    if (presence.session_id() == 0) presence.set_session_id(player * 10);
    if (presence.session_epoch() == 0) presence.set_session_epoch(1);
    presence.set_gateway(gateway.value);
    if (presence.player_epoch() == 0) presence.set_player_epoch(1);
    presence.set_place(place);
    cluster_->say(owner(player), presence);
    cluster_->turn();
  }
  // Sends a client's frame and turns.
  void frame(std::uint64_t player, NodeId gateway, std::uint32_t message_id, const std::string& body) {
    MeshHeader header;
    header.kind = MeshKind::kFromClient;
    header.message_id = message_id;
    header.session = SessionId(player * 10);
    header.player = PlayerId(player);
    header.client_seq = ++seq_;
    cluster_->raw(gateway, header, body);
    cluster_->turn();
  }
  template <class Reply, class Request>
  Reply client(std::uint64_t player, NodeId gateway, const Request& request) {
    frame(player, gateway, route_id(Request::descriptor()), request.SerializeAsString());
    const auto reply = cluster_->take<Reply>(gateway);
    EXPECT_TRUE(reply && reply->first.client_seq == seq_);
    return reply ? reply->second : Reply();
  }

  Routes routes_ = std::move(*Routes::build(engine_files()));
  MemoryLog log_;
  std::unique_ptr<Entropy> entropy_;
  std::unique_ptr<Chat> chat_;
  std::unique_ptr<FakeCluster> cluster_;
  std::uint32_t seq_ = 0;
};

}  // namespace dure::test

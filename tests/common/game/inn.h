// The owner side alone, for tests and benchmarks: a role with one room, where everybody who comes is let in unless a
// test has it otherwise, on a fake bus with a gateway and an agent. Single-threaded.
#pragma once
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/game/owner.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/lobby.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure::test {

class Inn : public OwnerNode {
 public:
  using OwnerNode::OwnerNode;
  using OwnerNode::Placing;
  Placing placing(const proto::Admit&) override { return placed; }
  bool still_open(const std::string&, const proto::Admit&) const override { return open; }
  void on_arrived(Player&, const proto::Admit&, bool) override {
    if (floor_breaks) throw std::runtime_error("the floor breaks");
  }
  void on_left(Player&) override {
    if (std::exchange(door_breaks, false)) throw std::runtime_error("the door breaks");
  }
  Duration link_dead(const Player& player) const override {
    if (player.id == forgotten) throw std::runtime_error("nobody knows how long it stays");
    return OwnerNode::link_dead(player);
  }
  void fill_state(const Player&, std::uint64_t*, std::uint32_t*, std::uint32_t*) const override {}

  Placing placed{true, {}, 0, "inn/1"};
  bool open = true;           // still, for who has been acquired
  bool floor_breaks = false;  // under everybody who arrives
  bool door_breaks = false;   // behind the next one who leaves
  PlayerId forgotten;         // of whom nobody knows how long it stays without a socket
};

// The agent finds everybody on shard 1, held by nobody, and grants epoch 1; a test may let it answer otherwise
// (cluster_->answers). It says nothing to operations.
class InnCluster {
 protected:
  explicit InnCluster(std::vector<std::uint32_t> shards = {1}, const OwnerNode::Options& options = {}) {
    NodeIdentity identity;
    identity.id = NodeId(Role::kGeneral, 1);
    identity.name = "general-1";
    identity.incarnation = {7, 7};
    inn_ = std::make_unique<Inn>(identity, routes_, Seams{&log_, &entropy_, nullptr, nullptr}, options);
    cluster_ = std::make_unique<FakeCluster>(*inn_, routes_);
    cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(kAgent, [](auto&, auto&) {
      proto::PlayerLocateReply found;
      found.set_shard(1);
      return found;
    });
    cluster_->answers<proto::OwnerQuery, proto::AcquireReply>(kAgent, [](auto&, auto&) {
      proto::AcquireReply row;
      row.set_code(proto::EXPECTED_OTHER);
      return row;
    });
    cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(kAgent, [](auto&, const auto& request) {
      proto::AcquireReply row;
      row.set_epoch(1);
      row.mutable_aggregate()->set_player_id(request.player_id());
      return row;
    });
    facts_.shards = std::move(shards);
    facts_.directory = true;
    cluster_->up(kAgent, facts_);
    cluster_->up(kGateway);
  }
  // The reply is taken with cluster_->take_reply<proto::AdmitReply>(kGateway, …).
  CallId ask_in(std::uint64_t player, proto::Admit request = {}) {
    request.set_player_id(player);
    request.set_session_id(player * 10);
    request.set_session_epoch(1);
    request.set_gateway(kGateway.value);
    const CallId call = cluster_->ask(kGateway, request);
    cluster_->turn();
    return call;
  }

  inline static const NodeId kAgent{Role::kDbagent, 1}, kGateway{Role::kGateway, 1};
  Routes routes_ = std::move(*Routes::build(engine_files()));
  MemoryLog log_;
  SeededEntropy entropy_{1};
  PeerFacts facts_;  // the agent's
  std::unique_ptr<Inn> inn_;
  std::unique_ptr<FakeCluster> cluster_;
};

}  // namespace dure::test

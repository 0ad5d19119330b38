// What OwnerNode::on_player makes of a handler's signature: repeats, conversations, and whose answer they are.
#include <gtest/gtest.h>

#include "common/game/sample/messages.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "tests/common/game/inn.h"

namespace dure {
namespace {

const NodeId kGateway(Role::kGateway, 1), kAgent(Role::kDbagent, 1);

// Everybody stands in one place; a purchase is a conversation of a second.
class Owner : public test::Inn {
 public:
  Owner(NodeIdentity identity, const Routes& routes, Seams seams) : Inn(std::move(identity), routes, seams, Options()) {
    on_player(this, &Owner::buy);
    on_player(this, &Owner::sell);
  }
  sample::SellReply sell(Player&, const sample::SellRequest&) { return {}; }
  Task<sample::BuyReply> buy(PlayerRef, sample::BuyRequest) {
    const int mine = ++asked;
    co_await wait(seconds(1));
    CHECK_MSG(!breaks, "in the middle of a conversation");
    sample::BuyReply reply;
    reply.mutable_touched()->add_balances()->set_value(mine);
    co_return reply;
  }
  int asked = 0;
  bool breaks = false;
};

class OwnerHandlersTest : public testing::Test {
 protected:
  OwnerHandlersTest() {
    auto files = engine_files();
    for (const auto* file : sample::message_files()) files.push_back(file);
    routes_ = std::move(*Routes::build(files));
    NodeIdentity identity;
    identity.id = NodeId(Role::kGeneral, 1);
    identity.name = "general-1";
    identity.incarnation = {7, 7};
    owner_ = std::make_unique<Owner>(identity, routes_, Seams{&log_, &entropy_, nullptr, nullptr});
    cluster_ = std::make_unique<test::FakeCluster>(*owner_, routes_);
    PeerFacts agent;
    agent.shards = {0};
    agent.directory = true;
    cluster_->up(kAgent, agent);
    cluster_->up(kGateway);
    cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(
        kAgent, [](auto&, auto&) { return proto::PlayerLocateReply(); });
    cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(kAgent, [this](auto&, const auto& request) {
      proto::AcquireReply grant;
      if (request.expected_epoch() != epoch_) grant.set_code(proto::EXPECTED_OTHER);
      if (request.expected_epoch() == epoch_) ++epoch_;
      grant.set_epoch(epoch_);
      grant.mutable_aggregate()->set_player_id(1);
      return grant;
    });
    proto::Admit admit;
    admit.set_player_id(1);
    admit.set_session_id(10);
    admit.set_session_epoch(1);
    admit.set_gateway(kGateway.value);
    admit.set_ticket(true);
    cluster_->ask(kGateway, admit);
    cluster_->run(milliseconds(50));
  }
  template <class Request = sample::BuyRequest>
  void buy(std::uint64_t creq, std::uint32_t session_epoch = 1) {
    Request request;
    request.set_creq(creq);
    MeshHeader header;
    header.kind = MeshKind::kFromClient;
    header.message_id = route_id(Request::descriptor());
    header.session = SessionId(10);
    header.session_epoch = session_epoch;
    header.player = PlayerId(1);
    header.player_epoch = owner_->find(PlayerId(1))->epoch;
    cluster_->raw(kGateway, header, request.SerializeAsString());
    cluster_->turn();
  }
  std::optional<std::pair<MeshHeader, sample::BuyReply>> told() { return cluster_->take<sample::BuyReply>(kGateway); }
  void acquire_again() {
    const Player& player = *owner_->find(PlayerId(1));
    owner_->spawn([](Owner* owner, PlayerRef ref) -> Task<void> {
      const std::string silently;
      (void)co_await owner->reacquire(ref, silently);
    }(owner_.get(), PlayerRef{player.id, player.epoch}));
    cluster_->run(milliseconds(100));
  }

  Routes routes_;
  test::MemoryLog log_;
  SeededEntropy entropy_{1};
  std::unique_ptr<Owner> owner_;
  std::unique_ptr<test::FakeCluster> cluster_;
  std::uint64_t epoch_ = 0;
};

TEST_F(OwnerHandlersTest, AConversationsRepeatIsBusyWhileItRunsAndThenTheSameAnswer) {
  buy(5);
  buy(5);
  EXPECT_EQ(told()->second.code(), proto::BUSY);
  cluster_->run(seconds(2));
  EXPECT_EQ(told()->second.touched().balances(0).value(), 1);
  buy(5);
  EXPECT_EQ(told()->second.touched().balances(0).value(), 1);
  EXPECT_EQ(owner_->asked, 1);
}

// It was behind a link that was away, while its client came back through another gateway.
TEST_F(OwnerHandlersTest, WhatWasAskedInAnEarlierEpochOfTheSessionIsNotDoneAnyMore) {
  proto::Attach attach;
  attach.set_player_id(1);
  attach.set_session_id(10);
  attach.set_session_epoch(2);
  attach.set_gateway(kGateway.value);
  cluster_->ask(kGateway, attach);
  cluster_->turn();
  buy(5);
  cluster_->run(seconds(2));
  EXPECT_FALSE(told());
  EXPECT_EQ(owner_->asked, 0);
  buy(5, 2);
  cluster_->run(seconds(2));
  EXPECT_TRUE(told());
  EXPECT_EQ(owner_->asked, 1);
}

TEST_F(OwnerHandlersTest, ConversationsThatAreOverLeaveNothingBehindWhileThePlayerStays) {
  const int many = 20;
  for (std::uint64_t creq = 1; creq <= many; ++creq) {
    buy(creq);
    cluster_->run(milliseconds(100));
  }
  cluster_->run(seconds(2));
  EXPECT_EQ(owner_->asked, many);
  EXPECT_EQ(owner_->find(PlayerId(1))->scope->running(), 0u);
  EXPECT_EQ(owner_->find(PlayerId(1))->scope->finished(), 0u);
}

TEST_F(OwnerHandlersTest, TheSameBytesAsAnotherMessageAreAnotherRequest) {
  buy<sample::SellRequest>(5);
  EXPECT_EQ(cluster_->take<sample::SellReply>(kGateway)->second.code(), proto::OK);
  buy(5);
  EXPECT_EQ(told()->second.code(), proto::CONFLICT);
  buy<sample::SellRequest>(5);
  EXPECT_EQ(cluster_->take<sample::SellReply>(kGateway)->second.code(), proto::OK);
  EXPECT_EQ(owner_->asked, 0);
}

TEST_F(OwnerHandlersTest, AConversationsLateAnswerDoesNotEnterTheNextEpochsLedger) {
  buy(5);
  acquire_again();
  ASSERT_EQ(owner_->find(PlayerId(1))->epoch, 2u);
  cluster_->run(seconds(2));
  const auto late = told();
  if (late) {
    EXPECT_EQ(late->first.player_epoch, 1u) << "the gateway drops it";
  }
  // The row knows of no request: this owner does not either, and executes it.
  buy(5);
  EXPECT_FALSE(told());
  cluster_->run(seconds(2));
  EXPECT_EQ(owner_->asked, 2);
  EXPECT_EQ(told()->second.touched().balances(0).value(), 2);
}

TEST_F(OwnerHandlersTest, AConversationThatThrowsIsAnsweredAndItsPlayerAcquiredAgain) {
  owner_->breaks = true;
  buy(5);
  cluster_->run(seconds(2));
  const auto error = cluster_->take<proto::ErrorReply>(kGateway);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->second.code(), proto::INTERNAL);
  EXPECT_EQ(owner_->find(PlayerId(1))->epoch, 2u);
}

TEST_F(OwnerHandlersTest, WhatIsSoftGathersForASecondAndIsOneOperationPerReason) {
  std::vector<proto::Operation> operations;
  cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(kAgent, [&](auto&, const proto::ApplyRequest& request) {
    operations.insert(operations.end(), request.operations().begin(), request.operations().end());
    proto::ApplyReply saved;
    saved.set_saved_pseq(operations.back().pseq());
    return saved;
  });
  Player& player = *owner_->find(PlayerId(1));
  for (int kill = 0; kill < 3; ++kill) {
    owner_->commit_soft(player, "kill", "gold", 2, false);
    owner_->commit_soft(player, "kill", "experience", 10, true);
  }
  owner_->commit_soft(player, "quest", "slain", 3, true);
  cluster_->run(milliseconds(1200));
  ASSERT_EQ(operations.size(), 2u);
  EXPECT_EQ(operations[0].reason(), "kill");
  ASSERT_EQ(operations[0].effects_size(), 2);
  EXPECT_EQ(operations[0].effects(0).balance().delta(), 6);
  EXPECT_EQ(operations[0].effects(1).count().delta(), 30);
  EXPECT_EQ(operations[1].reason(), "quest");
  EXPECT_EQ(player.mirror.balance("gold"), 6);
  // What has no room is left out, and takes nothing else with it.
  owner_->commit_soft(player, "kill", "gold", INT64_MAX, false);
  owner_->commit_soft(player, "kill", "experience", 1, true);
  cluster_->run(milliseconds(1200));
  ASSERT_EQ(operations.size(), 3u);
  EXPECT_EQ(operations[2].effects_size(), 1);
  EXPECT_EQ(player.mirror.counter("experience"), 31);
  EXPECT_EQ(player.mirror.balance("gold"), 6);
}

}  // namespace
}  // namespace dure

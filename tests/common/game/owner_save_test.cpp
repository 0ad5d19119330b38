// What an owner sends while its agent is silent, when it is back, and how much of that in one turn.
#include <gtest/gtest.h>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "tests/common/fake_cluster.h"
#include "tests/common/game/inn.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1), kGateway(Role::kGateway, 1);
constexpr std::uint64_t kPlayers = 600;

class CountingInn : public test::Inn {
 public:
  using Inn::Inn;
  void check_invariants() const override { ++turns; }  // asked after every turn
  mutable int turns = 0;
};

class OwnerSaveTest : public testing::Test {
 protected:
  OwnerSaveTest() {
    NodeIdentity identity;
    identity.id = NodeId(Role::kGeneral, 1);
    identity.incarnation = {7, 7};
    inn_ = std::make_unique<CountingInn>(identity, routes_, Seams{&log_, &entropy_, nullptr, nullptr},
                                         OwnerNode::Options());
    cluster_ = std::make_unique<test::FakeCluster>(*inn_, routes_);
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
    cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
        kAgent, [this](auto&, const proto::ApplyRequest& request) -> std::optional<proto::ApplyReply> {
          asked_.push_back(request.player_id());
          ++asked_in_turn_[inn_->turns];
          if (!answers_) return std::nullopt;
          proto::ApplyReply saved;
          saved.set_saved_pseq(request.operations(request.operations_size() - 1).pseq());
          return saved;
        });
    facts_.shards = {1};
    facts_.directory = true;
    cluster_->up(kAgent, facts_);
    cluster_->up(kGateway);
    for (std::uint64_t player = 1; player <= kPlayers; ++player) {
      proto::Admit request;
      request.set_player_id(player);
      request.set_session_id(player);
      request.set_session_epoch(1);
      request.set_gateway(kGateway.value);
      cluster_->ask(kGateway, request);
      cluster_->turn();
    }
    CHECK(inn_->players().size() == kPlayers);
  }
  // Highest first, so that the order of waiting is not that of the names.
  void everybody_commits() {
    inn_->after(Duration{}, [this] {
      for (std::uint64_t id = kPlayers; id > 0; --id) {
        proto::Operation operation;
        operation.set_reason("loot");
        auto* balance = operation.add_effects()->mutable_balance();
        balance->set_currency("gold");
        balance->set_delta(1);
        ASSERT_EQ(inn_->commit(*inn_->find(PlayerId(id)), std::move(operation)), Mirror::Guard::kOk);
      }
    });
    cluster_->turn();
  }
  bool all_saved() const {
    for (const auto& [id, player] : inn_->players())
      if (!player.window.empty()) return false;
    return true;
  }
  std::vector<std::uint64_t> everybody() const {
    std::vector<std::uint64_t> ids;
    for (std::uint64_t id = kPlayers; id > 0; --id) ids.push_back(id);
    return ids;
  }

  Routes routes_ = std::move(*Routes::build(engine_files()));
  test::MemoryLog log_;
  SeededEntropy entropy_{1};
  PeerFacts facts_;
  std::unique_ptr<CountingInn> inn_;
  std::unique_ptr<test::FakeCluster> cluster_;
  bool answers_ = true;
  std::vector<std::uint64_t> asked_;  // whose windows were sent, in order
  std::map<int, int> asked_in_turn_;
};

TEST_F(OwnerSaveTest, ATurnSendsSoManyWindowsAndTheNextOneGoesOn) {
  everybody_commits();
  EXPECT_EQ(asked_, everybody());
  EXPECT_TRUE(all_saved());
  ASSERT_EQ(asked_in_turn_.size(), 3u);
  for (const auto& [turn, windows] : asked_in_turn_) EXPECT_LE(windows, 256);
}

TEST_F(OwnerSaveTest, NothingIsSentWhileTheAgentIsSilentAndEachWindowOnceWhenItBeatsAgain) {
  cluster_->silent = {kAgent};
  cluster_->run(milliseconds(1500));
  ASSERT_FALSE(inn_->reachable(kAgent));
  everybody_commits();
  cluster_->run(seconds(1));
  EXPECT_TRUE(asked_.empty());

  cluster_->silent = {};
  cluster_->say(kAgent, proto::Heartbeat());
  cluster_->turn();
  EXPECT_EQ(asked_, everybody());
  EXPECT_TRUE(all_saved());
}

TEST_F(OwnerSaveTest, WhatWasOnItsWayWhenTheAgentDiedIsSentWholeToItsNextLife) {
  answers_ = false;
  everybody_commits();
  EXPECT_EQ(asked_.size(), kPlayers);
  cluster_->down(kAgent);
  cluster_->run(seconds(20));
  EXPECT_EQ(asked_.size(), kPlayers);
  EXPECT_FALSE(all_saved());

  answers_ = true;
  asked_.clear();
  cluster_->up(kAgent, facts_);
  std::sort(asked_.rbegin(), asked_.rend());
  EXPECT_EQ(asked_, everybody());
  EXPECT_TRUE(all_saved());
}

TEST_F(OwnerSaveTest, AnAgentThatBeatsAndDoesNotAnswerIsAskedAgain) {
  answers_ = false;
  everybody_commits();
  asked_.clear();
  answers_ = true;
  cluster_->run(seconds(7));  // 5 s until the first try is given up, and a pause
  std::sort(asked_.rbegin(), asked_.rend());
  EXPECT_EQ(asked_, everybody());
  EXPECT_TRUE(all_saved());
}

TEST_F(OwnerSaveTest, WhoIsGoneIsNotSent) {
  cluster_->silent = {kAgent};
  cluster_->run(milliseconds(1500));
  everybody_commits();
  inn_->after(Duration{}, [this] { inn_->kick(*inn_->find(PlayerId(300)), proto::INTERNAL, "a test"); });
  cluster_->turn();
  ASSERT_EQ(inn_->find(PlayerId(300)), nullptr);
  cluster_->silent = {};
  cluster_->say(kAgent, proto::Heartbeat());
  cluster_->turn();
  EXPECT_EQ(asked_.size(), kPlayers - 1);
  EXPECT_TRUE(all_saved());
}

}  // namespace
}  // namespace dure

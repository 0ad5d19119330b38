// What an owner sends while its agent is silent, when it is back, and how much of that in one turn.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "tests/common/game/inn.h"

namespace dure {
namespace {

constexpr std::uint64_t kPlayers = 600;

class OwnerSaveTest : public testing::Test, protected test::InnCluster {
 protected:
  OwnerSaveTest() {
    cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
        kAgent, [this](auto&, const proto::ApplyRequest& request) -> std::optional<proto::ApplyReply> {
          asked_.push_back(request.player_id());
          ++asked_in_turn_[cluster_->turns];
          if (!answers_) return std::nullopt;
          proto::ApplyReply saved;
          saved.set_saved_pseq(request.operations(request.operations_size() - 1).pseq());
          return saved;
        });
    for (std::uint64_t player = 1; player <= kPlayers; ++player) ask_in(player);
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

// An owner beside the life of its players: what it stages when a handler throws or its player goes, what is coalesced,
// who waits for what is saved, and words of people who are not here.
#include <algorithm>
#include <limits>
#include <stdexcept>

#include "common/proto/party.pb.h"
#include "tests/common/game/owner_fixture.h"

namespace dure {
namespace {

using test::OwnerTest;

TEST_F(OwnerTest, SaysWhatItStillNeeds) {
  EXPECT_EQ(inn_->waits_for(), "");
  cluster_->down(kAgent);
  EXPECT_EQ(inn_->waits_for(), "the directory's agent");
}

TEST_F(OwnerTest, OfWhoIsKickedByItsOwnHandlerNothingIsSaved) {
  now_do([this] {
    earn(1);
    earn(2);
    inn_->kick(player(1), proto::NOT_ALLOWED, "a test");
  });
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(applied_[0].player_id(), 2u);
  EXPECT_FALSE(here(1));
}

TEST_F(OwnerTest, AFaultReadsAgainWhomItTouchedAndIsStillHere) {
  now_do([this] {
    earn(1);
    earn(2);
    inn_->kick(player(1), proto::NOT_ALLOWED, "a test");
    throw std::runtime_error("a test");
  });
  EXPECT_TRUE(applied_.empty());
  EXPECT_EQ(acquires_, 1);
  EXPECT_FALSE(here(1));
  EXPECT_EQ(player(2).epoch, 2u);
  EXPECT_EQ(player(2).mirror.balance("gold"), 0);
}

TEST_F(OwnerTest, AFaultOfSomebodyWhoIsGoneTroublesNobody) {
  now_do([this] {
    inn_->guarded("a message", PlayerId(1), 0, [this] {
      inn_->kick(player(1), proto::NOT_ALLOWED, "a test");
      throw std::runtime_error("a test");
    });
    inn_->guarded("a message", PlayerId(9), 0, [] { throw std::runtime_error("a test"); });
  });
  EXPECT_EQ(acquires_, 0);
  EXPECT_EQ(player(2).epoch, 1u);
  now_do([this] { earn(2); });
  EXPECT_EQ(applied_.size(), 1u);
}

TEST_F(OwnerTest, AFaultThatTouchesWhoIsLeavingIsLeftToItsLeave) {
  saves_ = false;
  now_do([this] { earn(1); });
  std::optional<bool> gone;
  begin(inn_->let_go(ref(1)), &gone);
  now_do([this] {
    earn(1);
    throw std::runtime_error("a test");
  });
  EXPECT_EQ(acquires_, 0);
  EXPECT_EQ(player(1).state, Player::State::kLeaving);
  saves_ = true;
  cluster_->run(seconds(9));
  EXPECT_EQ(gone, true);
  EXPECT_FALSE(here(1));
  EXPECT_EQ(applied_.back().operations_size(), 1) << "what the fault dropped is not saved";
}

TEST_F(OwnerTest, ACreditOfNothingIsNoOperation) {
  now_do([this] {
    inn_->commit_soft(player(1), "kill", "gold", 0, false);
    inn_->commit_soft(player(1), "kill", "kills", 0, true);
  });
  cluster_->run(seconds(3));
  EXPECT_TRUE(applied_.empty());
}

TEST_F(OwnerTest, ACountThatNoLongerFitsIsDroppedAndItsNeighboursAreNot) {
  now_do([this] { inn_->commit_soft(player(1), "kill", "kills", std::numeric_limits<std::int64_t>::max(), true); });
  cluster_->run(seconds(2));
  now_do([this] {
    inn_->commit_soft(player(1), "kill", "kills", 1, true);
    inn_->commit_soft(player(1), "kill", "wolves", 1, true);
  });
  cluster_->run(seconds(2));
  EXPECT_EQ(player(1).mirror.counter("kills"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(player(1).mirror.counter("wolves"), 1);
  const auto dropped = std::find_if(log_.lines.begin(), log_.lines.end(),
                                    [](const auto& line) { return line.starts_with("soft.dropped"); });
  ASSERT_NE(dropped, log_.lines.end());
  EXPECT_TRUE(dropped->ends_with("name=kills")) << *dropped;
}

TEST_F(OwnerTest, APartyOfSomebodyWhoIsNotHereIsNobodys) {
  const NodeId chat(Role::kChat, 1), other(Role::kGeneral, 2);
  cluster_->up(chat);
  cluster_->up(other);
  proto::PartyHeld held;
  auto* party = held.mutable_party();
  party->set_party(4);
  party->set_version(1);
  for (const std::uint64_t id : {1, 9}) {
    party->add_members()->set_player(id);
    held.set_player_id(id);
    cluster_->say(other, held);
    cluster_->turn();
    EXPECT_EQ(inn_->parties().of(PlayerId(id)) != nullptr, id == 1);
    EXPECT_EQ(cluster_->take<proto::PartyHeld>(chat).has_value(), id == 1);
  }
}

TEST_F(OwnerTest, AnAgentThatHasSavedWhatWasNeverSentIsNotTrusted) {
  knows_more_ = 1;
  now_do([this] { earn(1); });
  knows_more_ = 0;
  cluster_->run(seconds(10));
  EXPECT_EQ(player(1).epoch, 2u);
  EXPECT_FALSE(player(1).poisoned);
  EXPECT_TRUE(player(1).window.empty());
  EXPECT_EQ(player(2).epoch, 1u);
}

TEST_F(OwnerTest, WhoIsKickedByTheFirstThatHearsOfItsSaveIsGoneForTheNext) {
  saves_ = false;
  now_do([this] { earn(1); });
  std::optional<bool> first, second;
  inn_->spawn([](test::Inn* inn, std::optional<bool>* out) -> Task<void> {
    const PlayerRef ref{PlayerId(1), 1};
    *out = co_await inn->saved(ref);
    inn->kick(*inn->find(ref), proto::NOT_ALLOWED, "a test");
  }(inn_.get(), &first));
  begin(inn_->saved(ref(1)), &second);
  saves_ = true;
  cluster_->run(seconds(7));
  EXPECT_EQ(first, true);
  EXPECT_EQ(second, false) << "nobody is here for whom it could go on";
}

TEST_F(OwnerTest, WhoWaitsWithoutADeadlineIsToldWhenItsPlayerGoes) {
  saves_ = false;
  now_do([this] { earn(1); });
  std::optional<bool> saved;
  begin(inn_->saved_or_gone(ref(1)), &saved);
  cluster_->run(seconds(15));
  EXPECT_FALSE(saved);
  kick(1);
  EXPECT_EQ(saved, false);
}

TEST_F(OwnerTest, WhatAFaultDroppedIsNotCalledSaved) {
  std::optional<bool> saved;
  now_do([&] {
    earn(1);
    begin_here(inn_->saved_or_gone(ref(1)), &saved);
    throw std::runtime_error("a test");
  });
  cluster_->run(seconds(1));
  EXPECT_EQ(saved, false);
  EXPECT_TRUE(applied_.empty());
  EXPECT_EQ(player(1).mirror.balance("gold"), 0);
}

TEST_F(OwnerTest, WhoWaitsForAStoreThatIsAwayForLongWaitsInOnePlace) {
  saves_ = false;
  now_do([this] { earn(1); });
  std::optional<bool> saved;
  begin(inn_->saved_or_gone(ref(1)), &saved);
  cluster_->run(seconds(600), milliseconds(100));
  EXPECT_FALSE(saved);
  EXPECT_EQ(player(1).saved_waiters.size(), 1u);
  saves_ = true;
  cluster_->run(seconds(10));
  EXPECT_EQ(saved, true);
  EXPECT_TRUE(player(1).saved_waiters.empty());
}

}  // namespace
}  // namespace dure

// The sample's claims, quests, levels and loot in a run.
#include <set>

#include "tests/dungeon/rewards_fixture.h"

namespace dure::test {
namespace {

TEST_F(RewardsTest, TheFirstClearedWaveEndsTheClaimToTheEntryFee) {
  open_for_a_fee();
  fight(1);
  cluster_->run(milliseconds(100));
  const auto waves = applied("run.checkpoint");
  ASSERT_EQ(waves.size(), 1u);
  ASSERT_EQ(waves[0].effects_size(), 4);
  EXPECT_EQ(waves[0].effects(2).count().counter(), "entry_run");
  EXPECT_EQ(waves[0].effects(2).count().delta(), -77);
  EXPECT_EQ(dungeon_->find(PlayerId(1))->mirror.counter("entry_run"), 0);
}

TEST_F(RewardsTest, WhoAsksToLeaveHasUsedTheEntryFee) {
  open_for_a_fee();
  client(1, proto::LeaveInstanceRequest());
  cluster_->run(seconds(1));
  ASSERT_EQ(back_.size(), 1u);
  ASSERT_EQ(applied("run.left").size(), 1u);
  EXPECT_EQ(applied("run.left")[0].effects(0).count().delta(), -77);
}

TEST_F(RewardsTest, WhoLogsOutHasUsedTheEntryFee) {
  open_for_a_fee();
  proto::LeavePlayer leave;
  leave.set_player_id(1);
  cluster_->ask(kGateway, leave);
  cluster_->run(seconds(1));
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(applied("run.left").size(), 1u);
}

// It has no socket at that moment, so it is let go instead of handed on; it did not ask to leave.
TEST_F(RewardsTest, WhoseDungeonStopsKeepsTheClaim) {
  open_for_a_fee();
  proto::SessionLost lost;
  lost.set_session_id(10);
  lost.set_player_id(1);
  cluster_->say(kGateway, lost);
  cluster_->turn();
  ASSERT_FALSE(dungeon_->find(PlayerId(1))->session.linked);
  cluster_->in(StopRequested{});
  cluster_->run(seconds(1));
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
  EXPECT_TRUE(applied("run.left").empty());
}

TEST_F(RewardsTest, WhoseGroupIsBeatenHasUsedTheEntryFee) {
  open_for_a_fee();
  beaten(1);
  cluster_->run(seconds(1));
  ASSERT_EQ(back_.size(), 1u);
  ASSERT_EQ(applied("run.left").size(), 1u);
  EXPECT_EQ(applied("run.left")[0].effects(0).count().delta(), -77);
}

TEST_F(RewardsTest, WhoIsSentAwayForMovingTooFastHasUsedTheEntryFee) {
  open_for_a_fee();
  proto::MoveTo leap;
  leap.set_x_cm(3200);
  leap.set_y_cm(6000);
  for (std::uint32_t i = 0; i <= kPaceRefusedMax; ++i) client(1, leap);
  cluster_->run(seconds(1));
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
  const auto drop = cluster_->take<proto::RouteDrop>(kGateway);
  ASSERT_TRUE(drop);
  EXPECT_EQ(drop->second.code(), proto::TOO_FAST);
  EXPECT_EQ(applied("run.left").size(), 1u);
}

TEST_F(RewardsTest, WhoIsThrownOutByAFaultKeepsTheClaim) {
  open_for_a_fee();
  client(1, proto::BreakInstance());
  cluster_->run(seconds(1));
  ASSERT_EQ(back_.size(), 1u);
  EXPECT_TRUE(applied("run.left").empty());
}

TEST_F(RewardsTest, ProgressAndExperienceStopAtTheirCapsAndALevelPaysOnce) {
  open(77, {1});
  fight(1);
  fight(1);
  cluster_->run(seconds(3));
  std::int64_t experience = 0, rats = 0;
  for (const auto& operation : applied_)
    for (const auto& effect : operation.effects()) {
      if (effect.count().counter() == "experience") experience += effect.count().delta();
      if (effect.count().counter() == "quest:rats") rats += effect.count().delta();
    }
  EXPECT_EQ(experience, 150);
  EXPECT_EQ(rats, 1);
}

TEST_F(RewardsTest, ALevelIsRewardedBehindTheExperienceThatReachedIt) {
  counter(1, "experience", 0);
  content_.runs.monsters.at("rat").hit_points = 1;
  open(77, {1});
  fight(1);
  cluster_->run(milliseconds(2500));
  const auto rewards = applied("level.reward");
  ASSERT_EQ(rewards.size(), 1u);
  EXPECT_EQ(rewards[0].effects(0).set_once().flag(), "level:2");
  const auto experience = applied("kill");
  ASSERT_FALSE(experience.empty());
  EXPECT_LT(experience[0].pseq(), rewards[0].pseq());
}

TEST_F(RewardsTest, WhoIsOnTheWayToTheLobbyGainsNothingThatWouldBeLost) {
  content_.runs.monsters.at("rat").hit_points = 1;
  lobby_answers_ = false;
  open(77, {1, 2});
  for (int i = 0; i < 100 && !monster(1); ++i) cluster_->run(milliseconds(50));
  client(2, proto::LeaveInstanceRequest());
  cluster_->run(milliseconds(100));
  ASSERT_EQ(dungeon_->find(PlayerId(2))->state, Player::State::kLeaving);
  Player& killer = *dungeon_->find(PlayerId(1));
  killer.position = dungeon_->instance_of(killer)->area().find(monster(1))->position;
  cluster_->forget_sent();
  sample::AttackRequest attack;
  attack.set_target(monster(1).value);
  client(1, attack);
  EXPECT_EQ(dungeon_->find(PlayerId(1))->mirror.counter("experience"), 120);
  EXPECT_TRUE(dungeon_->find(PlayerId(2))->soft_counters.empty());
  const auto level = cluster_->take<sample::LevelNotice>(kGateway);
  ASSERT_TRUE(level);
  EXPECT_EQ(level->first.session, SessionId(10));
  EXPECT_FALSE(cluster_->take<sample::LevelNotice>(kGateway));
}

TEST_F(RewardsTest, WhoReconnectsIsNoFresherThanBefore) {
  open(77, {1, 2});
  cluster_->run(milliseconds(200));
  ASSERT_EQ(whirl(1), proto::OK);
  reconnect(1);
  EXPECT_EQ(whirl(1), proto::TOO_FAST);
  beaten(1);
  ASSERT_EQ(whirl(1), proto::WRONG_STATE);
  reconnect(1);
  EXPECT_EQ(whirl(1), proto::WRONG_STATE) << "still dead";
  const Player& dead = *dungeon_->find(PlayerId(1));
  EXPECT_EQ(dead.hit_points, 0u);
  cluster_->run(seconds(4));
  EXPECT_GT(dead.hit_points, 0u) << "it rises in its time";
  EXPECT_EQ(whirl(1), proto::OK);
}

TEST_F(RewardsTest, ARunIsLostWhenAllAreDeadWhoHaveNotLeftIt) {
  open(77, {1, 2});
  cluster_->run(milliseconds(200));
  client(2, proto::LeaveInstanceRequest());
  cluster_->run(milliseconds(200));
  ASSERT_EQ(back_.size(), 1u);
  beaten(1);
  cluster_->run(seconds(1));
  EXPECT_EQ(back_.size(), 2u);
  EXPECT_TRUE(dungeon_->instances().empty());
}

TEST_F(RewardsTest, OneOfTheGroupGetsADropAndOneWithAFullBagIsPassedOver) {
  content_.runs.runs.at("cellar").loot = sample::Split::kRoundRobin;
  content_.items.bag_slots = 1;
  auto* sword = rows_[1].add_items();
  sword->mutable_id()->set_low(9);
  sword->set_template_("sword");
  open(77, {1, 2});
  fight(1);
  cluster_->run(milliseconds(200));
  const auto loot = applied("loot");
  ASSERT_EQ(loot.size(), 1u) << "one receiver";
  EXPECT_EQ(dungeon_->find(PlayerId(1))->mirror.items().size(), 1u);
  EXPECT_EQ(dungeon_->find(PlayerId(2))->mirror.items().size(), 1u);
}

TEST_F(RewardsTest, WhatDoesNotFitAnybodyDoesNotTakeTheGoldWithIt) {
  content_.runs.runs.at("cellar").loot = sample::Split::kRoundRobin;
  content_.items.bag_slots = 0;
  const std::int64_t room = 2, gold = content_.runs.monsters.at("rat").gold;
  ASSERT_GT(gold, room);
  auto* purse = rows_[1].add_balances();
  purse->set_name("gold");
  purse->set_value(content_.items.cap("gold") - room);
  open(77, {1, 2});
  fight(1);
  cluster_->run(milliseconds(200));
  const auto loot = applied("loot");
  ASSERT_EQ(loot.size(), 1u) << "one receiver, one key";
  ASSERT_EQ(loot[0].effects_size(), 2);
  EXPECT_EQ(loot[0].effects(0).drop_key().source(), "kill");
  EXPECT_EQ(loot[0].effects(1).balance().delta(), room) << "the first in order has what fits";
  const auto notice = cluster_->take<sample::LootNotice>(kGateway);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->second.amounts_size(), 1);
  EXPECT_EQ(notice->second.items_size(), 0);
}

TEST_F(RewardsTest, WhatWasProposedIsNeverProposedToAnother) {
  content_.runs.runs.at("cellar").loot = sample::Split::kRoll;
  open(77, {1, 2});
  cluster_->run(milliseconds(500));
  std::vector<std::uint64_t> asked;
  cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
      kAgent, [&asked](auto&, const auto& request) -> std::optional<proto::ApplyReply> {
        proto::ApplyReply reply;
        for (const auto& operation : request.operations()) {
          if (operation.reason() == "loot") asked.push_back(request.player_id());
          reply.set_saved_pseq(operation.pseq());
        }
        if (!asked.empty() && asked.back() == request.player_id()) reply.set_code(proto::STALE_EPOCH);
        return reply;
      });
  fight(1);
  cluster_->run(seconds(1));
  ASSERT_FALSE(asked.empty());
  std::set<std::uint64_t> receivers(asked.begin(), asked.end());
  EXPECT_EQ(receivers.size(), 1u) << "a stale owner's drop is not awarded again";
}

}  // namespace
}  // namespace dure::test

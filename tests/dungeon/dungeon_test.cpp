#include "dungeon/dungeon.h"

#include <set>

#include "common/proto/client_frame.h"
#include "tests/dungeon/dungeon_fixture.h"

namespace dure::test {
namespace {

TEST_F(DungeonTest, EveryMessageRoutedHereHasAHandler) {
  EXPECT_EQ(dungeon_->routes_without_handler(), std::vector<std::string>{});
}

TEST_F(DungeonTest, ArrivingSwitchesTheRouteBeforeAnyOtherFrame) {
  open(77, {1});
  ASSERT_FALSE(cluster_->sent(kGateway).empty());
  EXPECT_EQ(cluster_->sent(kGateway).front().header.message_id, route_id(proto::RouteSet::descriptor()));
  const auto route = cluster_->take<proto::RouteSet>(kGateway);
  EXPECT_EQ(route->second.player_epoch(), 1u);
  EXPECT_EQ(route->second.place(), "run/77");
  EXPECT_TRUE(cluster_->take<proto::PlayerState>(kGateway));
}

TEST_F(DungeonTest, AClientThatMissedFramesOfTheRunIsToldHowItStands) {
  open(77, {1, 2});
  cluster_->run(milliseconds(200));
  std::string run_topic;
  while (const auto subscribed = cluster_->take<proto::Subscribe>(kGateway))
    for (const auto& bytes : subscribed->second.topics()) {
      TopicKey topic;
      ASSERT_TRUE(decode_topic(bytes, &topic));
      if (topic.layer == 0) run_topic = bytes;
    }
  cluster_->forget_sent();
  proto::TopicGap gap;
  gap.set_session_id(20);
  gap.set_topic(run_topic);
  cluster_->say(kGateway, gap);
  cluster_->turn();
  const auto notice = cluster_->take<proto::RunNotice>(kGateway);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->first.session, SessionId(20));
  EXPECT_EQ(notice->second.waves(), 2u);
  bool monsters = false;
  while (const auto cell = cluster_->take<proto::CellChanged>(kGateway)) {
    EXPECT_TRUE(cell->second.whole());
    for (const auto& entity : cell->second.entered()) monsters |= entity.kind() == "monster";
  }
  EXPECT_TRUE(monsters);
}

TEST_F(DungeonTest, AMonsterNeverStandsUnderThePlayersId) {
  open(77, {1, 2, 3});
  cluster_->run(milliseconds(200));
  std::map<std::string, int> kinds;
  for (const auto& [id, entity] : dungeon_->instances().at(RunId(77))->area().entities()) ++kinds[entity.kind];
  EXPECT_EQ(kinds["player"], 3);
  EXPECT_EQ(kinds["monster"], 1);
}

TEST_F(DungeonTest, AStrangerIsNotLetIn) {
  open(77, {1});
  proto::Admit admit;
  admit.set_player_id(2);
  admit.set_ticket(true);
  admit.set_run_id(77);
  const CallId call = cluster_->ask(kGeneral, admit);
  cluster_->turn();
  EXPECT_EQ(cluster_->take_reply<proto::AdmitReply>(kGeneral, call)->code(), proto::NOT_FOUND);
}

TEST_F(DungeonTest, ARunIsFoughtPaidAndEndsInTheLobby) {
  open(77, {1});
  fight(1);
  fight(1);
  cluster_->run(seconds(1));
  ASSERT_EQ(back_.size(), 1u);
  EXPECT_EQ(back_[0].zone(), "town");
  EXPECT_EQ(back_[0].expected_epoch(), 1u);
  EXPECT_TRUE(dungeon_->instances().empty());
  std::set<std::pair<std::uint64_t, std::string>> keys;
  std::int64_t gold = 0;
  for (const auto& operation : applied_)
    for (const auto& effect : operation.effects()) {
      if (effect.has_drop_key()) {
        EXPECT_TRUE(keys.insert({effect.drop_key().number(), effect.drop_key().source()}).second);
      }
      if (effect.has_balance()) gold += effect.balance().delta();
    }
  EXPECT_EQ(gold, 3 + 3 + 50);
  EXPECT_EQ(keys.size(), 5u) << "two kills, two waves, one reward";
}

TEST_F(DungeonTest, LootIsToldOnlyWhenItIsSaved) {
  open(77, {1});
  cluster_->run(milliseconds(500));
  database_answers_ = false;
  fight(1);
  cluster_->run(milliseconds(200));
  const auto told = [&] {
    std::size_t n = 0;
    for (const auto& sent : cluster_->sent(kGateway))
      n += sent.header.kind == MeshKind::kToClient &&
           sent.header.message_id == route_id(sample::LootNotice::descriptor());
    return n;
  };
  EXPECT_EQ(told(), 0u);
  database_answers_ = true;
  cluster_->run(seconds(6));
  EXPECT_GE(told(), 1u);
  sample::LootNotice last;
  while (auto notice = cluster_->take<sample::LootNotice>(kGateway)) last = notice->second;
  ASSERT_EQ(last.balances_size(), last.amounts_size());
  EXPECT_EQ(last.balances(0).value(), dungeon_->find(PlayerId(1))->mirror.balance(last.balances(0).name()))
      << "whoever saw it before in a state does not add it twice";
}

TEST_F(DungeonTest, AnInstanceThatThrowsClosesAloneAndItsPlayersGoToTheLobby) {
  open(77, {1});
  open(78, {2});
  client(1, proto::BreakInstance());
  cluster_->run(seconds(1));
  ASSERT_EQ(back_.size(), 1u);
  EXPECT_EQ(back_[0].player_id(), 1u);
  EXPECT_EQ(back_[0].reason(), "fault");
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
  EXPECT_NE(dungeon_->find(PlayerId(2)), nullptr);
  ASSERT_EQ(dungeon_->instances().size(), 1u);
  ASSERT_FALSE(log_.errors.empty());
  EXPECT_NE(log_.errors[0].find("a developer broke this instance"), std::string::npos);
}

TEST_F(DungeonTest, WhatIsDeliveredMeanwhileIsClaimedOnce) {
  open(77, {1});
  proto::InboxEntry entry;
  entry.set_message_id(5);
  entry.set_reason("gm.give");
  auto* gold = entry.add_balances();
  gold->set_name("gold");
  gold->set_value(40);
  inbox_.push_back(entry);
  proto::InboxNotice notice;
  notice.set_player_id(1);
  cluster_->say(kAgent, notice);
  cluster_->run(milliseconds(200));
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(applied_[0].effects(0).claim().message_id(), 5u);
  EXPECT_EQ(dungeon_->find(PlayerId(1))->mirror.balance("gold"), 40);
  cluster_->say(kAgent, notice);  // once more, late: the database has not been asked to forget it
  cluster_->run(milliseconds(200));
  EXPECT_EQ(applied_.size(), 1u);
}

TEST_F(DungeonTest, APotionHealsInADungeon) {
  proto::InboxEntry entry;
  entry.set_message_id(5);
  entry.set_reason("gm.give");
  auto* potions = entry.add_balances();
  potions->set_name("potion");
  potions->set_value(2);
  inbox_.push_back(entry);
  open(77, {1});
  Player& player = *dungeon_->find(PlayerId(1));
  player.hit_points = 10;
  sample::UseItemRequest use;
  use.set_creq(1);
  use.set_stack("potion");
  client(1, use);
  auto reply = cluster_->take<sample::UseItemReply>(kGateway);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->second.code(), proto::OK);
  EXPECT_EQ(reply->second.hit_points(), 50u);
  EXPECT_EQ(player.mirror.balance("potion"), 1);
  EXPECT_EQ(dungeon_->instance_of(player)->area().find(EntityId(1))->hit_points, 50u) << "the others see it";
  cluster_->run(milliseconds(100));
  ASSERT_FALSE(applied_.empty());
  EXPECT_EQ(applied_.back().reason(), "item.use");
  player.hit_points = 0;
  use.set_creq(2);
  client(1, use);
  reply = cluster_->take<sample::UseItemReply>(kGateway);
  EXPECT_EQ(reply->second.code(), proto::WRONG_STATE) << "the dead drink nothing";
}

class TrapRun : public RunHandler {
 public:
  void start() override {}
  void tick(std::uint64_t) override {}
  void joined(Player& player) override { CHECK_MSG(player.id != PlayerId(2), "a trap"); }
  void left(PlayerId) override {}
};

TEST_F(DungeonTest, AnArrivalThatThrowsClosesItsInstanceAndEverybodyGoesToTheLobby) {
  dungeon_->add_handler("trap", [](Dungeon&, Instance&) { return std::make_unique<TrapRun>(); });
  open(78, {3});
  open(77, {1, 2}, "trap");
  cluster_->run(seconds(1));
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(dungeon_->find(PlayerId(2)), nullptr);
  EXPECT_NE(dungeon_->find(PlayerId(3)), nullptr);
  ASSERT_EQ(back_.size(), 1u) << "who had arrived is handed over";
  EXPECT_EQ(back_[0].player_id(), 1u);
  const auto drop = cluster_->take<proto::RouteDrop>(kGateway);
  ASSERT_TRUE(drop) << "who had not is walked there by its gateway";
  EXPECT_EQ(drop->second.session_id(), 20u);
  EXPECT_TRUE(drop->second.ask_lobby());
  EXPECT_EQ(dungeon_->instances().size(), 1u);
}

TEST_F(DungeonTest, ATeleportIsCorrected) {
  open(77, {1});
  const Position before = dungeon_->find(PlayerId(1))->position;
  proto::MoveTo move;
  move.set_x_cm(before.x_cm);
  move.set_y_cm(before.y_cm + 3000);
  client(1, move);
  EXPECT_EQ(dungeon_->find(PlayerId(1))->position, before);
}

TEST_F(DungeonTest, ForWhoCannotBeSavedAnyMoreTimeStandsStill) {
  open(77, {1});
  for (int i = 0; i < 100 && !monster(1).value; ++i) cluster_->run(milliseconds(50));
  database_answers_ = false;
  dungeon_->find(PlayerId(1))->hit_points = 1'000'000;
  dungeon_->after(Duration{}, [this] {
    proto::Operation earn;
    earn.set_reason("kill");
    earn.add_effects()->mutable_balance()->set_currency("gold");
    earn.mutable_effects(0)->mutable_balance()->set_delta(1);
    EXPECT_EQ(dungeon_->commit(*dungeon_->find(PlayerId(1)), earn), Mirror::Guard::kOk);
  });
  cluster_->run(seconds(20));
  const auto fought = dungeon_->find(PlayerId(1))->hit_points;
  EXPECT_LT(fought, 1'000'000u) << "combat goes on while nothing is saved";
  cluster_->run(seconds(13));
  EXPECT_TRUE(dungeon_->find(PlayerId(1))->stranded);
  const auto stranded = dungeon_->find(PlayerId(1))->hit_points;
  cluster_->run(seconds(10));
  EXPECT_EQ(dungeon_->find(PlayerId(1))->hit_points, stranded);
  database_answers_ = true;
  cluster_->run(seconds(10));
  EXPECT_FALSE(dungeon_->find(PlayerId(1))->stranded);
  EXPECT_LT(dungeon_->find(PlayerId(1))->hit_points, stranded);
}

TEST_F(DungeonTest, WhoCannotBeSavedStaysInAClosedRunUntilItCan) {
  open(77, {1});
  database_answers_ = false;
  dungeon_->after(Duration{}, [this] {
    proto::Operation earn;
    earn.set_reason("kill");
    earn.add_effects()->mutable_balance()->set_currency("gold");
    earn.mutable_effects(0)->mutable_balance()->set_delta(1);
    EXPECT_EQ(dungeon_->commit(*dungeon_->find(PlayerId(1)), earn), Mirror::Guard::kOk);
  });
  client(1, proto::BreakInstance());
  cluster_->run(seconds(300), milliseconds(100));
  ASSERT_NE(dungeon_->find(PlayerId(1)), nullptr);
  EXPECT_TRUE(back_.empty());
  database_answers_ = true;
  cluster_->run(seconds(15));
  EXPECT_EQ(applied_.size(), 1u);
  EXPECT_EQ(back_.size(), 1u);
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
}

TEST_F(DungeonTest, WhomNoLobbyTakesIsDisconnectedAtLast) {
  open(77, {1});
  cluster_->answers<proto::Admit, proto::AdmitReply>(kGeneral, [](auto&, auto&) {
    proto::AdmitReply full;
    full.set_code(proto::BUSY);
    return full;
  });
  client(1, proto::LeaveInstanceRequest());
  cluster_->run(seconds(10));
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
  const auto drop = cluster_->take<proto::RouteDrop>(kGateway);
  ASSERT_TRUE(drop);
  EXPECT_EQ(drop->second.code(), proto::BUSY);
}

TEST_F(DungeonTest, ARejectedOperationDisconnectsThatUserOnly) {
  open(77, {1, 2});
  cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(kAgent, [](auto&, const auto& request) {
    proto::ApplyReply reply;
    reply.set_code(request.player_id() == 1 ? proto::REJECTED : proto::STORED);
    reply.set_detail("funds");
    if (request.operations_size() > 0) reply.set_saved_pseq(request.operations(request.operations_size() - 1).pseq());
    return reply;
  });
  fight(1);
  cluster_->run(seconds(2));
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
  const auto drop = cluster_->take<proto::RouteDrop>(kGateway);
  ASSERT_TRUE(drop);
  EXPECT_EQ(drop->second.session_id(), 10u);
  EXPECT_FALSE(drop->second.ask_lobby());
}

// ── the sample's claims, quests, levels, loot ───────────────────────────────────────────────────────────────

class RewardsTest : public DungeonTest {
 protected:
  RewardsTest() {
    content_.quests = std::move(*sample::parse_quests({"quests.toml", R"(
[level]
reward_gold = 10
experience_max = 150
[[quest]]
name = "rats"
kill = "rat"
needed = 1
)"},
                                                      content_.runs, content_.items));
    content_.runs.monsters.at("rat").experience = 120;
  }
  void counter(std::uint64_t player, const std::string& name, std::int64_t value) {
    auto* one = rows_[player].add_counters();
    one->set_name(name);
    one->set_value(value);
  }
  // Hit until it lies there.
  void beaten(std::uint64_t player) {
    Player& self = *dungeon_->find(PlayerId(player));
    for (int i = 0; i < 100 && !monster(player); ++i) cluster_->run(milliseconds(50));
    Instance& instance = *dungeon_->instance_of(self);
    self.position = instance.area().find(monster(player))->position;
    self.hit_points = 1;
    for (int i = 0; i < 200 && self.hit_points > 0; ++i) cluster_->run(milliseconds(10));
    ASSERT_EQ(self.hit_points, 0u);
  }
  // The same session, by another socket.
  void reconnect(std::uint64_t player) {
    proto::Attach attach;
    attach.set_player_id(player);
    attach.set_session_id(player * 10);
    attach.set_session_epoch(1);
    attach.set_gateway(kGateway.value);
    const CallId call = cluster_->ask(kGeneral, attach);
    cluster_->turn();
    ASSERT_EQ(cluster_->take_reply<proto::AttachReply>(kGeneral, call)->code(), proto::OK);
  }
  proto::Code whirl(std::uint64_t player) {
    sample::SkillRequest request;
    request.set_skill("whirl");
    client(player, request);
    const auto reply = cluster_->take<sample::SkillReply>(kGateway);
    return reply ? reply->second.code() : proto::INTERNAL;
  }
  std::vector<proto::Operation> applied(const std::string& reason) const {
    std::vector<proto::Operation> all;
    for (const auto& operation : applied_)
      if (operation.reason() == reason) all.push_back(operation);
    return all;
  }
};

TEST_F(RewardsTest, TheFirstClearedWaveEndsTheClaimToTheEntryFee) {
  counter(1, "entry_run", 77);
  counter(1, "entry_fee", 10);
  open(77, {1});
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
  counter(1, "entry_run", 77);
  counter(1, "entry_fee", 10);
  open(77, {1});
  client(1, proto::LeaveInstanceRequest());
  cluster_->run(seconds(1));
  ASSERT_EQ(back_.size(), 1u);
  ASSERT_EQ(applied("run.left").size(), 1u);
  EXPECT_EQ(applied("run.left")[0].effects(0).count().delta(), -77);
}

TEST_F(RewardsTest, WhoLogsOutHasUsedTheEntryFee) {
  counter(1, "entry_run", 77);
  counter(1, "entry_fee", 10);
  open(77, {1});
  proto::LeavePlayer leave;
  leave.set_player_id(1);
  cluster_->ask(kGateway, leave);
  cluster_->run(seconds(1));
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(applied("run.left").size(), 1u);
}

TEST_F(RewardsTest, WhoseGroupIsBeatenHasUsedTheEntryFee) {
  counter(1, "entry_run", 77);
  counter(1, "entry_fee", 10);
  open(77, {1});
  beaten(1);
  cluster_->run(seconds(1));
  ASSERT_EQ(back_.size(), 1u);
  ASSERT_EQ(applied("run.left").size(), 1u);
  EXPECT_EQ(applied("run.left")[0].effects(0).count().delta(), -77);
}

TEST_F(RewardsTest, WhoIsSentAwayForMovingTooFastHasUsedTheEntryFee) {
  counter(1, "entry_run", 77);
  counter(1, "entry_fee", 10);
  open(77, {1});
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
  counter(1, "entry_run", 77);
  counter(1, "entry_fee", 10);
  open(77, {1});
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

// ── parties and trades in a run ─────────────────────────────────────────────────────────────────────────────

class TogetherTest : public RewardsTest {
 protected:
  void party(std::vector<std::uint64_t> members) {
    for (const auto member : members) {
      proto::PartyHeld held;
      held.set_player_id(member);
      held.mutable_party()->set_party(7);
      held.mutable_party()->set_version(1);
      for (const auto other : members) held.mutable_party()->add_members()->set_player(other);
      cluster_->say(kGeneral, held);  // behind the player, from its owner before
    }
    cluster_->turn();
  }
  proto::Code invite(std::uint64_t host, std::uint64_t guest) {
    sample::TradeInviteRequest request;
    request.set_player(guest);
    cluster_->forget_sent();
    client(host, request);
    const auto reply = cluster_->take<sample::TradeInviteReply>(kGateway);
    return reply ? reply->second.code() : proto::INTERNAL;
  }
};

TEST_F(TogetherTest, APartySharesItsLootAmongItselfAndTheOthersAmongThemselves) {
  content_.runs.runs.at("cellar").loot = sample::Split::kRoll;
  open(77, {1, 2, 3});
  party({1, 2});
  ASSERT_TRUE(dungeon_->parties().together(PlayerId(1), PlayerId(2)));
  cluster_->forget_sent();
  fight(1);
  cluster_->run(milliseconds(200));
  std::optional<sample::LootRolled> rolled;
  for (const auto& sent : cluster_->sent(kGateway)) {
    proto::Publish publish;
    if (sent.header.message_id != route_id(proto::Publish::descriptor()) || !publish.ParseFromString(sent.body))
      continue;
    sample::LootRolled one;
    const FrameCut cut = cut_frame(publish.frame(), 1 << 20);
    if (cut.state == FrameState::kWhole && cut.frame.message_id == route_id(sample::LootRolled::descriptor()) &&
        one.ParseFromString(std::string(cut.frame.body)))
      rolled = one;
  }
  ASSERT_TRUE(rolled);
  ASSERT_EQ(rolled->rolls_size(), 2);
  EXPECT_EQ(rolled->rolls(0).player() + rolled->rolls(1).player(), 3u);
  ASSERT_EQ(applied("loot").size(), 1u);
  EXPECT_TRUE(dungeon_->find(PlayerId(3))->mirror.items().empty());
}

TEST_F(TogetherTest, TwoInOneRunTradeAndAcrossRunsTheyDoNot) {
  open(77, {1, 2});
  open(78, {3});
  cluster_->run(milliseconds(100));
  EXPECT_EQ(invite(1, 1), proto::INVALID);
  EXPECT_EQ(invite(1, 3), proto::NOT_FOUND) << "another instance, in this very process";
  EXPECT_EQ(invite(1, 99), proto::NOT_FOUND);
  dungeon_->find(PlayerId(2))->position = {100, 6000};
  EXPECT_EQ(invite(1, 2), proto::TOO_FAR);
  dungeon_->find(PlayerId(2))->position = dungeon_->find(PlayerId(1))->position;
  ASSERT_EQ(invite(1, 2), proto::OK);
  // Whoever leaves the run ends it.
  cluster_->forget_sent();
  client(2, proto::LeaveInstanceRequest());
  cluster_->run(milliseconds(300));
  std::optional<sample::TradeTable> last;
  while (auto table = cluster_->take<sample::TradeTable>(kGateway)) last = table->second;
  ASSERT_TRUE(last);
  EXPECT_EQ(last->phase(), sample::TradeTable::CLOSED);
}

TEST_F(TogetherTest, TwoInOneRunTradeAsInAZone) {
  auto* gold = rows_[1].add_balances();
  gold->set_name("gold");
  gold->set_value(50);
  auto* sword = rows_[2].add_items();
  sword->mutable_id()->set_low(9);
  sword->set_template_("sword");
  sword->set_version(1);
  open(77, {1, 2});
  cluster_->run(milliseconds(100));
  dungeon_->find(PlayerId(2))->position = dungeon_->find(PlayerId(1))->position;
  ASSERT_EQ(invite(1, 2), proto::OK);
  std::optional<sample::TradeTable> table;
  const auto look = [&] {
    while (auto told = cluster_->take<sample::TradeTable>(kGateway)) table = told->second;
  };
  sample::TradeAnswerRequest accept;
  accept.set_table(1);
  accept.set_accept(true);
  client(2, accept);
  sample::TradeOfferRequest pay, give;
  pay.set_table(1);
  pay.add_amounts()->set_name("gold");
  pay.mutable_amounts(0)->set_value(20);
  give.set_table(1);
  give.add_items()->set_low(9);
  client(1, pay);
  client(2, give);
  look();
  ASSERT_TRUE(table);
  for (const std::uint64_t player : {1, 2}) {
    sample::TradeLockRequest lock;
    lock.set_table(1);
    lock.set_revision(table->revision());
    client(player, lock);
  }
  look();
  for (const std::uint64_t player : {1, 2}) {
    sample::TradeConfirmRequest confirm;
    confirm.set_creq(1);
    confirm.set_table(1);
    confirm.set_revision(table->revision());
    client(player, confirm);
  }
  cluster_->run(milliseconds(100));
  look();
  EXPECT_EQ(table->phase(), sample::TradeTable::SETTLING);
  EXPECT_EQ(dungeon_->find(PlayerId(1))->mirror.balance("gold"), 30);
  EXPECT_TRUE(dungeon_->find(PlayerId(2))->mirror.items().empty());
  const auto legs = applied("trade");
  ASSERT_EQ(legs.size(), 2u);
  EXPECT_EQ(legs[0].trade().terms().SerializeAsString(), legs[1].trade().terms().SerializeAsString());
}

TEST_F(TogetherTest, InARunWhoIsBlockedIsNotTradedWith) {
  counter(2, "block:01", 1);
  open(77, {1, 2});
  cluster_->run(milliseconds(100));
  dungeon_->find(PlayerId(2))->position = dungeon_->find(PlayerId(1))->position;
  EXPECT_EQ(invite(1, 2), proto::REFUSED);
}

}  // namespace
}  // namespace dure::test

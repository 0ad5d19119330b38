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

TEST_F(DungeonTest, ASecondWordToLeaveTakesNobodyOutOfItsNextRun) {
  open(77, {1});
  for (int i = 0; i < 2; ++i) client(1, proto::LeaveInstanceRequest());
  cluster_->run(milliseconds(20));
  ASSERT_EQ(back_.size(), 1u);
  open(78, {1});
  cluster_->run(milliseconds(500));
  ASSERT_NE(dungeon_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(dungeon_->find(PlayerId(1))->subject, 78u);
  EXPECT_EQ(back_.size(), 1u);
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

TEST_F(DungeonTest, AFeatureThatThrowsWhenSomebodyLeavesKeepsNeitherThePlayerNorTheInstance) {
  int heard = 0;
  dungeon_->on_leaving([](Player&) { CHECK_MSG(false, "a trap"); });
  dungeon_->on_leaving([&heard](Player&) { ++heard; });
  open(77, {1, 2});
  client(1, proto::LeaveInstanceRequest());
  cluster_->run(seconds(1));
  EXPECT_EQ(back_.size(), 1u);
  EXPECT_EQ(dungeon_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(heard, 1);
  ASSERT_EQ(dungeon_->instances().size(), 1u);
  EXPECT_EQ(dungeon_->instances().at(RunId(77))->members, std::set<PlayerId>{PlayerId(2)});
  client(2, proto::LeaveInstanceRequest());
  cluster_->run(seconds(15));
  EXPECT_TRUE(dungeon_->instances().empty());
}

class StumblingRun : public RunHandler {
 public:
  void start() override {}
  void tick(std::uint64_t) override {}
  void joined(Player&) override {}
  void left(PlayerId) override { CHECK_MSG(false, "a trap"); }
};

TEST_F(DungeonTest, AHandlerThatThrowsWhenSomebodyLeavesClosesItsInstance) {
  dungeon_->add_handler("trap", [](Dungeon&, Instance&) { return std::make_unique<StumblingRun>(); });
  open(77, {1, 2}, "trap");
  open(78, {3});
  client(1, proto::LeaveInstanceRequest());
  cluster_->run(seconds(1));
  EXPECT_EQ(back_.size(), 2u);
  ASSERT_EQ(dungeon_->instances().size(), 1u);
  EXPECT_EQ(dungeon_->instances().begin()->first, RunId(78));
  // Who is put into it anew leaves it first.
  open(79, {4, 5}, "trap");
  proto::Attach attach;
  attach.set_player_id(4);
  attach.set_session_id(40);
  attach.set_session_epoch(1);
  attach.set_gateway(kGateway.value);
  cluster_->ask(kGateway, attach);
  cluster_->run(seconds(1));
  EXPECT_EQ(back_.size(), 4u);
  EXPECT_EQ(dungeon_->instances().size(), 1u);
}

}  // namespace
}  // namespace dure::test

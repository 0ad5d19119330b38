#include "lobby/lobby.h"

#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

proto::MoveTo move_to(std::int32_t x, std::int32_t y) {
  proto::MoveTo move;
  move.set_x_cm(x);
  move.set_y_cm(y);
  return move;
}

TEST_F(LobbyTest, EveryMessageRoutedToTheGeneralHasAHandler) {
  EXPECT_EQ(lobby_->routes_without_handler(), std::vector<std::string>());
}

TEST_F(LobbyTest, AnAloneGeneralTakesEveryPlace) {
  for (const auto& place : {"town/1", "town/2", "field/1"}) EXPECT_NE(lobby_->zone(place), nullptr) << place;
  EXPECT_TRUE(lobby_->places().mine(kMatchPlace));
}

TEST_F(LobbyTest, ALoginArrivesInTownWithRouteThenStateThenTheCells) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  const auto route = cluster_->take<proto::RouteSet>(kGateway);
  ASSERT_TRUE(route.has_value());
  EXPECT_EQ(route->second.place(), "town/1");
  EXPECT_EQ(route->second.player_epoch(), 1u);
  const auto state = told<proto::PlayerState>();
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->tick_rate_hz(), 10u);
  EXPECT_EQ(state->speed_max_cm_s(), 600u);
  EXPECT_EQ(state->entity_id(), 1u);
  EXPECT_TRUE(lobby_->zone("town/1")->area().inside({state->x_cm(), state->y_cm()}));
  EXPECT_TRUE(cluster_->take<proto::Subscribe>(kGateway).has_value());
  const auto cell = told<proto::CellChanged>();
  ASSERT_TRUE(cell.has_value());
  EXPECT_TRUE(cell->whole());
}

TEST_F(LobbyTest, LoginsSpreadOverTheChannels) {
  for (std::uint64_t p = 1; p <= 10; ++p) ASSERT_EQ(admit(p).code(), proto::OK);
  EXPECT_EQ(lobby_->zone("town/1")->members().size(), 5u);
  EXPECT_EQ(lobby_->zone("town/2")->members().size(), 5u);
}

TEST_F(LobbyTest, LoginsOfOneMomentSpreadToo) {
  for (std::uint64_t p = 1; p <= 10; ++p) {
    proto::Admit request;
    request.set_player_id(p);
    request.set_session_id(p * 10);
    request.set_session_epoch(1);
    request.set_gateway(kGateway.value);
    cluster_->ask(kGateway, request);
  }
  cluster_->turn();
  EXPECT_EQ(lobby_->zone("town/1")->members().size(), 5u);
  EXPECT_EQ(lobby_->zone("town/2")->members().size(), 5u);
}

TEST_F(LobbyTest, ASavedPositionInTheZoneIsKept) {
  hints_[1].set_zone("town");
  hints_[1].set_x_cm(4444);
  hints_[1].set_y_cm(5555);
  ASSERT_EQ(admit(1).code(), proto::OK);
  EXPECT_EQ(player(1).position, (Position{4444, 5555}));
}

TEST_F(LobbyTest, AHintFromOutsideTheGroundIsClamped) {
  hints_[1].set_zone("town");
  hints_[1].set_x_cm(2'000'000'000);
  hints_[1].set_y_cm(-5);
  ASSERT_EQ(admit(1).code(), proto::OK);
  EXPECT_EQ(player(1).position, (Position{25599, 0}));
}

TEST_F(LobbyTest, ALoginArrivesInTheZoneWhereItStood) {
  hints_[1].set_zone("field");
  hints_[1].set_channel(1);
  hints_[1].set_x_cm(30000);
  hints_[1].set_y_cm(40000);
  ASSERT_EQ(admit(1).code(), proto::OK);
  EXPECT_EQ(player(1).place, "field/1");
  EXPECT_EQ(player(1).position, (Position{30000, 40000}));
}

TEST_F(LobbyTest, TheGeneralThatHoldsTheSavedZoneGetsTheLogin) {
  other_holds("field/1");
  hints_[1].set_zone("field");
  hints_[1].set_channel(1);
  std::optional<proto::Admit> there;
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [&](auto&, const auto& request) {
    there = request;
    return proto::AdmitReply();
  });
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_TRUE(there);
  EXPECT_EQ(there->hops(), 1u);
  EXPECT_EQ(there->hint().zone(), "field");
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
}

TEST_F(LobbyTest, ALoginWhoseSavedZoneNobodyHoldsArrivesAtHome) {
  other_holds("field/1");
  hints_[1].set_zone("field");
  cluster_->answers<proto::PlaceQuery, proto::PlaceReply>(kAgent, [](auto&, auto&) { return std::nullopt; });
  cluster_->down(kOther);
  ASSERT_EQ(admit(1).code(), proto::OK);
  EXPECT_EQ(player(1).zone_hint, "town");
}

TEST_F(LobbyTest, WhoIsWalkedBackFromAFaultArrivesAtHome) {
  hints_[1].set_zone("field");
  proto::Admit walked;
  walked.set_reason("fault");
  ASSERT_EQ(admit(1, walked).code(), proto::OK);
  EXPECT_EQ(player(1).zone_hint, "town");
}

TEST_F(LobbyTest, AZoneSaysHowLongALinkDeadCharacterStays) {
  hints_[1].set_zone("field");  // link_dead_s = 60
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(admit(2).code(), proto::OK);
  cluster_->down(kGateway);
  cluster_->run(seconds(25), milliseconds(50));
  EXPECT_EQ(lobby_->find(PlayerId(2)), nullptr) << "the town says nothing: 20 s";
  EXPECT_NE(lobby_->find(PlayerId(1)), nullptr);
  cluster_->run(seconds(40), milliseconds(50));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
}

TEST_F(LobbyTest, ADrainingGeneralGivesItsPlacesUpAndHandsItsPlayersToWhoeverTakesThem) {
  cluster_->up(kOther);
  ASSERT_EQ(admit(1).code(), proto::OK);
  std::optional<proto::Admit> ticket;
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [&](auto&, const auto& request) {
    ticket = request;
    return proto::AdmitReply();
  });
  cluster_->in(StopRequested{});
  cluster_->turn();
  EXPECT_FALSE(lobby_->places().mine("town/1"));
  cluster_->run(milliseconds(500));
  EXPECT_FALSE(ticket) << "nobody has taken it yet: one plays on";
  EXPECT_NE(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(player(1).epoch, 1u);
  EXPECT_TRUE(cluster_->effects<Stopped>().empty());
  other_holds("town/1");
  cluster_->run(seconds(1));
  ASSERT_TRUE(ticket);
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(cluster_->effects<Stopped>().size(), 1u);
}

class Trap : public LobbyFeature {
 public:
  explicit Trap(Lobby&) {}
  void player_arrived(Player& player) override { CHECK_MSG(player.id != caught, "a trap"); }
  PlayerId caught;
};

class Stumble : public LobbyFeature {
 public:
  explicit Stumble(Lobby&) {}
  void player_left(Player&) override { CHECK_MSG(false, "it stumbles"); }
};

TEST_F(LobbyTest, AFeatureThatThrowsWhenSomebodyLeavesKeepsNobodyInTheZone) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  const std::string place = player(1).place;
  lobby_->add_feature<Stumble>();
  lobby_->forget(PlayerId(1));
  EXPECT_TRUE(lobby_->zone(place)->members().empty());
  cluster_->run(seconds(1));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
}

TEST_F(LobbyTest, ALoginWhoseArrivalThrowsIsTakenOutAndTold) {
  lobby_->add_feature<Trap>().caught = PlayerId(1);
  EXPECT_EQ(admit(1).code(), proto::INTERNAL);
  cluster_->run(seconds(2));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_TRUE(lobby_->zone("town/1")->members().empty());
  EXPECT_FALSE(cluster_->take<proto::RouteSet>(kGateway)) << "nothing of the arrival is told";
  EXPECT_FALSE(told<proto::PlayerState>());
  EXPECT_EQ(log_.errors.size(), 1u);
  EXPECT_TRUE(applied_.empty()) << "nor kept: no starter kit";
  EXPECT_EQ(admit(2).code(), proto::OK);
}

TEST_F(LobbyTest, WhoseNextLoginThrowsIsSavedBeforeItIsTakenOut) {
  database_saves_ = false;
  ASSERT_EQ(admit(1).code(), proto::OK);
  lobby_->add_feature<Trap>().caught = PlayerId(1);
  EXPECT_EQ(admit(1).code(), proto::INTERNAL);
  cluster_->run(seconds(1));
  ASSERT_NE(lobby_->find(PlayerId(1)), nullptr);
  database_saves_ = true;
  cluster_->run(seconds(9));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_FALSE(applied_.empty()) << "its starter kit";
}

TEST_F(LobbyTest, WhoWasTakenFromAZombieAndComesBackByTicketStandsInOnePlaceOnly) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(player(1).place.rfind("town/", 0), 0u);
  epochs_[1] = 5;  // another general had it meanwhile, and nobody told this one
  proto::Admit request;
  request.set_ticket(true);
  request.set_expected_epoch(5);
  request.set_zone("field");
  request.set_reason("zone");
  EXPECT_EQ(admit(1, request).code(), proto::OK);
  EXPECT_EQ(player(1).epoch, 6u);
  EXPECT_EQ(player(1).place, "field/1");
  EXPECT_TRUE(lobby_->zone("town/1")->members().empty());
  lobby_->check_invariants();
}

TEST_F(LobbyTest, WhoWasTakenFromAZombieIsAskedOnByItsGateway) {
  veterans_.insert(1);
  ASSERT_EQ(admit(1).code(), proto::OK);
  const std::uint64_t epoch = player(1).epoch;
  epochs_[1] = 5;  // another general had it meanwhile, and perhaps for a session that is over
  proto::Operation find;
  find.set_reason("loot");
  auto* change = find.add_effects()->mutable_balance();
  change->set_currency("gold");
  change->set_delta(1);
  ASSERT_EQ(lobby_->commit(player(1), find), Mirror::Guard::kOk);
  cluster_->run(seconds(1));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  const auto drop = cluster_->take<proto::RouteDrop>(kGateway);
  ASSERT_TRUE(drop);
  EXPECT_TRUE(drop->second.ask_lobby());
  EXPECT_EQ(drop->second.player_epoch(), epoch) << "a gateway that knows a later owner stays with it";
}

TEST_F(LobbyTest, WhatWaitsForAnAgentThatWasAwayForLongIsSavedAsSoonAsItIsBack) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->run(seconds(1));
  cluster_->down(kAgent);
  applied_.clear();
  proto::Operation find;
  find.set_reason("loot");
  auto* change = find.add_effects()->mutable_balance();
  change->set_currency("gold");
  change->set_delta(1);
  ASSERT_EQ(lobby_->commit(player(1), find), Mirror::Guard::kOk);
  cluster_->run(seconds(20));
  EXPECT_TRUE(applied_.empty());
  cluster_->again(kAgent);
  cluster_->run(milliseconds(20));
  EXPECT_EQ(applied_.size(), 1u);
}

TEST_F(LobbyTest, ASocketThatCameLaterIsToldAgainWhatIsSaved) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  player(1).creq_saved_told = 4;
  cluster_->forget_sent();
  ASSERT_EQ(admit(1).code(), proto::OK);
  const auto saved = told<proto::SavedNotice>();
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->creq(), 4u);
  EXPECT_EQ(saved->epoch(), player(1).epoch);
}

TEST_F(LobbyTest, WhoseArrivalByTicketThrowsIsWalkedToTheLobbyByItsGateway) {
  lobby_->add_feature<Trap>().caught = PlayerId(1);
  epochs_[1] = 5;
  proto::Admit request;
  request.set_ticket(true);
  request.set_expected_epoch(5);
  request.set_zone("field");
  request.set_reason("zone");
  EXPECT_EQ(admit(1, request).code(), proto::OK) << "it is not the last owner's any more";
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  const auto route = cluster_->take<proto::RouteSet>(kGateway);
  ASSERT_TRUE(route);
  EXPECT_EQ(route->second.player_epoch(), 6u);
  const auto drop = cluster_->take<proto::RouteDrop>(kGateway);
  ASSERT_TRUE(drop);
  EXPECT_TRUE(drop->second.ask_lobby());
  EXPECT_EQ(drop->second.player_epoch(), 6u);
}

TEST_F(LobbyTest, WhoseArrivalThrowsWhenItIsAcquiredAgainIsTakenOutAlone) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(admit(2).code(), proto::OK);
  Trap& trap = lobby_->add_feature<Trap>();
  trap.caught = PlayerId(1);
  lobby_->zone(player(1).place)->broken = true;  // everybody in it is acquired again
  cluster_->run(seconds(1));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_NE(lobby_->find(PlayerId(2)), nullptr);
  EXPECT_TRUE(cluster_->take<proto::RouteDrop>(kGateway)->second.ask_lobby());
}

TEST_F(LobbyTest, AnotherGeneralsEmptierChannelGetsTheLogin) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  other_holds("town/2");
  std::uint32_t hops = 0;
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [&](auto&, const auto& request) {
    hops = request.hops();
    return proto::AdmitReply();
  });
  ASSERT_EQ(admit(2).code(), proto::OK);
  EXPECT_EQ(hops, 1u);
  EXPECT_EQ(lobby_->find(PlayerId(2)), nullptr);
}

TEST_F(LobbyTest, WalkingIsPublishedToTheCellOnce) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->run(milliseconds(200));
  cluster_->forget_sent();
  const Position at = player(1).position;
  client(1, move_to(at.x_cm + 50, at.y_cm));
  cluster_->run(milliseconds(110));
  EXPECT_EQ(player(1).position, (Position{at.x_cm + 50, at.y_cm}));
  EXPECT_TRUE(cluster_->take<proto::Publish>(kGateway).has_value());
  EXPECT_FALSE(told<proto::MoveCorrected>().has_value());
}

TEST_F(LobbyTest, ATeleportIsCorrectedAndMovesNothing) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  const Position at = player(1).position;
  client(1, move_to(at.x_cm + 5000, at.y_cm));
  EXPECT_EQ(player(1).position, at);
  const auto corrected = told<proto::MoveCorrected>();
  ASSERT_TRUE(corrected.has_value());
  EXPECT_EQ((Position{corrected->x_cm(), corrected->y_cm()}), at);
}

TEST_F(LobbyTest, OutOfTheGroundIsCorrectedWhateverTheNumber) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  const Position at = player(1).position;
  for (const auto far : {-1, 25600, 2147483647, -2147483647 - 1}) {
    client(1, move_to(far, at.y_cm));
    EXPECT_TRUE(told<proto::MoveCorrected>().has_value()) << far;
  }
  EXPECT_EQ(player(1).position, at);
}

TEST_F(LobbyTest, WhoGoesOnTeleportingIsClosed) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  for (int i = 0; i < 60 && lobby_->find(PlayerId(1)) != nullptr; ++i) client(1, move_to(i % 2 == 0 ? 0 : 25599, 0));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_TRUE(cluster_->take<proto::RouteDrop>(kGateway).has_value());
  EXPECT_TRUE(lobby_->zone("town/1")->members().empty());
}

TEST_F(LobbyTest, WhatWasAppliedIsSavedBeforeATeleporterIsForgotten) {
  veterans_.insert(1);
  ASSERT_EQ(admit(1).code(), proto::OK);
  database_saves_ = false;
  proto::Operation find;
  find.set_reason("loot");
  auto* gold = find.add_effects()->mutable_balance();
  gold->set_currency("gold");
  gold->set_delta(1);
  ASSERT_EQ(lobby_->commit(player(1), find), Mirror::Guard::kOk);
  for (int i = 0; i < 60; ++i) client(1, move_to(i % 2 == 0 ? 0 : 25599, 0));
  const auto drop = cluster_->take<proto::RouteDrop>(kGateway);
  ASSERT_TRUE(drop);
  EXPECT_EQ(drop->second.code(), proto::TOO_FAST);
  EXPECT_FALSE(cluster_->take<proto::RouteDrop>(kGateway)) << "once";
  cluster_->run(seconds(40));
  ASSERT_NE(lobby_->find(PlayerId(1)), nullptr) << "however long the store is away";
  database_saves_ = true;
  cluster_->run(seconds(40));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  ASSERT_EQ(applied_.size(), 1u);
}

TEST_F(LobbyTest, EchoComesBackFromTheOwnersLogic) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  proto::Echo echo;
  echo.set_stamp(42);
  EXPECT_EQ(ask<proto::EchoReply>(1, echo)->stamp(), 42u);
}

TEST_F(LobbyTest, AClientThatMissedFramesOfACellSeesEverythingAnew) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->run(milliseconds(200));
  cluster_->forget_sent();
  proto::TopicGap gap;
  gap.set_session_id(10);
  TopicKey other;  // of no cell: everything around
  gap.set_topic(encode_topic(other));
  cluster_->say(kGateway, gap);
  cluster_->turn();
  const auto cell = told<proto::CellChanged>();
  ASSERT_TRUE(cell.has_value());
  EXPECT_TRUE(cell->whole());
}

TEST_F(LobbyTest, AClientThatMissedFramesOfOneCellSeesThatOneAnew) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->run(milliseconds(200));
  const auto subscribed = told<proto::Subscribe>();
  ASSERT_TRUE(subscribed.has_value());
  cluster_->forget_sent();
  proto::TopicGap gap;
  gap.set_session_id(10);
  gap.set_topic(subscribed->topics(0));
  cluster_->say(kGateway, gap);
  cluster_->turn();
  TopicKey topic;
  ASSERT_TRUE(decode_topic(subscribed->topics(0), &topic));
  const auto cell = told<proto::CellChanged>();
  ASSERT_TRUE(cell.has_value());
  EXPECT_TRUE(cell->whole());
  EXPECT_EQ(cell->cell_x(), topic.cell_x);
  EXPECT_EQ(cell->cell_y(), topic.cell_y);
  EXPECT_FALSE(told<proto::CellChanged>().has_value());
}

TEST_F(LobbyTest, AZoneWhoseTickThrowsIsBuiltAgainAndItsPlayersAcquiredAgain) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(admit(2).code(), proto::OK);
  cluster_->run(milliseconds(100));
  cluster_->forget_sent();
  lobby_->zone("town/1")->broken = true;
  cluster_->run(seconds(2));
  ASSERT_NE(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(player(1).epoch, 2u) << "in the broken zone";
  EXPECT_EQ(player(2).epoch, 1u) << "in the other channel: nothing happened";
  EXPECT_EQ(lobby_->zone("town/1")->members().size(), 1u);
  EXPECT_NE(lobby_->npc(player(1), "Mira"), nullptr);
  EXPECT_TRUE(told<proto::PlayerState>().has_value());
  cluster_->forget_sent();
  const Position at = player(1).position;
  client(1, move_to(at.x_cm + 10, at.y_cm));
  cluster_->run(milliseconds(200));
  EXPECT_TRUE(cluster_->take<proto::Publish>(kGateway).has_value()) << "it ticks on";
}

// A feature with a member that its conversations' locals name, as the queue is one of the lobby's.
class Talker : public LobbyFeature {
 public:
  Talker(Lobby& lobby, std::vector<std::string>* story) : lobby_(lobby), story_(story) {}
  ~Talker() override { story_->push_back("the feature is gone"); }
  void player_arrived(Player& player) override { player.scope->spawn(talk("a player's")); }
  Task<void> talk(std::string whose) {
    struct Words {
      std::vector<std::string>* story;
      std::string whose;
      Words(std::vector<std::string>* s, std::string w) : story(s), whose(std::move(w)) {}
      Words(const Words&) = delete;
      ~Words() { story->push_back(whose + " conversation ends"); }
    } const words(story_, whose);
    co_await lobby_.wait(seconds(600));
  }

 private:
  Lobby& lobby_;
  std::vector<std::string>* const story_;
};

TEST_F(LobbyTest, WhoTalksWhenTheLobbyGoesIsStoppedBeforeWhatItTalksTo) {
  std::vector<std::string> story;
  Talker& talker = lobby_->add_feature<Talker>(&story);
  ASSERT_EQ(admit(1).code(), proto::OK);
  lobby_->spawn(talker.talk("a role's"));
  lobby_.reset();
  EXPECT_EQ(story, (std::vector<std::string>{"a role's conversation ends", "a player's conversation ends",
                                             "the feature is gone"}));
}

TEST_F(LobbyTest, ALostGatewaysPlayersStandLinkDeadAndGoInTime) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->down(kGateway);
  cluster_->run(seconds(15), milliseconds(50));
  EXPECT_NE(lobby_->find(PlayerId(1)), nullptr);
  cluster_->run(seconds(10), milliseconds(50));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_TRUE(lobby_->zone("town/1")->members().empty());
}

}  // namespace
}  // namespace dure::test

#include <utility>

#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

proto::ChangeZoneRequest to_zone(const std::string& zone, std::uint32_t channel = 0) {
  proto::ChangeZoneRequest request;
  request.set_zone(zone);
  request.set_channel(channel);
  return request;
}

TEST_F(LobbyTest, WithinTheProcessTheReplyComesFirstThenTheRouteThenTheState) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->forget_sent();
  EXPECT_EQ(ask<proto::ChangeZoneReply>(1, to_zone("field"))->code(), proto::OK);
  const auto route = cluster_->take<proto::RouteSet>(kGateway);
  ASSERT_TRUE(route.has_value());
  EXPECT_EQ(route->second.place(), "field/1");
  EXPECT_EQ(route->second.player_epoch(), 1u) << "the owner is the same";
  EXPECT_TRUE(told<proto::PlayerState>().has_value());
  EXPECT_TRUE(lobby_->zone("town/1")->members().empty());
  EXPECT_EQ(lobby_->zone("field/1")->members().size(), 1u);
  EXPECT_EQ(player(1).zone_hint, "field");
}

TEST_F(LobbyTest, AnotherChannelOfTheSameZoneIsReachedToo) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  EXPECT_EQ(ask<proto::ChangeZoneReply>(1, to_zone("town", 2))->code(), proto::OK);
  EXPECT_EQ(player(1).place, "town/2");
}

class Doorstep : public LobbyFeature {
 public:
  explicit Doorstep(Lobby&) {}
  void player_arrived(Player& player) override {
    CHECK_MSG(player.place != "field/1" || std::exchange(stumbled, true), "a trap");
  }
  bool stumbled = false;
};

TEST_F(LobbyTest, WhoseWalkThrowsIsReadAgainAndStandsThere) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  lobby_->add_feature<Doorstep>();
  client(1, to_zone("field"));
  cluster_->run(seconds(1));
  ASSERT_NE(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(player(1).epoch, 2u);
  EXPECT_EQ(player(1).place, "field/1");
  EXPECT_EQ(lobby_->zone("field/1")->members().size(), 1u);
  EXPECT_EQ(log_.errors.size(), 1u);
}

TEST_F(LobbyTest, NonsenseZonesAreRefused) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  EXPECT_EQ(ask<proto::ChangeZoneReply>(1, to_zone("moon"))->code(), proto::NOT_FOUND);
  EXPECT_EQ(ask<proto::ChangeZoneReply>(1, to_zone(""))->code(), proto::NOT_FOUND);
  EXPECT_EQ(ask<proto::ChangeZoneReply>(1, to_zone("town", 3))->code(), proto::INVALID);
  EXPECT_EQ(ask<proto::ChangeZoneReply>(1, to_zone("town", 4294967295u))->code(), proto::INVALID);
  EXPECT_EQ(ask<proto::ChangeZoneReply>(1, to_zone("town", 1))->code(), proto::WRONG_STATE);
  EXPECT_EQ(player(1).place, "town/1");
}

TEST_F(LobbyTest, ToAnotherGeneralThePlayerIsFlushedAndHandedOver) {
  other_holds("field/1");
  ASSERT_EQ(admit(1).code(), proto::OK);
  std::optional<proto::Admit> ticket;
  bool saved_before = false;
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [&](auto&, const auto& request) {
    ticket = request;
    saved_before = !applied_.empty();
    return proto::AdmitReply();
  });
  EXPECT_EQ(ask<proto::ChangeZoneReply>(1, to_zone("field"))->code(), proto::OK);
  cluster_->run(milliseconds(100));
  ASSERT_TRUE(ticket.has_value());
  EXPECT_TRUE(ticket->ticket());
  EXPECT_EQ(ticket->zone(), "field");
  EXPECT_EQ(ticket->channel(), 1u);
  EXPECT_EQ(ticket->reason(), "zone");
  EXPECT_EQ(ticket->expected_epoch(), 1u);
  EXPECT_TRUE(saved_before) << "the starter kit was SAVED first";
  EXPECT_TRUE(cluster_->take<proto::RouteHold>(kGateway).has_value());
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_TRUE(lobby_->zone("town/1")->members().empty());
}

TEST_F(LobbyTest, ARefusedHandOverLeavesThePlayerHereWithANewEpoch) {
  other_holds("field/1");
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [&](auto&, auto&) {
    proto::AdmitReply no;
    no.set_code(proto::BUSY);
    return no;
  });
  client(1, to_zone("field"));
  cluster_->run(milliseconds(100));
  ASSERT_NE(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(player(1).epoch, 2u);
  EXPECT_EQ(player(1).place, "town/1");
  EXPECT_EQ(lobby_->zone("town/1")->members().size(), 1u);
}

TEST_F(LobbyTest, WhoCannotBeSavedIsNotHandedOverAndKeepsWhatItHas) {
  other_holds("field/1");
  veterans_.insert(1);
  ASSERT_EQ(admit(1).code(), proto::OK);
  int asked = 0;
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [&](auto&, auto&) {
    ++asked;
    return proto::AdmitReply();
  });
  database_saves_ = false;
  proto::Operation find;
  find.set_reason("loot");
  auto* gold = find.add_effects()->mutable_balance();
  gold->set_currency("gold");
  gold->set_delta(7);
  ASSERT_EQ(lobby_->commit(player(1), find), Mirror::Guard::kOk);
  client(1, to_zone("field"));
  cluster_->run(seconds(15));
  EXPECT_EQ(asked, 0);
  ASSERT_NE(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(player(1).state, Player::State::kActive);
  EXPECT_EQ(player(1).epoch, 1u);
  EXPECT_EQ(player(1).mirror.balance("gold"), 7);
  database_saves_ = true;
  cluster_->run(seconds(6));
  EXPECT_TRUE(player(1).window.empty());
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(applied_[0].reason(), "loot");
}

TEST_F(LobbyTest, WhoseGatewayWasAwayDuringAHandOverThatFailedStays) {
  other_holds("field/1");
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [&](auto&, auto&) { return std::nullopt; });
  client(1, to_zone("field"));
  cluster_->run(milliseconds(100));
  ASSERT_EQ(player(1).state, Player::State::kLeaving);
  cluster_->down(kGateway);
  cluster_->run(milliseconds(100));
  cluster_->again(kGateway);
  cluster_->run(seconds(60), milliseconds(100));
  ASSERT_NE(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(player(1).epoch, 2u);
  EXPECT_TRUE(player(1).session.linked);
}

TEST_F(LobbyTest, AZoneNobodyHoldsIsBusy) {
  other_holds("field/1");
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->answers<proto::PlaceQuery, proto::PlaceReply>(kAgent, [](auto&, auto&) { return std::nullopt; });
  cluster_->down(kOther);
  EXPECT_EQ(ask<proto::ChangeZoneReply>(1, to_zone("field"))->code(), proto::BUSY);
}

TEST_F(LobbyTest, AnArrivalByTicketStandsInTheZoneItAsksFor) {
  epochs_[1] = 5;
  veterans_.insert(1);
  proto::Admit request;
  request.set_ticket(true);
  request.set_expected_epoch(5);
  request.set_zone("field");
  request.set_channel(1);
  request.set_reason("zone");
  request.mutable_hint()->set_zone("town");
  request.mutable_hint()->set_x_cm(1);
  request.mutable_hint()->set_hit_points(33);
  ASSERT_EQ(admit(1, request).code(), proto::OK);
  EXPECT_EQ(player(1).place, "field/1");
  EXPECT_EQ(player(1).epoch, 6u);
  EXPECT_EQ(player(1).hit_points, 33u);
  EXPECT_GT(player(1).position.x_cm, 1000) << "a position of another zone means nothing here";
}

TEST_F(LobbyTest, PlayersOfALostPlaceGoToItsNewHolder) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  std::optional<proto::Admit> ticket;
  cluster_->up(kOther);
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [&](auto&, const auto& request) {
    ticket = request;
    return proto::AdmitReply();
  });
  other_holds("town/1");
  cluster_->run(seconds(2));
  ASSERT_TRUE(ticket.has_value());
  EXPECT_EQ(ticket->zone(), "town");
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(lobby_->zone("town/1"), nullptr);
}

}  // namespace
}  // namespace dure::test

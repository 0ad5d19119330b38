#include "common/proto/dungeon.pb.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

class LobbyQueueTest : public LobbyTest {
 protected:
  proto::Code join(std::uint64_t player, const std::string& dungeon = "cellar", bool leave = false) {
    proto::QueueRequest request;
    request.set_dungeon(dungeon);
    request.set_leave(leave);
    client(player, request);
    cluster_->turn();
    const auto reply = told<proto::QueueReply>();
    return reply ? reply->code() : proto::INTERNAL;
  }
  void dungeon_up() {
    cluster_->up(kDungeon);
    cluster_->answers<proto::OpenInstance, proto::OpenInstanceReply>(kDungeon, [this](auto&, const auto& open) {
      opened_.push_back(open);
      return proto::OpenInstanceReply();
    });
    cluster_->answers<proto::Admit, proto::AdmitReply>(kDungeon, [this](auto&, const auto& request) {
      admitted_.push_back(request);
      return proto::AdmitReply();
    });
  }
  std::vector<proto::OpenInstance> opened_;
  std::vector<proto::Admit> admitted_;
};

TEST_F(LobbyQueueTest, FourAreMatchedToldAndHandedToTheDungeon) {
  dungeon_up();
  for (std::uint64_t p = 1; p <= 4; ++p) {
    ASSERT_EQ(admit(p).code(), proto::OK);
    ASSERT_EQ(join(p), proto::OK);
  }
  cluster_->run(milliseconds(300));
  ASSERT_EQ(opened_.size(), 1u);
  EXPECT_EQ(opened_[0].players_size(), 4);
  EXPECT_EQ(opened_[0].dungeon(), "cellar");
  const auto notice = told<proto::MatchNotice>();
  ASSERT_TRUE(notice.has_value());
  EXPECT_EQ(notice->code(), proto::OK);
  EXPECT_EQ(notice->run_id(), opened_[0].run_id());
  ASSERT_EQ(admitted_.size(), 4u);
  EXPECT_EQ(admitted_[0].run_id(), opened_[0].run_id());
  EXPECT_TRUE(admitted_[0].ticket());
  EXPECT_EQ(admitted_[0].hint().zone(), "town") << "where it comes back to";
  EXPECT_TRUE(lobby_->players().empty());
}

TEST_F(LobbyQueueTest, OneAloneGoesAfterThreeSeconds) {
  dungeon_up();
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  cluster_->run(milliseconds(2500));
  EXPECT_TRUE(opened_.empty());
  cluster_->run(seconds(1));
  EXPECT_EQ(opened_.size(), 1u);
}

TEST_F(LobbyQueueTest, WhoLeavesTheQueueIsNotMatched) {
  dungeon_up();
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  ASSERT_EQ(join(1, "cellar", true), proto::OK);
  cluster_->run(seconds(4));
  EXPECT_TRUE(opened_.empty());
}

TEST_F(LobbyQueueTest, AQueueThatFaultedIsTakenAnewSoThatEverybodyJoinsAgain) {
  cluster_->up(kOther);
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  const auto epoch_told = [this] {
    std::uint64_t epoch = 0;
    while (const auto notice = cluster_->take<proto::PlacesNotice>(kOther))
      for (const auto& held : notice->second.places())
        if (held.place() == "match") epoch = held.epoch();
    return epoch;
  };
  cluster_->run(seconds(2));
  const std::uint64_t before = epoch_told();
  lobby_->after(Duration(0),
                [this] { lobby_->guarded("queue tick", {}, 1, [] { throw std::runtime_error("broken"); }); });
  cluster_->run(milliseconds(200));
  EXPECT_EQ(epoch_told(), before + 1) << "the other generals have players in it";
  ASSERT_EQ(log_.errors.size(), 1u);
  dungeon_up();
  cluster_->run(seconds(4));
  EXPECT_EQ(opened_.size(), 1u) << "its own are in it again";
}

TEST_F(LobbyQueueTest, WhoLogsOutIsNotMatched) {
  dungeon_up();
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  proto::LeavePlayer leave;
  leave.set_player_id(1);
  cluster_->ask(kGateway, leave);
  cluster_->run(seconds(4));
  EXPECT_TRUE(opened_.empty());
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
}

TEST_F(LobbyQueueTest, AnUnknownDungeonIsRefused) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  EXPECT_EQ(join(1, "moon"), proto::NOT_FOUND);
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
}

TEST_F(LobbyQueueTest, WithoutADungeonNodeThePlayersAreToldAndStay) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  cluster_->run(seconds(4));
  const auto notice = told<proto::MatchNotice>();
  ASSERT_TRUE(notice.has_value());
  EXPECT_EQ(notice->code(), proto::BUSY);
  EXPECT_NE(lobby_->find(PlayerId(1)), nullptr);
}

TEST_F(LobbyQueueTest, ADungeonThatRefusesThePlayerLeavesItHereAndSaysSo) {
  dungeon_up();
  cluster_->answers<proto::Admit, proto::AdmitReply>(kDungeon, [](auto&, auto&) {
    proto::AdmitReply no;
    no.set_code(proto::NOT_FOUND);
    return no;
  });
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  cluster_->run(seconds(4));
  EXPECT_EQ(told<proto::MatchNotice>()->code(), proto::OK);
  EXPECT_EQ(told<proto::MatchNotice>()->code(), proto::BUSY);
  EXPECT_EQ(player(1).epoch, 2u);
}

TEST_F(LobbyQueueTest, ANewHolderOfTheQueueIsToldOfWhoWaits) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  other_holds(kMatchPlace);
  cluster_->answers<proto::QueueJoin, proto::QueueJoinReply>(kOther, [](const auto& header, const auto&) {
    return header.call ? std::optional(proto::QueueJoinReply()) : std::nullopt;
  });
  cluster_->run(milliseconds(200));
  ASSERT_EQ(join(1), proto::OK);
  EXPECT_EQ(lobby_->queue_waiting(), 0u) << "the other general holds the queue";
  cluster_->down(kOther);
  cluster_->run(seconds(2));
  EXPECT_TRUE(lobby_->places().mine(kMatchPlace));
  EXPECT_EQ(lobby_->queue_waiting(), 1u);
  cluster_->up(kOther);
  proto::QueueJoin late;
  late.set_player_id(1);
  late.set_leave(true);
  cluster_->say(kOther, late);
  cluster_->turn();
  EXPECT_EQ(lobby_->queue_waiting(), 1u) << "an owner of before";
}

TEST_F(LobbyQueueTest, OfTwoRequestsAtOnceTheSecondIsToldToWait) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  other_holds(kMatchPlace);
  std::vector<proto::QueueJoin> heard;
  bool answers = false;
  cluster_->answers<proto::QueueJoin, proto::QueueJoinReply>(
      kOther, [&](const auto&, const auto& request) -> std::optional<proto::QueueJoinReply> {
        heard.push_back(request);
        if (!answers) return std::nullopt;
        return proto::QueueJoinReply();
      });
  cluster_->run(milliseconds(200));
  proto::QueueRequest request;
  request.set_dungeon("cellar");
  client(1, request);
  cluster_->run(milliseconds(100));
  EXPECT_FALSE(told<proto::QueueReply>());
  EXPECT_EQ(join(1), proto::BUSY);
  EXPECT_EQ(heard.size(), 1u);
  // Nobody answers: the holder is told to forget what it may have heard, and the next request is a new one.
  cluster_->run(seconds(6));
  const auto late = told<proto::QueueReply>();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->code(), proto::BUSY);
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_TRUE(heard[1].leave());
  answers = true;
  EXPECT_EQ(join(1), proto::OK);
}

class Refusing : public LobbyFeature {
 public:
  explicit Refusing(Lobby&) {}
  std::uint32_t may_enter(Player& player, const std::string&, RunId) override {
    CHECK_MSG(player.id != PlayerId(2), "a trap");
    return proto::OK;
  }
};

TEST_F(LobbyQueueTest, AMatchWhoseEntryThrowsForOneIsEnteredByTheOthers) {
  dungeon_up();
  lobby_->add_feature<Refusing>();
  for (std::uint64_t p = 1; p <= 4; ++p) {
    ASSERT_EQ(admit(p).code(), proto::OK);
    ASSERT_EQ(join(p), proto::OK);
  }
  cluster_->run(milliseconds(300));
  std::set<std::uint64_t> entered;
  for (const auto& ticket : admitted_) entered.insert(ticket.player_id());
  EXPECT_EQ(entered, (std::set<std::uint64_t>{1, 3, 4}));
  std::vector<proto::Code> codes;
  while (const auto notice = told<proto::MatchNotice>()) codes.push_back(notice->code());
  EXPECT_EQ(codes, (std::vector<proto::Code>{proto::OK, proto::INTERNAL, proto::OK, proto::OK}));
  EXPECT_EQ(log_.errors.size(), 1u);
}

TEST_F(LobbyQueueTest, OwnersOnOtherGeneralsAreToldOfTheMatch) {
  dungeon_up();
  cluster_->up(kOther);
  proto::QueueJoin join;
  join.set_player_id(77);
  join.set_dungeon("cellar");
  join.set_owner(kOther.value);
  cluster_->ask(kOther, join);
  cluster_->run(seconds(4));
  const auto found = cluster_->take<proto::MatchFound>(kOther);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->second.players(0), 77u);
  EXPECT_EQ(found->second.node(), kDungeon.value);
}

TEST_F(LobbyQueueTest, WhoWaitsAtANodeThatStopsIsToldThatItWaitsNoMore) {
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(admit(2).code(), proto::OK);
  other_holds(kMatchPlace);
  std::vector<proto::QueueJoin> heard;
  cluster_->answers<proto::QueueJoin, proto::QueueJoinReply>(kOther, [&heard](const auto& header, const auto& join) {
    heard.push_back(join);
    return header.call ? std::optional(proto::QueueJoinReply()) : std::nullopt;
  });
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [](auto&, auto&) { return proto::AdmitReply(); });
  cluster_->run(milliseconds(200));
  ASSERT_EQ(join(1), proto::OK);
  cluster_->in(StopRequested{});
  cluster_->turn();
  EXPECT_EQ(join(2), proto::BUSY) << "it would be handed over in a moment";
  player(1).state = Player::State::kLeaving;  // read again, say, while its place goes
  for (const std::string place : {"town/1", "town/2", "field/1"}) other_holds(place);
  player(1).state = Player::State::kActive;
  cluster_->run(seconds(2));
  ASSERT_TRUE(lobby_->players().empty());
  const auto notice = told<proto::MatchNotice>();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->code(), proto::ABORTED);
  EXPECT_EQ(notice->dungeon(), "cellar");
  EXPECT_FALSE(told<proto::MatchNotice>());
  ASSERT_FALSE(heard.empty());
  EXPECT_TRUE(heard.back().leave());
}

TEST_F(LobbyQueueTest, WhoIsMatchedWhileItIsLeavingAndThenStaysIsMatchedAgain) {
  dungeon_up();
  database_saves_ = false;
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  proto::LeavePlayer leave;
  leave.set_player_id(1);
  cluster_->ask(kGateway, leave);
  cluster_->run(seconds(4));
  ASSERT_EQ(opened_.size(), 1u);
  ASSERT_EQ(player(1).state, Player::State::kLeaving);
  EXPECT_FALSE(told<proto::MatchNotice>());
  cluster_->run(seconds(7));
  ASSERT_EQ(player(1).state, Player::State::kActive) << "it could not be saved";
  EXPECT_EQ(lobby_->queue_waiting(), 1u);
  database_saves_ = true;
  cluster_->run(seconds(8));
  EXPECT_EQ(opened_.size(), 2u);
  EXPECT_EQ(told<proto::MatchNotice>()->code(), proto::OK);
  EXPECT_EQ(admitted_.size(), 1u);
}

TEST_F(LobbyQueueTest, ALateWordOfAFormerOwnerChangesNothing) {
  const NodeId former(Role::kGeneral, 3);
  dungeon_up();
  cluster_->up(kOther);
  cluster_->up(former);
  proto::QueueJoin join;
  join.set_player_id(77);
  join.set_dungeon("cellar");
  join.set_player_epoch(5);
  cluster_->ask(kOther, join);
  join.set_player_epoch(4);
  cluster_->say(former, join);
  join.set_leave(true);
  cluster_->say(former, join);
  cluster_->turn();
  EXPECT_EQ(lobby_->queue_waiting(), 1u);
  cluster_->run(seconds(4));
  EXPECT_TRUE(cluster_->take<proto::MatchFound>(kOther));
  EXPECT_FALSE(cluster_->take<proto::MatchFound>(former));
}

TEST_F(LobbyQueueTest, TheHolderOfTheQueueHearsOfWhichEpochWhoJoinsOrLeavesIs) {
  epochs_[1] = 6;
  ASSERT_EQ(admit(1).code(), proto::OK);
  other_holds(kMatchPlace);
  std::vector<std::pair<bool, std::uint64_t>> heard;
  cluster_->answers<proto::QueueJoin, proto::QueueJoinReply>(kOther, [&heard](const auto& header, const auto& join) {
    heard.emplace_back(join.leave(), join.player_epoch());
    return header.call ? std::optional(proto::QueueJoinReply()) : std::nullopt;
  });
  cluster_->run(milliseconds(200));
  ASSERT_EQ(join(1), proto::OK);
  proto::LeavePlayer leave;
  leave.set_player_id(1);
  cluster_->ask(kGateway, leave);
  cluster_->run(milliseconds(200));
  EXPECT_EQ(heard, (std::vector<std::pair<bool, std::uint64_t>>{{false, 7}, {true, 7}}));
}

TEST_F(LobbyQueueTest, WhomADungeonTookBeforeItDiedTheGatewayTakesOn) {
  dungeon_up();
  cluster_->answers<proto::Admit, proto::AdmitReply>(
      kDungeon, [this](auto&, const auto& request) -> std::optional<proto::AdmitReply> {
        ++epochs_[request.player_id()];  // acquired; nobody is told
        return std::nullopt;
      });
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  cluster_->run(seconds(4));
  ASSERT_TRUE(cluster_->take<proto::Admit>(kDungeon));
  cluster_->forget_sent_to(kGateway);
  cluster_->down(kDungeon);
  cluster_->run(seconds(1));
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  const auto drop = told<proto::RouteDrop>();
  ASSERT_TRUE(drop);
  EXPECT_TRUE(drop->ask_lobby());
  EXPECT_EQ(drop->player_epoch(), 1u) << "the epoch that the gateway knows";
}

}  // namespace
}  // namespace dure::test

// How a player leaves its owner, and what may come between: it is gone, kicked, poisoned, or nobody answers.
#include "common/proto/content.pb.h"
#include "tests/common/game/owner_fixture.h"

namespace dure {
namespace {

const NodeId kDungeon(Role::kDungeon, 1), kElsewhere(Role::kGateway, 2);

class OwnerLeaveTest : public test::OwnerTest {
 protected:
  // Handed to kDungeon, which has not answered yet.
  MeshHeader hand_over(std::uint64_t id) {
    cluster_->up(kDungeon);
    const proto::Admit admit;
    begin(inn_->hand_over(ref(id), kDungeon, admit), &ended_);
    const auto asked = cluster_->take<proto::Admit>(kDungeon);
    EXPECT_TRUE(asked);
    return asked ? asked->first : MeshHeader();
  }
  // Player 1, whose first gateway is still there.
  void resume_elsewhere() {
    cluster_->up(kElsewhere);
    cluster_->ask(kElsewhere, attach_of(kElsewhere, 2));
    cluster_->turn();
    ASSERT_EQ(player(1).session.gateway, kElsewhere);
  }
  std::optional<bool> ended_;
};

TEST_F(OwnerLeaveTest, WhoIsNotHereIsLetGoAlreadyAndNeitherSavedNorReadNorHandedOver) {
  const PlayerRef nobody{PlayerId(9), 1}, earlier{PlayerId(1), 7};
  const proto::Admit admit;
  cluster_->up(kDungeon);
  for (const PlayerRef gone : {nobody, earlier}) {
    std::optional<bool> let_go, saved, read, handed;
    begin(inn_->let_go(gone), &let_go);
    begin(inn_->saved(gone), &saved);
    begin(inn_->reacquire(gone, "test"), &read);
    begin(inn_->hand_over(gone, kDungeon, admit), &handed);
    EXPECT_EQ(let_go, true);
    EXPECT_EQ(saved, false);
    EXPECT_EQ(read, false);
    EXPECT_EQ(handed, false);
  }
  EXPECT_EQ(acquires_, 0);
  EXPECT_FALSE(cluster_->take<proto::Admit>(kDungeon));
  EXPECT_EQ(player(1).state, Player::State::kActive);
}

TEST_F(OwnerLeaveTest, WhatItsEarlierGatewayOrSessionSaysOfWhoResumedAtAnotherChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(resume_elsewhere());
  proto::SessionLost lost;
  lost.set_player_id(1);
  lost.set_session_id(10);
  for (const bool gone : {false, true}) {
    lost.set_gone(gone);
    cluster_->say(kGateway, lost);
    cluster_->turn();
    ASSERT_TRUE(here(1));
    EXPECT_TRUE(player(1).session.linked);
    EXPECT_EQ(player(1).state, Player::State::kActive);
  }
  // Nor does a word that took its time bring the player back there.
  const CallId late = cluster_->ask(kGateway, attach_of(kGateway, 1));
  const CallId admitted = ask_in(1);
  cluster_->turn();
  EXPECT_EQ(cluster_->take_reply<proto::AttachReply>(kGateway, late)->code(), proto::NOT_ALLOWED);
  EXPECT_EQ(cluster_->take_reply<proto::AdmitReply>(kGateway, admitted)->code(), proto::BUSY);
  EXPECT_EQ(player(1).session.gateway, kElsewhere);
  cluster_->say(kElsewhere, lost);
  cluster_->run(seconds(1));
  EXPECT_FALSE(here(1)) << "its own gateway's word";
}

TEST_F(OwnerLeaveTest, WhoIsAskedToLeaveByItsEarlierGatewayOrForAnotherSessionStays) {
  ASSERT_NO_FATAL_FAILURE(resume_elsewhere());
  proto::LeavePlayer leave;
  leave.set_player_id(1);
  leave.set_session_id(10);
  const CallId earlier = cluster_->ask(kGateway, leave);
  leave.set_session_id(9);
  const CallId displaced = cluster_->ask(kElsewhere, leave);
  cluster_->run(seconds(1));
  EXPECT_EQ(cluster_->take_reply<proto::LeavePlayerReply>(kGateway, earlier)->code(), proto::OK);
  EXPECT_EQ(cluster_->take_reply<proto::LeavePlayerReply>(kElsewhere, displaced)->code(), proto::OK);
  ASSERT_TRUE(here(1));
  EXPECT_TRUE(player(1).session.linked);
  EXPECT_EQ(player(1).state, Player::State::kActive);
  leave.set_session_id(10);
  cluster_->ask(kElsewhere, leave);
  cluster_->run(seconds(1));
  EXPECT_FALSE(here(1)) << "its own gateway's word";
}

TEST_F(OwnerLeaveTest, WhoIsLeavingIsNotHandedOverNorReadAgain) {
  saves_ = false;
  now_do([this] { earn(1); });
  begin(inn_->let_go(ref(1)), &ended_);
  ASSERT_EQ(player(1).state, Player::State::kLeaving);
  cluster_->up(kDungeon);
  std::optional<bool> handed, read;
  const proto::Admit admit;
  begin(inn_->hand_over(ref(1), kDungeon, admit), &handed);
  begin(inn_->reacquire(ref(1), "test"), &read);
  EXPECT_EQ(handed, false);
  EXPECT_EQ(read, false);
  EXPECT_FALSE(cluster_->take<proto::RouteHold>(kGateway));
  EXPECT_EQ(acquires_, 0);
  EXPECT_FALSE(ended_) << "it is still being saved";
}

TEST_F(OwnerLeaveTest, WhoIsHandedToNobodyStays) {
  const proto::Admit admit;
  begin(inn_->hand_over(ref(1), NodeId(), admit), &ended_);
  EXPECT_EQ(ended_, false);
  EXPECT_EQ(player(1).state, Player::State::kActive);
  EXPECT_FALSE(cluster_->take<proto::RouteHold>(kGateway));
}

TEST_F(OwnerLeaveTest, WhoseMemoryProvesWrongBeforeItIsHandedOverIsReadAgainAndStays) {
  cluster_->up(kDungeon);
  saves_ = false;
  now_do([this] { earn(1); });
  saves_ = true;
  knows_more_ = 5;
  const proto::Admit admit;
  begin(inn_->hand_over(ref(1), kDungeon, admit), &ended_);
  for (int tries = 0; !player(1).poisoned && tries < 1000; ++tries) cluster_->run(milliseconds(10));
  ASSERT_TRUE(player(1).poisoned);
  saves_ = false;
  cluster_->run(seconds(20));
  EXPECT_EQ(ended_, false);
  EXPECT_FALSE(cluster_->take<proto::Admit>(kDungeon));
  ASSERT_TRUE(here(1));
  EXPECT_EQ(player(1).epoch, 2u);
  EXPECT_EQ(player(1).state, Player::State::kActive);
  EXPECT_FALSE(player(1).poisoned);
}

TEST_F(OwnerLeaveTest, WhoCannotBeSavedAndIsNotToBeTrustedIsReadAgain) {
  saves_ = false;
  now_do([this] { earn(1); });
  begin(inn_->let_go(ref(1)), &ended_);
  now_do([this] {
    earn(1);
    throw std::runtime_error("a test");
  });
  cluster_->run(seconds(11));
  EXPECT_FALSE(ended_) << "what was committed before is still to be saved";
  saves_ = true;
  auto* gold = row_.add_balances();
  gold->set_name("gold");
  gold->set_value(1);
  cluster_->run(seconds(20));
  EXPECT_EQ(ended_, false);
  ASSERT_TRUE(here(1));
  EXPECT_EQ(player(1).state, Player::State::kActive);
  EXPECT_FALSE(player(1).poisoned);
  EXPECT_EQ(player(1).mirror.balance("gold"), 1) << "one was saved, the other dropped";
  for (const auto& applied : applied_)
    for (const auto& operation : applied.operations()) EXPECT_EQ(operation.pseq(), 1u);
}

TEST_F(OwnerLeaveTest, WhoWaitsForWhatIsCommittedDuringAHandoverLearnsThatItIsNotSaved) {
  const MeshHeader asked = hand_over(1);
  saves_ = false;
  now_do([this] { earn(1); });
  std::optional<bool> saved;
  begin(inn_->saved(ref(1)), &saved);
  EXPECT_FALSE(saved);
  cluster_->answer(kDungeon, asked, proto::AdmitReply());
  cluster_->turn();
  EXPECT_EQ(ended_, true);
  EXPECT_FALSE(here(1));
  EXPECT_EQ(saved, false);
}

TEST_F(OwnerLeaveTest, WhoIsKickedWhileItIsSavedForTheLastTimeIsNotReadAgain) {
  saves_ = false;
  now_do([this] { earn(1); });
  begin(inn_->reacquire(ref(1), "test"), &ended_);
  kick(1);
  cluster_->run(seconds(10));
  EXPECT_EQ(ended_, false);
  EXPECT_EQ(acquires_, 0);
  EXPECT_FALSE(here(1));
}

TEST_F(OwnerLeaveTest, WhomNobodyCanReadAgainIsTakenToTheLobbyByItsGateway) {
  grants_ = false;
  begin(inn_->reacquire(ref(1), "test"), &ended_);
  cluster_->run(seconds(15));
  EXPECT_EQ(ended_, false);
  EXPECT_GT(acquires_, 1);
  EXPECT_FALSE(here(1));
  const auto drop = dropped();
  ASSERT_TRUE(drop);
  EXPECT_EQ(drop->session_id(), 10u);
  EXPECT_TRUE(drop->ask_lobby());
  EXPECT_TRUE(here(2));
}

TEST_F(OwnerLeaveTest, WhoIsLetGoWithWhatOtherContentMadeIsReadAgainAtOnce) {
  answers_ = proto::OTHER_CONTENT;
  earn(1);
  begin(inn_->let_go(ref(1)), &ended_);
  cluster_->run(seconds(1));
  EXPECT_EQ(ended_, false);
  ASSERT_TRUE(here(1));
  EXPECT_EQ(player(1).epoch, 2u);
  EXPECT_EQ(player(1).state, Player::State::kActive);
  EXPECT_FALSE(player(1).poisoned);
}

TEST_F(OwnerLeaveTest, WhatWasMadeTwoStepsAheadOfTheContentIsGivenUp) {
  const auto play = [this](std::uint32_t active) {
    proto::ContentNotice notice;
    notice.set_active(active);
    notice.add_versions()->set_version(active);
    cluster_->say(kAgent, notice);
    cluster_->run(seconds(1));
  };
  answers_ = proto::RETRY;
  play(3);
  earn(1);
  play(2);
  ASSERT_TRUE(here(1));
  EXPECT_EQ(player(1).epoch, 1u) << "agents take it";
  play(1);
  ASSERT_TRUE(here(1));
  EXPECT_EQ(player(1).epoch, 2u) << "no agent will ever be as far";
  EXPECT_FALSE(player(1).poisoned);
  EXPECT_TRUE(player(1).window.empty());
}

TEST_F(OwnerLeaveTest, WhoWasHereBeforeAndCannotBePutThereAgainIsSavedBeforeItGoesOn) {
  saves_ = false;
  now_do([this] { earn(1); });
  inn_->commit_soft(player(1), "kill", "gold", 5, false);
  inn_->floor_breaks = true;
  for (int tries = 0; tries < 2; ++tries) {
    const CallId call = cluster_->ask(kGateway, attach_of(kGateway, 1));
    cluster_->turn();
    EXPECT_EQ(cluster_->take_reply<proto::AttachReply>(kGateway, call)->code(), proto::BUSY) << "who asks waits";
    ASSERT_TRUE(here(1));
  }
  const auto drop = dropped();
  ASSERT_TRUE(drop);
  EXPECT_TRUE(drop->ask_lobby());
  cluster_->run(seconds(12));
  ASSERT_TRUE(here(1)) << "what is not saved is not forgotten";
  saves_ = true;
  cluster_->run(seconds(30));
  EXPECT_FALSE(here(1));
  ASSERT_FALSE(applied_.empty());
  EXPECT_EQ(applied_.back().epoch(), 1u);
  EXPECT_EQ(applied_.back().operations_size(), 2);
}

TEST_F(OwnerLeaveTest, AnAgentThatComesUpIsAskedForItsOwnPlayersInboxesAlone) {
  inbox_asked_ = 0;
  PeerFacts other;
  other.shards = {2};
  cluster_->up(NodeId(Role::kDbagent, 2), other);
  EXPECT_EQ(inbox_asked_, 0);
  cluster_->down(kAgent);
  cluster_->up(kAgent, facts_);
  EXPECT_EQ(inbox_asked_, 2);
}

TEST_F(OwnerLeaveTest, ADrainThatNobodySavesEndsAndAsksForNobodyWhoIsGone) {
  saves_ = false;
  now_do([this] {
    earn(1);
    earn(2);
  });
  cluster_->in(StopRequested{});
  cluster_->run(seconds(1));
  EXPECT_EQ(player(1).state, Player::State::kLeaving);
  kick(2);
  cluster_->run(seconds(12));
  EXPECT_TRUE(cluster_->effects<Stopped>().empty()) << "it tries once more";
  cluster_->run(seconds(13));
  EXPECT_EQ(cluster_->effects<Stopped>().size(), 1u);
  EXPECT_TRUE(here(1)) << "what is not saved is not forgotten";
}

TEST_F(OwnerLeaveTest, ADrainReachesEverybodyThoughAWholeShardIsAwayAndOneOfAnotherCannotBeSaved) {
  const std::uint64_t many = 150, first_there = 140;  // the last of them on shard 2
  cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(kAgent, [&](auto&, const auto& query) {
    proto::PlayerLocateReply found;
    found.set_shard(query.player_id() < first_there ? 1 : 2);
    return found;
  });
  facts_.shards = {1, 2};
  cluster_->down(kAgent);
  cluster_->up(kAgent, facts_);
  for (std::uint64_t id = 3; id <= many; ++id) ask_in(id);
  ASSERT_EQ(inn_->players().size(), many);
  cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
      kAgent, [&](auto&, const proto::ApplyRequest& request) -> std::optional<proto::ApplyReply> {
        if (request.player_id() <= first_there) return std::nullopt;
        proto::ApplyReply saved;
        saved.set_saved_pseq(request.operations(request.operations_size() - 1).pseq());
        return saved;
      });
  now_do([&] {
    for (std::uint64_t id = 1; id <= many; ++id) earn(id);
  });
  cluster_->in(StopRequested{});
  cluster_->run(seconds(5));
  EXPECT_TRUE(here(1) && here(first_there)) << "what is not saved is not forgotten";
  for (std::uint64_t id = first_there + 1; id <= many; ++id) EXPECT_FALSE(here(id)) << id;
}

TEST_F(OwnerLeaveTest, WhoseHandoverBreaksWhatItLeavesIsGoneAllTheSameAndMayComeAgain) {
  const MeshHeader asked = hand_over(1);
  inn_->door_breaks = true;
  cluster_->answer(kDungeon, asked, proto::AdmitReply());
  cluster_->turn();
  ASSERT_FALSE(inn_->door_breaks);
  EXPECT_EQ(ended_, true);
  EXPECT_FALSE(here(1));
  const CallId call = ask_in(1);
  const auto reply = cluster_->take_reply<proto::AdmitReply>(kGateway, call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::OK);
  EXPECT_TRUE(here(1));
}

TEST_F(OwnerLeaveTest, WhoStaysAndWhoseGatewayCameBackMeanwhileIsToldToItSoThatItMaySayThatNobodyWaits) {
  saves_ = false;
  now_do([this] { earn(1); });
  lose_socket(1, true);
  ASSERT_EQ(player(1).state, Player::State::kLeaving);
  cluster_->down(kGateway);
  cluster_->again(kGateway);
  EXPECT_EQ(cluster_->take<proto::RouteSet>(kGateway)->second.session_id(), 20u) << "who may be leaving is told later";
  cluster_->run(seconds(11));
  ASSERT_TRUE(here(1)) << "what is not saved is not forgotten";
  const auto route = cluster_->take<proto::RouteSet>(kGateway);
  ASSERT_TRUE(route);
  EXPECT_EQ(route->second.session_id(), 10u);
  saves_ = true;
  lose_socket(1, true);
  cluster_->run(seconds(10));
  EXPECT_FALSE(here(1));
}

// Its gateway is told by the answer, and may not take the word of a route while it waits for that.
TEST_F(OwnerLeaveTest, WhoStaysAndWhoseGatewayWasThereIsNotToldTwice) {
  saves_ = false;
  now_do([this] { earn(1); });
  proto::LeavePlayer leave;
  leave.set_player_id(1);
  const CallId call = cluster_->ask(kGateway, leave);
  cluster_->run(seconds(11));
  EXPECT_EQ(cluster_->take_reply<proto::LeavePlayerReply>(kGateway, call)->code(), proto::BUSY);
  EXPECT_FALSE(cluster_->take<proto::RouteSet>(kGateway));
  EXPECT_TRUE(player(1).session.linked);
}

TEST_F(OwnerLeaveTest, WhoseSessionIsAtAGatewayThatCannotBeReachedIsNotAttachedAndMakesRoom) {
  now_do([this] { earn(1); });
  cluster_->up(kDungeon);
  const CallId call = cluster_->ask(kDungeon, attach_of(kElsewhere, 2));
  cluster_->turn();
  const auto reply = cluster_->take_reply<proto::AttachReply>(kDungeon, call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::BUSY);
  cluster_->run(seconds(1));
  EXPECT_FALSE(here(1)) << "who asked takes it where the gateway can be reached";
  EXPECT_EQ(applied_.size(), 1u);
  EXPECT_TRUE(here(2));
}

}  // namespace
}  // namespace dure

#include "common/proto/rollback.pb.h"
#include "tests/dbagent/agent_fixture.h"

namespace dure {
namespace {

TEST_F(AgentTest, EveryMessageForTheAgentHasAHandler) { EXPECT_TRUE(agent_.routes_without_handler().empty()); }

TEST_F(AgentTest, RequestsOfFiveMillisecondsAreOneGroup) {
  cluster_.up(kGeneral);
  apply(1);
  cluster_.turn();
  cluster_.run(milliseconds(4), milliseconds(1));
  EXPECT_TRUE(groups_.empty());
  apply(2);
  cluster_.run(milliseconds(2), milliseconds(1));
  ASSERT_EQ(groups_.size(), 1u);
  EXPECT_EQ(groups_.front().queue, "shard-0");
  EXPECT_EQ(batch_of(groups_.front()).items_size(), 2);
}

TEST_F(AgentTest, AFullGroupLeavesAtOnceAndTakesNoMoreThanItsLimit) {
  cluster_.up(kGeneral);
  for (std::uint64_t player = 1; player <= 300; ++player) apply(player);
  cluster_.turn();
  ASSERT_EQ(groups_.size(), 1u);
  EXPECT_EQ(batch_of(groups_.front()).items_size(), 256);
}

// Each looks at thousands of rows.
TEST_F(AgentTest, PagesOfARollbackAreLoadsAndNoGroupHasManyOfThem) {
  cluster_.up(kGeneral);
  for (int i = 0; i < 30; ++i) cluster_.ask(kGeneral, proto::PlayerAtQuery());
  cluster_.run(milliseconds(20));
  ASSERT_EQ(groups_.size(), 1u);
  EXPECT_EQ(static_cast<std::size_t>(batch_of(groups_.front()).items_size()), GroupLimits().loads_max);
}

TEST_F(AgentTest, TheNextGroupWaitsForTheOneBeforeIt) {
  cluster_.up(kGeneral);
  apply(1);
  cluster_.run(milliseconds(20));
  apply(2);
  cluster_.run(milliseconds(100));
  ASSERT_EQ(groups_.size(), 1u);
  finish_group();
  ASSERT_EQ(groups_.size(), 1u);
  proto::ApplyRequest second;
  second.ParseFromString(batch_of(groups_.front()).items(0).body());
  EXPECT_EQ(second.player_id(), 2u);
}

TEST_F(AgentTest, NothingIsSavedBeforeTheWorkerSaysSo) {
  cluster_.up(kGeneral);
  const CallId call = apply(1);
  cluster_.run(seconds(1));
  EXPECT_FALSE(cluster_.take_reply<proto::ApplyReply>(kGeneral, call));
  finish_group();
  const auto reply = cluster_.take_reply<proto::ApplyReply>(kGeneral, call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::STORED);
  EXPECT_EQ(reply->saved_pseq(), 9u);
}

TEST_F(AgentTest, AGroupThatWasNotCommittedIsNeverARefusal) {
  cluster_.up(kGeneral);
  const CallId call = apply(1);
  cluster_.run(milliseconds(20));
  finish_group(true);
  const auto reply = cluster_.take_reply<proto::ApplyReply>(kGeneral, call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::RETRY);
}

TEST_F(AgentTest, AnUnreadableAnswerOfTheWorkerIsRetry) {
  cluster_.up(kGeneral);
  const CallId call = apply(1);
  cluster_.run(milliseconds(20));
  cluster_.in(WorkDone{groups_.front().work_id, Bytes()});
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, call)->code(), proto::RETRY);
}

TEST_F(AgentTest, AnotherAgentsShardIsTheWrongShard) {
  cluster_.up(kOtherAgent, PeerFacts{{}, 1, {1}, false});
  cluster_.up(kGeneral);
  const CallId call = apply(1, 1);
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, call)->code(), proto::WRONG_SHARD);
  EXPECT_TRUE(groups_.empty());
}

class SecondAgentTest : public AgentTest {
 protected:
  SecondAgentTest() : AgentTest({}, false) {}
};

TEST_F(SecondAgentTest, TheDirectoryIsTheWrongShardWhereItIsNotServed) {
  cluster_.up(kGateway);
  const CallId call = cluster_.ask(kGateway, proto::AccountQuery());
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::AccountReply>(kGateway, call)->code(), proto::WRONG_SHARD);
  order(1, "feature", {"shop", "off"});
  EXPECT_TRUE(answers().empty());
}

TEST_F(AgentTest, AnAnswerIsNotGivenToAnotherLifeOfTheAsker) {
  cluster_.up(kGeneral);
  const CallId call = apply(1);
  cluster_.run(milliseconds(20));
  cluster_.down(kGeneral);
  cluster_.up(kGeneral);
  finish_group();
  EXPECT_FALSE(cluster_.take_reply<proto::ApplyReply>(kGeneral, call));
}

TEST_F(AgentTest, TermCommitsWhatWaitsAndThenStops) {
  cluster_.up(kGeneral);
  const CallId first = apply(1);
  cluster_.run(milliseconds(20));
  const CallId second = apply(2);
  cluster_.turn();
  cluster_.in(StopRequested{});
  cluster_.turn();
  const CallId late = apply(3);
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, late)->code(), proto::RETRY);
  finish_group();
  EXPECT_TRUE(cluster_.effects<Stopped>().empty());
  finish_group();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, first)->code(), proto::STORED);
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, second)->code(), proto::STORED);
  EXPECT_EQ(cluster_.effects<Stopped>().size(), 1u);
}

TEST_F(AgentTest, AFileThatFailedForGoodEndsTheAgent) {
  cluster_.up(kGeneral);
  const CallId first = apply(1);
  cluster_.run(milliseconds(20));
  finish_group(true, true);
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, first)->code(), proto::RETRY);
  EXPECT_EQ(cluster_.effects<Stopped>().size(), 1u);
  ASSERT_EQ(log_.errors.size(), 1u);
  EXPECT_EQ(log_.errors[0].rfind("store.failed", 0), 0u);
}

TEST_F(AgentTest, WhatWaitedForAFailedFileIsToldToTryAgain) {
  cluster_.up(kGeneral);
  apply(1);
  cluster_.run(milliseconds(20));
  const CallId waiting = apply(2);
  cluster_.turn();
  finish_group(true, true);
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, waiting)->code(), proto::RETRY);
  EXPECT_TRUE(groups_.empty());
  EXPECT_EQ(cluster_.effects<Stopped>().size(), 1u);
}

class NarrowAgentTest : public AgentTest {
 protected:
  NarrowAgentTest() : AgentTest(AgentOptions{{256, 8u << 20, 3, milliseconds(5)}, {}, {}}) {}
};

TEST_F(NarrowAgentTest, MoreThanMayWaitIsToldToTryAgain) {
  cluster_.up(kGeneral);
  for (std::uint64_t player = 1; player <= 3; ++player) apply(player);
  const CallId call = apply(4);
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, call)->code(), proto::RETRY);
}

TEST_F(AgentTest, AShardThatDoesNotAnswerIsAskedForOneAbandonedNameAndTheOthersGoOn) {
  PeerFacts silent;
  silent.shards = {1};
  cluster_.up(kOtherAgent, silent);
  for (std::uint64_t player = 1; player <= 4; ++player) {
    auto* name = reserved_.add_names();
    name->set_player_id(player);
    name->set_shard(player == 4 ? 0 : 1);
  }
  MonoTime asked{};
  std::uint64_t settled = 0;
  for (const MonoTime end = cluster_.now + seconds(40); settled == 0 && cluster_.now < end;) {
    cluster_.run(milliseconds(10));
    if (cluster_.take<proto::SettleCreation>(kOtherAgent) && asked == MonoTime{}) asked = cluster_.now;
    for (; !groups_.empty(); finish_group()) {
      const proto::StoreBatch batch = batch_of(groups_.front());
      for (const auto& item : batch.items()) {
        proto::SettleCreation settle;
        if (item.message_id() != route_id(proto::SettleCreation::descriptor())) continue;
        settle.ParseFromString(item.body());
        settled = settle.player_id();
      }
    }
  }
  EXPECT_EQ(settled, 4u);
  EXPECT_NE(asked, MonoTime{});
  EXPECT_LE(cluster_.now - asked, seconds(6)) << "one deadline";
}

TEST_F(AgentTest, AChangedPasswordIsAnsweredAndThenFencesTheSessionAtEveryGateway) {
  cluster_.up(kGateway);
  cluster_.up(kSecondGateway);
  proto::PasswordSet set;
  set.set_account_id(70);
  set.set_expected_hash("old");
  set.set_password_hash("new");
  cluster_.ask(kGateway, set);
  cluster_.run(milliseconds(50));
  for (const NodeId gateway : {kGateway, kSecondGateway}) {
    const auto fenced = cluster_.take<proto::SessionFenced>(gateway);
    ASSERT_TRUE(fenced);
    EXPECT_EQ(fenced->second.account_id(), 70u);
    EXPECT_EQ(fenced->second.session_epoch(), 4u);
  }
}

TEST_F(AgentTest, AResumedSessionIsFencedEverywhereButWhereItIsResumed) {
  cluster_.up(kGateway);
  cluster_.up(kSecondGateway);
  proto::SessionResume resume;
  resume.set_session_id(77);
  cluster_.ask(kGateway, resume);
  cluster_.run(milliseconds(50));
  EXPECT_FALSE(cluster_.take<proto::SessionFenced>(kGateway));
  const auto fenced = cluster_.take<proto::SessionFenced>(kSecondGateway);
  ASSERT_TRUE(fenced);
  EXPECT_EQ(fenced->second.goes_on(), 77u) << "its player stays in the world";
}

}  // namespace
}  // namespace dure

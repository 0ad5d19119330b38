// Resumes: of a session of this gateway, and of one of another.
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

class ResumeTest : public GatewayTest {
 protected:
  // In the world at kGeneral, and its socket lost.
  void lose() {
    enter(kMina);
    port_.closed(kMina, cluster_.now);
    settle();
    cluster_.forget_sent();
  }
  proto::ResumeRequest request() {
    proto::ResumeRequest resume;
    resume.set_protocol_version(kProtocolVersion);
    resume.set_content_version(1);
    resume.set_session_id(session_.value);
    resume.set_resume_token(token_);
    resume.set_reliable_received(2);
    return resume;
  }
  std::optional<proto::ResumeReply> resume(ClientId client) {
    open(client);
    send(client, request());
    return pick<proto::ResumeReply>(seen(client));
  }
  void directory_says(const proto::SessionReply& reply) {
    cluster_.answers<proto::SessionResume, proto::SessionReply>(
        kAgent, [reply](const MeshHeader&, const proto::SessionResume&) { return std::optional(reply); });
  }
  void owner_answers_attach(proto::Code code) {
    cluster_.answers<proto::Attach, proto::AttachReply>(kGeneral,
                                                        [this, code](const MeshHeader&, const proto::Attach&) {
                                                          ++attached_;
                                                          proto::AttachReply answer;
                                                          answer.set_code(code);
                                                          return std::optional(answer);
                                                        });
  }
  proto::SessionReply granted() {
    proto::SessionReply reply;
    reply.set_session_epoch(++session_epoch_);
    reply.set_account_id(5);
    reply.set_shard(1);
    reply.set_selected_player(50);
    return reply;
  }
  int attached_ = 0;
};

TEST_F(ResumeTest, ABannedOrOvertakenAccountDoesNotComeBack) {
  lose();
  proto::SessionReply banned = granted();
  banned.set_banned_until_unix_ms(unix_ms(cluster_.wall) + 1000);
  directory_says(banned);
  EXPECT_EQ(resume(kAgain)->code(), proto::NOT_ALLOWED);
  proto::SessionReply other = granted();
  other.set_account_id(6);
  other.set_session_epoch(4);
  proto::SessionFenced fenced;
  fenced.set_account_id(6);
  fenced.set_session_epoch(4);
  cluster_.up(NodeId(Role::kGateway, 2));
  cluster_.say(NodeId(Role::kGateway, 2), fenced);
  directory_says(other);
  EXPECT_EQ(resume(ClientId(3))->code(), proto::NOT_ALLOWED)
      << "by a login that was told of while the answer was on its way";
  EXPECT_FALSE(gateway_.session(session_)->attached);
}

TEST_F(ResumeTest, AClientThatLeftMeanwhileIsAnsweredNothing) {
  lose();
  cluster_.answers<proto::SessionResume, proto::SessionReply>(
      kAgent, [](const MeshHeader&, const proto::SessionResume&) { return std::optional<proto::SessionReply>(); });
  EXPECT_FALSE(resume(kAgain));
  const auto asked = cluster_.take<proto::SessionResume>(kAgent);
  ASSERT_TRUE(asked);
  port_.closed(kAgain, cluster_.now);
  settle();
  proto::SessionReply retry;
  retry.set_code(proto::RETRY);
  cluster_.answer(kAgent, asked->first, retry);
  settle();
  EXPECT_FALSE(gateway_.session(session_)->attached);
  EXPECT_TRUE(seen(kAgain).empty());
}

TEST_F(ResumeTest, TheOwnerIsToldUntilItAnswersAndHeldInputGoesOn) {
  lose();
  owner_answers_attach(proto::BUSY);
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kHolding);
  send(kAgain, proto::Echo());
  cluster_.run(milliseconds(500));
  EXPECT_GE(attached_, 2);
  EXPECT_FALSE(cluster_.take<proto::Echo>(kGeneral));
  owner_answers_attach(proto::OK);
  cluster_.run(milliseconds(500));
  EXPECT_TRUE(cluster_.take<proto::Echo>(kGeneral));
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(ResumeTest, AnOwnerThatHasNobodyOfThatNameSendsItToTheLobby) {
  lose();
  owner_answers_attach(proto::NOT_FOUND);
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [this](const MeshHeader&, const proto::Admit& admit) {
    EXPECT_EQ(admit.reason(), "fault");
    route(kGeneral, 9);
    return std::optional(proto::AdmitReply());
  });
  open(kAgain);
  send(kAgain, request());
  cluster_.run(milliseconds(300));
  const auto notice = pick<proto::RouteNotice>(seen(kAgain));
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->epoch(), 9u);
  EXPECT_EQ(notice->returned_because(), "you were gone");
}

TEST_F(ResumeTest, AnAnswerOfAnOwnerThatIsNoLongerTheOwnerSendsNobodyAway) {
  lose();
  cluster_.up(kDungeon);
  cluster_.answers<proto::Attach, proto::AttachReply>(kGeneral, [this](const MeshHeader&, const proto::Attach&) {
    route(kDungeon, 8, "run/1");
    proto::AttachReply answer;
    answer.set_code(proto::NOT_FOUND);
    return std::optional(answer);
  });
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  cluster_.run(milliseconds(300));
  EXPECT_EQ(gateway_.session(session_)->route.owner, kDungeon);
  EXPECT_FALSE(cluster_.take<proto::Admit>(kGeneral));
}

TEST_F(ResumeTest, WhoComesBackWhileItsOwnerIsSoughtWaitsForThatAlone) {
  enter(kMina);
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [](const MeshHeader&, const proto::Admit&) {
    proto::AdmitReply busy;
    busy.set_code(proto::BUSY);
    return std::optional(busy);
  });
  cluster_.up(kDungeon);
  route(kDungeon, 8, "run/1");
  cluster_.down(kDungeon);
  settle();
  port_.closed(kMina, cluster_.now);
  settle();
  cluster_.forget_sent();
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  EXPECT_FALSE(cluster_.take<proto::Attach>(kGeneral)) << "nobody has it";
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kHolding);
}

TEST_F(ResumeTest, WhoComesBackInAHandoffIsToldToBothThatWay) {
  enter(kMina);
  hold(kGeneral, 7);
  port_.closed(kMina, cluster_.now);
  settle();
  owner_answers_attach(proto::OK);
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  cluster_.run(milliseconds(100));
  EXPECT_EQ(attached_, 1);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(ResumeTest, WhoHadChosenNobodyComesBackToItsList) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  port_.closed(kMina, cluster_.now);
  settle();
  cluster_.forget_sent();
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  cluster_.run(milliseconds(300));
  EXPECT_FALSE(cluster_.take<proto::Attach>(kGeneral));
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kAccount);
  EXPECT_TRUE(gateway_.session(session_)->attached);
}

TEST_F(ResumeTest, ASessionOfAnotherGatewayIsWalkedToAGeneralWithItsName) {
  session_ = SessionId(77);
  directory_says(granted());
  std::string reason;
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [&](const MeshHeader&, const proto::Admit& admit) {
    reason = admit.reason();
    route(kGeneral, 9);
    return std::optional(proto::AdmitReply());
  });
  const auto reply = resume(kAgain);
  ASSERT_EQ(reply->code(), proto::OK);
  EXPECT_EQ(reply->player_id(), 50u);
  EXPECT_FALSE(reply->replayed());
  EXPECT_EQ(reason, "resume");
  EXPECT_EQ(gateway_.session(session_)->name, "Mina");
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(ResumeTest, ASessionOfAnotherGatewayWhoseShardIsAwayComesBackWithoutItsList) {
  session_ = SessionId(77);
  proto::SessionReply nobody = granted();
  nobody.set_selected_player(51);
  directory_says(nobody);
  cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(
      kAgent, [](const MeshHeader&, const proto::CharactersRequest&) {
        proto::CharactersReply reply;
        reply.set_code(proto::REJECTED);
        return std::optional(reply);
      });
  const auto reply = resume(kAgain);
  ASSERT_EQ(reply->code(), proto::OK);
  EXPECT_EQ(reply->characters_size(), 0);
  EXPECT_EQ(gateway_.session(session_)->name, "");
}

TEST_F(ResumeTest, WordsOfOutputThatNobodyAskedForAreNothing) {
  enter(kMina);
  SessionTaken strange;
  strange.session = SessionId(999);
  cluster_.in(strange);
  strange.session = session_;
  cluster_.in(strange);
  settle();
  EXPECT_TRUE(seen(kMina).empty());
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
  gateway_.check_invariants();
}

}  // namespace
}  // namespace dure::test

// How the owner of a session that was resumed is told of its new socket, and what comes between.
#include "tests/gateway/resume_fixture.h"

namespace dure::test {
namespace {

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

TEST_F(ResumeTest, AnAnswerToAnEarlierSocketSaysNothingOfTheNewerOne) {
  lose();
  owner_is_silent();
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  const MeshHeader earlier = told();
  ASSERT_EQ(resume(ClientId(3))->code(), proto::OK);
  const MeshHeader newer = told();
  owner_answers(earlier, proto::NOT_FOUND);
  EXPECT_FALSE(cluster_.take<proto::Admit>(kGeneral));
  EXPECT_EQ(gateway_.session(session_)->route.owner, kGeneral);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kHolding);
  owner_answers(newer, proto::OK);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(ResumeTest, OnlyOfTheNewestSocketIsTheOwnerToldAgain) {
  lose();
  owner_answers_attach(proto::BUSY);
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  owner_is_silent();
  ASSERT_EQ(resume(ClientId(3))->code(), proto::OK);
  cluster_.run(milliseconds(500));
  (void)told();
  EXPECT_FALSE(cluster_.take<proto::Attach>(kGeneral));
}

TEST_F(ResumeTest, TheWordOfWhoWasTheOwnerReleasesNoHoldOfTheNextOne) {
  lose();
  cluster_.up(kDungeon);
  owner_is_silent();
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  const MeshHeader asked = told();
  route(kDungeon, 8, "run/1");
  hold(kDungeon, 8);
  settle();
  send(kAgain, proto::Echo());
  owner_answers(asked, proto::OK);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kHolding);
  EXPECT_FALSE(cluster_.take<proto::Echo>(kDungeon));
}

TEST_F(ResumeTest, WhoWasTakenBackMeanwhileIsNotSentAwayByTheAnswerToItsEarlierEpoch) {
  lose();
  owner_is_silent();
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  const MeshHeader asked = told();
  route(kGeneral, 9);
  settle();
  owner_answers(asked, proto::NOT_FOUND);
  EXPECT_FALSE(cluster_.take<proto::Admit>(kGeneral));
  EXPECT_EQ(gateway_.session(session_)->route.owner, kGeneral);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(ResumeTest, AnOwnerThatDoesNotAnswerIsToldAgain) {
  lose();
  owner_is_silent();
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  (void)told();
  owner_answers_attach(proto::OK);
  cluster_.answers<proto::Admit, proto::AdmitReply>(
      kGeneral, [](const MeshHeader&, const proto::Admit&) { return std::optional<proto::AdmitReply>(); });
  cluster_.run(seconds(3));
  EXPECT_GE(attached_, 1);
  EXPECT_FALSE(cluster_.take<proto::Admit>(kGeneral)) << "it is no word of its having nobody";
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
  EXPECT_EQ(gateway_.session(session_)->route.owner, kGeneral);
}

TEST_F(ResumeTest, WhoseOwnerDiesBeforeItHeardOfTheSocketIsSoughtAnotherAndNothingElse) {
  lose();
  owner_answers_attach(proto::BUSY);
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  int attaches = 0;
  bool takes = false;
  cluster_.up(kGeneral2);
  cluster_.answers<proto::Attach, proto::AttachReply>(kGeneral2, [&](const MeshHeader&, const proto::Attach&) {
    ++attaches;
    return std::optional(proto::AttachReply());
  });
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral2, [&](const MeshHeader&, const proto::Admit&) {
    proto::AdmitReply reply;
    if (takes)
      route(kGeneral2, 9);
    else
      reply.set_code(proto::BUSY);
    return std::optional(reply);
  });
  cluster_.down(kGeneral);
  cluster_.run(milliseconds(300));
  takes = true;
  cluster_.run(seconds(1));
  EXPECT_EQ(gateway_.session(session_)->route.owner, kGeneral2);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
  EXPECT_EQ(attaches, 0) << "it took the newer session in";
}

TEST_F(ResumeTest, TheOwnerIsToldNoMoreOfASocketThatIsLostAgain) {
  lose();
  owner_answers_attach(proto::BUSY);
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  port_.closed(kAgain, cluster_.now);
  settle();
  const int before = attached_;
  EXPECT_GE(before, 1);
  cluster_.run(seconds(1));
  EXPECT_EQ(attached_, before);
}

TEST_F(ResumeTest, TheOwnerIsToldNoMoreWhenTheGatewayStops) {
  lose();
  owner_answers_attach(proto::BUSY);
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  cluster_.in(StopRequested{});
  settle();
  ASSERT_EQ(gateway_.session(session_)->state, SessionState::kLeaving);
  const int before = attached_;
  cluster_.run(seconds(1));
  EXPECT_EQ(attached_, before);
  EXPECT_TRUE(cluster_.take<proto::LeavePlayer>(kGeneral));
}

TEST_F(ResumeTest, AnAnswerOfTheOwnerBringsNobodyBackIntoAGatewayThatStops) {
  lose();
  owner_is_silent();
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  const MeshHeader asked = told();
  cluster_.in(StopRequested{});
  settle();
  owner_answers(asked, proto::OK);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kLeaving);
}

// It asks to leave the world, and comes back on another socket before its owner has answered.
class LeavingTest : public ResumeTest {
 protected:
  void SetUp() override {
    enter(kMina);
    send(kMina, proto::LeaveWorldRequest());
    const auto leave = cluster_.take<proto::LeavePlayer>(kGeneral);
    ASSERT_TRUE(leave);
    asked_ = leave->first;
    port_.closed(kMina, cluster_.now);
    settle();
    owner_is_silent();
    ASSERT_EQ(resume(kAgain)->code(), proto::OK);
    EXPECT_FALSE(cluster_.take<proto::Attach>(kGeneral)) << "it leaves still";
  }
  void owner_lets_go(proto::Code code) {
    proto::LeavePlayerReply answer;
    answer.set_code(code);
    cluster_.answer(kGeneral, asked_, answer);
    settle();
  }
  // The answer to what the earlier socket asked, which has no number on this one.
  void expect_told(proto::Code code) {
    const auto frames = seen(kAgain);
    ASSERT_EQ(frames.size(), 1u);
    const auto reply = pick<proto::LeaveWorldReply>(frames);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->code(), code);
    EXPECT_EQ(frames[0].seq, 0u);
  }
  MeshHeader asked_;
};

TEST_F(LeavingTest, WhoCameBackMeanwhileAndStaysIsToldToItsOwnerWhichSendsItsWholeState) {
  owner_lets_go(proto::BUSY);
  const auto attach = cluster_.take<proto::Attach>(kGeneral);
  ASSERT_TRUE(attach);
  EXPECT_EQ(attach->second.session_epoch(), session_epoch_);
  EXPECT_FALSE(attach->second.replayed()) << "what it said while it thought the link dead";
  owner_answers(attach->first, proto::OK);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
  expect_told(proto::BUSY);
}

TEST_F(LeavingTest, WhoCameBackMeanwhileHearsThatItHasLeft) {
  owner_lets_go(proto::OK);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kAccount);
  expect_told(proto::OK);
}

// A request is held, its socket is lost, and the next one's requests have the same number.
class HeldInputTest : public ResumeTest {
 protected:
  void SetUp() override {
    enter(kMina);
    hold(kGeneral, 7);
    number_ = send(kMina, proto::Echo());
    port_.closed(kMina, cluster_.now);
    settle();
    owner_is_silent();
    ASSERT_EQ(resume(kAgain)->code(), proto::OK);
    asked_ = told();
    while (send(kAgain, proto::Echo()) < number_) continue;
  }
  template <class Message>
  std::vector<std::uint32_t> numbers() {
    std::vector<std::uint32_t> numbers;
    for (const Seen& frame : seen(kAgain))
      if (frame.message_id == route_id(Message::descriptor())) numbers.push_back(frame.seq);
    return numbers;
  }
  std::uint32_t number_ = 0;
  MeshHeader asked_;
};

TEST_F(HeldInputTest, OfAnEarlierSocketIsAnsweredWithoutANumberOnTheNewOne) {
  owner_answers(asked_, proto::OK);
  while (const auto echo = cluster_.take<proto::Echo>(kGeneral)) {
    MeshHeader answer = echo->first;
    answer.kind = MeshKind::kToClient;
    answer.message_id = route_id(proto::EchoReply::descriptor());
    cluster_.raw(kGeneral, answer, "");
  }
  settle();
  EXPECT_EQ(numbers<proto::EchoReply>(), (std::vector<std::uint32_t>{0, number_ - 1, number_}));
}

TEST_F(HeldInputTest, OfAnEarlierSocketIsRefusedWithoutANumberOnTheNewOne) {
  cluster_.run(seconds(3));
  EXPECT_EQ(numbers<proto::ErrorReply>(), (std::vector<std::uint32_t>{0, number_ - 1, number_}));
}

class ImpatientResumeTest : public ResumeTest {
 protected:
  ImpatientResumeTest() : ResumeTest(options()) {}
  static GatewayOptions options() {
    GatewayOptions options;
    options.walk_back_deadline = seconds(1);
    return options;
  }
};

TEST_F(ImpatientResumeTest, AnOwnerThatIsAlwaysBusyIsNotToldForEver) {
  lose();
  owner_answers_attach(proto::BUSY);
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  cluster_.run(milliseconds(1500));
  const int before = attached_;
  EXPECT_GE(before, 4);
  cluster_.run(milliseconds(400));
  EXPECT_EQ(attached_, before);
  EXPECT_EQ(gateway_.session(session_)->route.owner, kGeneral);
}

}  // namespace
}  // namespace dure::test

// Resumes: of a session of this gateway, and of one of another.
#include <algorithm>
#include <utility>

#include "tests/gateway/resume_fixture.h"

namespace dure::test {
namespace {

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

TEST_F(ResumeTest, ASessionThatIsResumedAgainAndAgainIsToldWhenToComeBack) {
  lose();
  std::uint32_t again = 100;
  const auto once = [&] {
    directory_says(granted());
    ++again;
    return resume(ClientId(again), "10.0.0." + std::to_string(again) + ":5");
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(once()->code(), proto::OK);
  cluster_.forget_sent();
  const auto refused = once();
  EXPECT_EQ(refused->code(), proto::BUSY);
  EXPECT_GT(refused->retry_after_ms(), 0u);
  EXPECT_LE(refused->retry_after_ms(), 1000u);
  EXPECT_FALSE(cluster_.take<proto::SessionResume>(kAgent)) << "the directory is not asked";
}

TEST_F(ResumeTest, WhoFloodedIsNoFresherByAnotherSocket) {
  enter(kMina);
  owner_answers_attach(proto::OK);
  for (int i = 0; i < 45; ++i) send(kMina, proto::MoveTo());
  ASSERT_EQ(pick<proto::ErrorReply>(seen(kMina))->code(), proto::TOO_FAST);
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  cluster_.forget_sent();
  const std::uint32_t seq = send(kAgain, proto::MoveTo());
  bool refused = false;
  for (const auto& frame : seen(kAgain))
    refused |= frame.message_id == route_id(proto::ErrorReply::descriptor()) && frame.seq == seq;
  EXPECT_TRUE(refused);
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

TEST_F(ResumeTest, AClientThatIsGoneBeforeItsWordIsReadIsNotAskedFor) {
  lose();
  const std::uint32_t epoch = session_epoch_;
  open(kAgain);
  write(kAgain);
  port_.closed(kAgain, cluster_.now);
  settle();
  EXPECT_EQ(session_epoch_, epoch);
  EXPECT_EQ(resume(ClientId(3))->code(), proto::OK);
}

TEST_F(ResumeTest, AClientThatIsGoneWhenItsSessionIsGrantedTakesNothingAndMayComeAgain) {
  lose();
  directory_is_silent();
  EXPECT_FALSE(resume(kAgain));
  const auto asked = cluster_.take<proto::SessionResume>(kAgent);
  ASSERT_TRUE(asked);
  port_.closed(kAgain, cluster_.now);
  settle();
  cluster_.answer(kAgent, asked->first, granted());
  settle();
  EXPECT_FALSE(gateway_.session(session_)->attached);
  EXPECT_FALSE(cluster_.take<proto::Attach>(kGeneral));
  directory_says(granted());
  EXPECT_EQ(resume(ClientId(3))->code(), proto::OK);
  EXPECT_TRUE(gateway_.session(session_)->attached);
}

// Three may come in at once, two of them from one address.
class AdmissionTest : public ResumeTest {
 protected:
  AdmissionTest() : ResumeTest(options()) {
    proto::SessionReply unknown;
    unknown.set_code(proto::NO_SUCH);
    directory_says(unknown);
  }
  static GatewayOptions options() {
    GatewayOptions options;
    options.admissions = {0.1, 3};
    options.address_logins = {0.1, 2};
    return options;
  }
  // Those that are refused are told when to come again.
  std::size_t logged_in(const std::string& address, std::size_t times) {
    std::size_t in = 0;
    for (std::size_t i = 0; i < times; ++i) {
      open(ClientId(++clients_), address);
      const auto reply = log_in(ClientId(clients_));
      EXPECT_TRUE(reply.has_characters() || reply.busy().retry_after_ms() > 0) << reply.DebugString();
      in += reply.has_characters() ? 1 : 0;
    }
    return in;
  }
  std::size_t asked_for(const std::string& address, std::size_t times) {
    std::size_t asked = 0;
    for (std::size_t i = 0; i < times; ++i) {
      const auto reply = resume(ClientId(++clients_), address).value_or(proto::ResumeReply());
      EXPECT_TRUE(reply.code() == proto::NOT_ALLOWED || reply.retry_after_ms() > 0) << reply.DebugString();
      asked += reply.code() == proto::NOT_ALLOWED ? 1 : 0;
    }
    return asked;
  }
  std::uint64_t clients_ = 100;
};

TEST_F(AdmissionTest, AnAddressThatLogsInTooOftenTakesNothingFromOthers) {
  EXPECT_EQ(logged_in("10.0.0.1:5", 4), 2u);
  EXPECT_EQ(logged_in("10.0.0.2:5", 1), 1u);
  EXPECT_EQ(logged_in("10.0.0.3:5", 1), 0u) << "there is no more for anybody";
  EXPECT_EQ(logged_in("127.0.0.1:5", 3), 3u) << "but for developers";
}

TEST_F(AdmissionTest, AnAddressThatResumesTooOftenTakesNothingFromOthersNorFromItsOwnLogins) {
  EXPECT_EQ(asked_for("10.0.0.1:5", 4), 2u);
  EXPECT_EQ(asked_for("10.0.0.2:5", 1), 1u);
  EXPECT_EQ(asked_for("10.0.0.3:5", 1), 0u) << "there is no more for anybody";
  EXPECT_EQ(asked_for("127.0.0.1:5", 3), 3u) << "but for developers";
  EXPECT_EQ(logged_in("10.0.0.1:5", 1), 1u);
}

TEST_F(ResumeTest, InMaintenanceIsAskedForAgainLater) {
  session_ = SessionId(77);
  maintenance_begins();
  const std::uint32_t epoch = session_epoch_;
  const auto reply = resume(kAgain);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::BUSY);
  EXPECT_GT(reply->retry_after_ms(), 0u);
  EXPECT_EQ(session_epoch_, epoch) << "the directory is not asked";
}

TEST_F(ResumeTest, WhoWasComingBackWhenMaintenanceBeganDoesNotGetIn) {
  session_ = SessionId(77);
  cluster_.answers<proto::SessionResume, proto::SessionReply>(kAgent, [this](const MeshHeader&, const auto&) {
    maintenance_begins();
    return std::optional(granted());
  });
  const auto reply = resume(kAgain);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::BUSY);
  EXPECT_EQ(gateway_.sessions(), 0u);
  EXPECT_TRUE(cluster_.take<proto::SessionEnd>(kAgent));
}

TEST_F(ResumeTest, TokensThatAreUsedTwiceFillNoLog) {
  lose();
  proto::SessionReply reused = granted();
  reused.set_code(proto::EXPECTED_OTHER);
  directory_says(reused);
  for (const ClientId client : {kAgain, ClientId(3), ClientId(4)})
    EXPECT_EQ(resume(client)->code(), proto::NOT_ALLOWED);
  EXPECT_EQ(gateway_.session(session_), nullptr);
  const auto lines = std::count_if(log_.lines.begin(), log_.lines.end(),
                                   [](const auto& line) { return line.starts_with("session.token_reused"); });
  EXPECT_EQ(lines, 1) << "once a second";
}

TEST_F(ResumeTest, WhoLeavesWhileTheListOfItsSessionElsewhereIsReadOpensNone) {
  session_ = SessionId(77);
  directory_says(granted());
  lists_are_silent();
  EXPECT_FALSE(resume(kAgain));
  const auto asked = cluster_.take<proto::CharactersRequest>(kAgent);
  ASSERT_TRUE(asked);
  port_.closed(kAgain, cluster_.now);
  settle();
  cluster_.answer(kAgent, asked->first, proto::CharactersReply());
  settle();
  EXPECT_EQ(gateway_.sessions(), 0u);
  EXPECT_FALSE(cluster_.take<proto::Admit>(kGeneral));
}

TEST_F(ResumeTest, OfTwoThatBringASessionFromElsewhereTheSecondAsksAgain) {
  session_ = SessionId(77);
  directory_says(granted());
  lists_are_silent();
  EXPECT_FALSE(resume(kAgain));
  EXPECT_FALSE(resume(ClientId(3)));
  for (const bool first : {true, false}) {
    const auto asked = cluster_.take<proto::CharactersRequest>(kAgent);
    ASSERT_TRUE(asked);
    cluster_.answer(kAgent, asked->first, proto::CharactersReply());
    settle();
    EXPECT_EQ(pick<proto::ResumeReply>(seen(first ? kAgain : ClientId(3)))->code(), first ? proto::OK : proto::BUSY);
  }
  EXPECT_EQ(gateway_.session(session_)->client, kAgain);
}

TEST_F(ResumeTest, ASessionOfAnotherGatewayThatIsOvertakenWhileItsListIsReadIsOver) {
  const NodeId elsewhere(Role::kGateway, 2);
  cluster_.up(elsewhere);
  session_ = SessionId(77);
  directory_says(granted());
  lists_are_silent();
  EXPECT_FALSE(resume(kAgain));
  const auto asked = cluster_.take<proto::CharactersRequest>(kAgent);
  ASSERT_TRUE(asked);
  proto::SessionFenced fenced;
  fenced.set_account_id(5);
  fenced.set_session_epoch(session_epoch_);
  cluster_.say(elsewhere, fenced);
  cluster_.answer(kAgent, asked->first, proto::CharactersReply());
  settle();
  EXPECT_EQ(pick<proto::ResumeReply>(seen(kAgain))->code(), proto::NOT_ALLOWED);
  EXPECT_EQ(gateway_.sessions(), 0u);
}

TEST_F(ResumeTest, ASessionOfAnotherGatewayIsEndedThereAndHasTheNameOfItsOwnCharacter) {
  const NodeId elsewhere(Role::kGateway, 2);
  cluster_.up(elsewhere);
  session_ = SessionId(77);
  directory_says(granted());
  cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(
      kAgent, [](const MeshHeader&, const proto::CharactersRequest&) {
        proto::CharactersReply reply;
        for (const auto& [player, name] : {std::pair(50, "Mina"), std::pair(51, "Nora")}) {
          auto* character = reply.add_characters();
          character->set_player_id(static_cast<std::uint64_t>(player));
          character->set_name(name);
        }
        return std::optional(reply);
      });
  ASSERT_EQ(resume(kAgain)->code(), proto::OK);
  EXPECT_EQ(gateway_.session(session_)->name, "Mina");
  const auto fenced = cluster_.take<proto::SessionFenced>(elsewhere);
  ASSERT_TRUE(fenced);
  EXPECT_EQ(fenced->second.account_id(), 5u);
  EXPECT_EQ(fenced->second.session_epoch(), session_epoch_ - 1);
  EXPECT_EQ(fenced->second.goes_on(), session_.value);
}

// Whoever was to be fenced while the directory's agent died, or could not be reached, plays on nowhere.
TEST_F(ResumeTest, ASessionWhoseFenceWasLostEndsOnceTheDirectoryIsReachedAgain) {
  enter(kMina);
  int asked = 0;
  cluster_.answers<proto::SessionsHeld, proto::SessionsHeldReply>(
      kAgent, [&](const MeshHeader&, const proto::SessionsHeld& held) {
        proto::SessionsHeldReply reply;
        if (++asked == 1) {
          reply.set_code(proto::RETRY);
          return std::optional(reply);
        }
        EXPECT_EQ(held.sessions_size(), 1);
        EXPECT_EQ(held.sessions(0).account_id(), 5u);
        EXPECT_EQ(held.sessions(0).session_epoch(), session_epoch_);
        if (asked == 2) return std::optional(reply);
        auto* over = reply.add_over();
        over->set_account_id(5);
        over->set_session_epoch(session_epoch_);
        return std::optional(reply);
      });
  PeerFacts directory;
  directory.shards = {1};
  directory.directory = true;
  cluster_.down(kAgent);
  cluster_.up(kAgent, directory);
  cluster_.run(seconds(2));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(gateway_.sessions(), 1u) << "it goes on";
  cluster_.down(kAgent);
  cluster_.up(kAgent, directory);
  settle();
  EXPECT_EQ(gateway_.sessions(), 0u);
  EXPECT_TRUE(pick<proto::CloseNotice>(seen(kMina)));
}

TEST_F(ResumeTest, ASessionThatGoesOnAtAnotherGatewayEndsHereAndItsPlayerStaysInTheWorld) {
  enter(kMina);
  const NodeId elsewhere(Role::kGateway, 2);
  cluster_.up(elsewhere);
  cluster_.forget_sent();
  proto::SessionFenced fenced;
  fenced.set_account_id(5);
  fenced.set_session_epoch(session_epoch_);
  fenced.set_goes_on(session_.value);
  cluster_.say(elsewhere, fenced);
  settle();
  EXPECT_EQ(gateway_.sessions(), 0u);
  EXPECT_TRUE(pick<proto::CloseNotice>(seen(kMina)));
  const auto lost = cluster_.take<proto::SessionLost>(kGeneral);
  ASSERT_TRUE(lost);
  EXPECT_FALSE(lost->second.gone());
  EXPECT_FALSE(cluster_.take<proto::SessionLost>(kGeneral));
  // To an owner that has just taken it in, for this gateway still, it is a lost socket, too.
  route(kGeneral, 8);
  settle();
  const auto late = cluster_.take<proto::SessionLost>(kGeneral);
  ASSERT_TRUE(late);
  EXPECT_FALSE(late->second.gone());
  cluster_.run(seconds(15));
  route(kGeneral, 8);
  settle();
  const auto later = cluster_.take<proto::SessionLost>(kGeneral);
  ASSERT_TRUE(later);
  EXPECT_TRUE(later->second.gone());
}

TEST_F(ResumeTest, WhoOvertakesAnotherSocketsResumeIsToldThatItMissedWhatCameBetween) {
  lose();
  directory_is_silent();
  EXPECT_FALSE(resume(kAgain));
  const auto first = cluster_.take<proto::SessionResume>(kAgent);
  const ClientId third(3);
  EXPECT_FALSE(resume(third));
  const auto second = cluster_.take<proto::SessionResume>(kAgent);
  ASSERT_TRUE(first && second);
  // Within the time that the ring needs from the first socket's IO thread: a grant, a reliable frame, another grant.
  cluster_.answer(kAgent, first->first, granted());
  cluster_.turn();
  MeshHeader header;
  header.kind = MeshKind::kToClient;
  header.message_id = route_id(proto::SavedNotice::descriptor());
  header.session = session_;
  header.session_epoch = session_epoch_;
  header.player_epoch = 7;
  cluster_.raw(kGeneral, header, proto::SavedNotice().SerializeAsString());
  cluster_.turn();
  cluster_.answer(kAgent, second->first, granted());
  cluster_.turn();
  settle();
  const auto frames = seen(third);
  ASSERT_FALSE(pick<proto::SavedNotice>(frames)) << "it went with the second socket";
  const auto reply = pick<proto::ResumeReply>(frames);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::OK);
  EXPECT_FALSE(reply->replayed());
  const auto told = cluster_.take<proto::Attach>(kGeneral);
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->second.replayed()) << "the owner sends it its whole state";
  // The next one has overtaken nobody, and has missed nothing since.
  const auto next = resume_with(ClientId(4), reply->resume_token());
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->replayed());
}

// It presents the token of before, and counts what it had received then.
TEST_F(ResumeTest, WhoDidNotHearThatFramesAreCountedAnewIsNotBelievedItsCount) {
  lose();
  (void)granted();
  const std::string before = token_;
  const auto unheard = resume_with(ClientId(3), before);
  ASSERT_TRUE(unheard);
  ASSERT_FALSE(unheard->replayed()) << "it was elsewhere in between";
  port_.closed(ClientId(3), cluster_.now);
  settle();
  const auto again = resume_with(ClientId(4), before);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->replayed());
  port_.closed(ClientId(4), cluster_.now);
  settle();
  const auto heard = resume_with(ClientId(5), again->resume_token());
  ASSERT_TRUE(heard);
  EXPECT_TRUE(heard->replayed());
  port_.closed(ClientId(5), cluster_.now);
  settle();
  const auto same_count = resume_with(ClientId(6), again->resume_token());
  ASSERT_TRUE(same_count);
  EXPECT_TRUE(same_count->replayed()) << "the reply that it did not hear changed nothing";
}

// The word of the gateway that had it in between was lost.
TEST_F(ResumeTest, WhoWasElsewhereInBetweenHearsNothingAgainOfBefore) {
  lose();
  (void)granted();
  directory_says(granted());
  const ClientId third(3);
  proto::ResumeRequest again = request();
  again.set_reliable_received(0);
  open(third);
  send(third, again);
  const auto frames = seen(third);
  const auto reply = pick<proto::ResumeReply>(frames);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::OK);
  EXPECT_FALSE(reply->replayed());
  EXPECT_EQ(frames.size(), 1u);
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

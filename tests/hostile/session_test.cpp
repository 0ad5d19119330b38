// Two who claim one session: the later epoch has it, the other is told and closed.
#include "common/proto/cluster.pb.h"
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

const NodeId kOtherGateway(Role::kGateway, 2);

class HostileSession : public GatewayTest {
 protected:
  static proto::SessionFenced fence(std::uint32_t epoch) {
    proto::SessionFenced fenced;
    fenced.set_account_id(5);
    fenced.set_session_epoch(epoch);
    fenced.set_reason("logged in elsewhere");
    return fenced;
  }
  std::vector<Seen> resume(ClientId client, const std::string& token) {
    open(client);
    proto::ResumeRequest request;
    request.set_protocol_version(kProtocolVersion);
    request.set_content_version(1);
    request.set_session_id(session_.value);
    request.set_resume_token(token);
    send(client, request);
    return seen(client);
  }
};

TEST_F(HostileSession, ALoginAtAnotherGatewayClosesThisOneAndAnOlderFenceDoesNot) {
  cluster_.up(kOtherGateway);
  enter(kMina);
  cluster_.say(kOtherGateway, fence(session_epoch_ - 1));
  settle();
  EXPECT_FALSE(port_.closing(kMina));
  cluster_.say(kOtherGateway, fence(session_epoch_));
  settle();
  EXPECT_TRUE(port_.closing(kMina));
  EXPECT_TRUE(pick<proto::CloseNotice>(seen(kMina)));
  EXPECT_EQ(gateway_.sessions(), 0u);
  const auto lost = cluster_.take<proto::SessionLost>(kGeneral);
  ASSERT_TRUE(lost) << "its owner is told";
  EXPECT_TRUE(lost->second.gone());
}

TEST_F(HostileSession, OfTwoLoginsInOneMomentTheLaterEpochWinsThoughItsFenceIsHeardFirst) {
  cluster_.up(kOtherGateway);
  // The grant and the fence of the next login come in the same turn.
  cluster_.answers<proto::SessionBegin, proto::SessionReply>(
      kAgent, [this](const MeshHeader& header, const proto::SessionBegin&) {
        proto::SessionReply reply;
        reply.set_session_epoch(++session_epoch_);
        reply.set_account_id(5);
        reply.set_shard(1);
        cluster_.answer(kAgent, header, reply);
        cluster_.say(kAgent, fence(session_epoch_));
        return std::optional<proto::SessionReply>();
      });
  open(kMina);
  const auto reply = log_in(kMina);
  EXPECT_TRUE(reply.has_denied());
  EXPECT_EQ(gateway_.sessions(), 0u) << "two gateways would hold this account";
}

TEST_F(HostileSession, AnExpectationThatAnotherLoginOvertookIsTakenUpAgain) {
  open(kMina);
  bool overtaken = false;
  cluster_.answers<proto::AccountQuery, proto::AccountReply>(
      kAgent, [this, &overtaken](const MeshHeader&, const proto::AccountQuery& query) {
        proto::AccountReply account;
        if (query.create()) password_hash_ = query.password_hash();
        account.set_code(password_hash_.empty() ? proto::NO_SUCH : proto::STORED);
        account.set_account_id(5);
        account.set_shard(1);
        account.set_session_epoch(session_epoch_);
        account.set_password_hash(password_hash_);
        if (!std::exchange(overtaken, true)) return std::optional(account);
        ++session_epoch_;  // another gateway's login, between our question and our claim
        return std::optional(account);
      });
  EXPECT_TRUE(log_in(kMina).has_characters());
  EXPECT_EQ(gateway_.session(session_)->epoch, session_epoch_);
}

TEST_F(HostileSession, AResumeWhileTheOldSocketStillStandsClosesTheOldOne) {
  enter(kMina);
  const auto frames = resume(kAgain, token_);
  EXPECT_EQ(pick<proto::ResumeReply>(frames)->code(), proto::OK);
  EXPECT_TRUE(port_.closing(kMina));
  EXPECT_FALSE(port_.closing(kAgain));
  EXPECT_EQ(gateway_.sessions(), 1u);
  EXPECT_EQ(gateway_.session(session_)->client, kAgain);
}

TEST_F(HostileSession, AResumeTokenUsedTwiceEndsTheSessionEverywhereAndIsLogged) {
  cluster_.up(kOtherGateway);
  enter(kMina);
  cluster_.answers<proto::SessionResume, proto::SessionReply>(kAgent,
                                                              [](const MeshHeader&, const proto::SessionResume&) {
                                                                proto::SessionReply reply;
                                                                reply.set_code(proto::EXPECTED_OTHER);
                                                                reply.set_account_id(5);
                                                                reply.set_session_epoch(9);
                                                                reply.set_detail("token reused");
                                                                return std::optional(reply);
                                                              });
  EXPECT_EQ(pick<proto::ResumeReply>(resume(kAgain, "stolen"))->code(), proto::NOT_ALLOWED);
  EXPECT_TRUE(port_.closing(kMina)) << "neither of the two stays";
  EXPECT_EQ(gateway_.sessions(), 0u);
  EXPECT_TRUE(cluster_.take<proto::SessionFenced>(kOtherGateway));
  EXPECT_TRUE(std::any_of(log_.lines.begin(), log_.lines.end(),
                          [](const auto& line) { return line.starts_with("session.token_reused"); }));
}

TEST_F(HostileSession, AResumeOfASessionThatIsUnknownHereAndThereIsRefused) {
  cluster_.answers<proto::SessionResume, proto::SessionReply>(kAgent,
                                                              [](const MeshHeader&, const proto::SessionResume&) {
                                                                proto::SessionReply reply;
                                                                reply.set_code(proto::NO_SUCH);
                                                                return std::optional(reply);
                                                              });
  session_ = SessionId(12345);
  EXPECT_EQ(pick<proto::ResumeReply>(resume(kMina, ""))->code(), proto::NOT_ALLOWED);
  EXPECT_EQ(gateway_.sessions(), 0u);
}

}  // namespace
}  // namespace dure::test

#include "tests/gateway/gateway_fixture.h"

namespace dure {
namespace {

using test::kAgain;
using test::kAgent;
using test::kMina;

class PasswordChange : public test::GatewayTest {
 protected:
  PasswordChange() {
    cluster_.answers<proto::PasswordSet, proto::SessionReply>(
        kAgent, [this](const MeshHeader&, const proto::PasswordSet& set) {
          proto::SessionReply reply;
          if (set.expected_hash() == password_hash_)
            password_hash_ = set.password_hash(), ++session_epoch_;
          else
            reply.set_code(proto::EXPECTED_OTHER);
          reply.set_session_epoch(session_epoch_);
          return std::optional(reply);
        });
  }
  std::optional<proto::ChangePasswordReply> change(const std::string& current, const std::string& wanted) {
    proto::ChangePasswordRequest request;
    request.set_current_password(current);
    request.set_new_password(wanted);
    send(kMina, request);
    return pick<proto::ChangePasswordReply>(seen(kMina));
  }
  proto::Code code_of(const std::string& current, const std::string& wanted) {
    const auto reply = change(current, wanted);
    return reply ? reply->code() : proto::INTERNAL;
  }
};

TEST_F(PasswordChange, TheNewOneCountsAndTheFenceThatFollowsEndsTheSession) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  const std::uint32_t epoch = session_epoch_;
  EXPECT_EQ(code_of("secret", "n\xc3\xa9w"), proto::OK);
  proto::SessionFenced fenced;
  fenced.set_account_id(5);
  fenced.set_session_epoch(epoch);
  fenced.set_reason("password changed");
  cluster_.say(kAgent, fenced);
  settle();
  const auto closed = pick<proto::CloseNotice>(seen(kMina));
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->reason(), "password changed");
  EXPECT_EQ(gateway_.sessions(), 0u);
  open(kAgain);
  EXPECT_TRUE(log_in(kAgain).has_denied()) << "the old one";
  EXPECT_TRUE(log_in(kAgain, "ne\xcc\x81w").has_characters()) << "the same word, typed elsewhere";
}

TEST_F(PasswordChange, AWrongOneChangesNothing) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  const std::string before = password_hash_;
  EXPECT_EQ(code_of("guess", "mine"), proto::NOT_ALLOWED);
  EXPECT_EQ(code_of("", "mine"), proto::NOT_ALLOWED);
  EXPECT_EQ(code_of(std::string(129, 'x'), "mine"), proto::NOT_ALLOWED);
  EXPECT_EQ(password_hash_, before);
  EXPECT_EQ(gateway_.sessions(), 1u);
}

TEST_F(PasswordChange, WhatCannotBeAPasswordIsRefusedBeforeItIsHashed) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  const int before = hashed_;
  for (const std::string& bad : {std::string(), std::string(129, 'x')})
    EXPECT_EQ(code_of("secret", bad), proto::INVALID);
  EXPECT_EQ(hashed_, before);
}

TEST_F(PasswordChange, WhoFoundASessionOpenHasAFewTries) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  int tried = 0;
  std::optional<proto::ChangePasswordReply> reply;
  while (tried < 20 && (reply = change("guess", "mine")) && reply->code() == proto::NOT_ALLOWED) ++tried;
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::BUSY);
  EXPECT_GT(reply->retry_after_ms(), 0u);
  EXPECT_EQ(tried, 5);
}

TEST_F(PasswordChange, AnAccountThatLogsInByTicketsHasNoneToChange) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  cluster_.answers<proto::AccountQuery, proto::AccountReply>(kAgent, [](const MeshHeader&, const proto::AccountQuery&) {
    proto::AccountReply reply;
    reply.set_account_id(5);
    return std::optional(reply);
  });
  EXPECT_EQ(code_of("", "mine"), proto::NOT_ALLOWED);
  EXPECT_EQ(code_of("secret", "mine"), proto::NOT_ALLOWED);
}

TEST_F(PasswordChange, BeforeTheLoginAndInTheWorldItIsTheWrongState) {
  open(kAgain);
  proto::ChangePasswordRequest request;
  request.set_current_password("secret");
  request.set_new_password("mine");
  send(kAgain, request);
  EXPECT_EQ(pick<proto::ErrorReply>(seen(kAgain))->code(), proto::WRONG_STATE);
  enter(kMina);
  send(kMina, request);
  EXPECT_EQ(pick<proto::ErrorReply>(seen(kMina))->code(), proto::WRONG_STATE);
}

}  // namespace
}  // namespace dure

#include "gateway/login_guard.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

const MonoTime kNow{seconds(100)};
const Duration kMay{};

class LoginGuardTest : public ::testing::Test {
 protected:
  LoginGuard guard_{{0.5, 5}, {20, 40}};
};

TEST_F(LoginGuardTest, AnAccountIsTriedFiveTimesFromWhereverAndThenOnceInTwoSeconds) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guard_.try_password("mina", "10.0.0." + std::to_string(i), kNow), kMay);
  const Duration wait = guard_.try_password("mina", "10.0.0.9", kNow);
  EXPECT_GT(wait, kMay);
  EXPECT_LE(wait, seconds(2) + milliseconds(1));
  EXPECT_EQ(guard_.try_password("mina", "10.0.0.9", kNow + wait), kMay);
  EXPECT_EQ(guard_.try_password("other", "10.0.0.9", kNow), kMay);
}

TEST_F(LoginGuardTest, ASessionIsResumedOnceASecond) {
  const SessionId mine(7), other(8);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guard_.session_resumes(mine, kNow), kMay);
  const Duration wait = guard_.session_resumes(mine, kNow);
  EXPECT_GT(wait, kMay);
  EXPECT_LE(wait, seconds(1) + milliseconds(1));
  EXPECT_EQ(guard_.session_resumes(other, kNow), kMay);
  guard_.sweep(kNow + milliseconds(900));
  EXPECT_GT(guard_.session_resumes(mine, kNow + milliseconds(900)), kMay);
  EXPECT_EQ(guard_.session_resumes(mine, kNow + wait), kMay);
}

TEST_F(LoginGuardTest, AFloodAgainstAnAccountDoesNotReachTheAddressItWasLoggedInFrom) {
  guard_.succeeded("mina", "home");
  MonoTime now = kNow;
  for (int s = 0; s < 3600; ++s, now += seconds(1)) {
    for (int i = 0; i < 5; ++i) (void)guard_.try_password("mina", "flood", now);
    guard_.sweep(now);
  }
  (void)guard_.try_password("mina", "flood", now);  // faster than the owner once more
  EXPECT_GT(guard_.try_password("mina", "elsewhere", now), kMay);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guard_.try_password("mina", "home", now), kMay);
  EXPECT_GT(guard_.try_password("mina", "home", now), kMay) << "a thief at home has no more tries than before";
}

TEST_F(LoginGuardTest, AnAddressLogsInAndResumesEachFortyTimesAtOnceAndThenTwentyTimesASecond) {
  for (const LoginGuard::Way in : {LoginGuard::Way::kLogin, LoginGuard::Way::kResume}) {
    const auto may = [&](int times, MonoTime now) {
      int let_in = 0;
      for (int i = 0; i < times; ++i) let_in += guard_.address_may(in, "10.0.0.1", now) ? 1 : 0;
      return let_in;
    };
    EXPECT_EQ(may(100, kNow), 40);
    guard_.sweep(kNow + seconds(1));
    EXPECT_EQ(may(100, kNow + seconds(1)), 20);
    EXPECT_TRUE(guard_.address_may(in, "10.0.0.2", kNow));
  }
}

TEST_F(LoginGuardTest, RemembersTheLatestPairsOnly) {
  guard_.succeeded("mina", "home");
  for (std::size_t i = 0; i < LoginGuard::kKnownMax; ++i) {
    if (i == 100) guard_.succeeded("mina", "home");  // again
    guard_.succeeded("account" + std::to_string(i), "x");
  }
  EXPECT_EQ(guard_.known(), LoginGuard::kKnownMax);
  EXPECT_TRUE(guard_.knows("mina", "home"));
  EXPECT_FALSE(guard_.knows("account0", "x"));
  EXPECT_FALSE(guard_.knows("mina", "x"));
}

}  // namespace
}  // namespace dure

#include "gateway/hash_queue.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

const MonoTime kNow{seconds(100)};

class HashQueueTest : public ::testing::Test {
 protected:
  CallId join(const std::string& source, bool known = false) {
    const CallId who(++last_);
    joined_ = queue_.join(source, known, who);
    from_[who] = source;
    return who;
  }
  // Serves `most`, and says whose they were.
  std::vector<std::string> serve(std::size_t most) {
    std::vector<std::string> served;
    while (served.size() < most) {
      const auto turn = queue_.next(kNow);
      if (!turn) break;
      served.push_back(from_.at(*turn));
      queue_.done(*turn, kNow + milliseconds(100));
    }
    return served;
  }
  HashQueue queue_{milliseconds(1500), milliseconds(100)};
  HashQueue::Joined joined_;
  std::map<CallId, std::string> from_;
  std::uint64_t last_ = 0;
};

TEST_F(HashQueueTest, SourcesTakeTurnsHoweverLongTheirLinesAre) {
  for (int i = 0; i < 10; ++i) join("flood");
  join("anna");
  join("bert");
  EXPECT_EQ(serve(4), (std::vector<std::string>{"flood", "anna", "bert", "flood"}));
}

TEST_F(HashQueueTest, OneAndAHalfSecondsOfWorkMayWaitAndTheNextIsBusy) {
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    join("address " + std::to_string(i));
    taken += joined_.taken ? 1 : 0;
  }
  EXPECT_EQ(taken, 15);
  EXPECT_EQ(queue_.waiting(), 15u);
  EXPECT_GE(queue_.wait(), seconds(1));
}

TEST_F(HashQueueTest, WhenAllPlacesAreTakenTheLongestLineGivesUpItsLast) {
  CallId last;
  for (int i = 0; i < 15; ++i) last = join("flood");
  join("flood");
  EXPECT_FALSE(joined_.taken);
  join("anna");
  EXPECT_TRUE(joined_.taken);
  EXPECT_EQ(joined_.displaced, last);
  EXPECT_EQ(queue_.waiting(), 15u);
  EXPECT_EQ(serve(2), (std::vector<std::string>{"flood", "anna"}));
}

TEST_F(HashQueueTest, ThousandAddressesDoNotKeepOutWhoIsKnownToTheAccount) {
  for (int i = 0; i < 1000; ++i) join("stranger " + std::to_string(i));
  join("home", true);
  ASSERT_TRUE(joined_.taken);
  EXPECT_TRUE(joined_.displaced);
  EXPECT_EQ(serve(1), std::vector<std::string>{"home"});
  join("home", true);
  join("home", true);
  const auto served = serve(4);
  EXPECT_EQ(std::count(served.begin(), served.end(), "home"), 2) << "by turns: strangers are not kept out either";
}

TEST_F(HashQueueTest, HowMuchMayWaitFollowsWhatAHashCosts) {
  for (int i = 0; i < 100; ++i) {
    const CallId who = join("a");
    ASSERT_EQ(queue_.next(kNow), who);
    queue_.done(who, kNow + milliseconds(500));
  }
  EXPECT_NEAR(static_cast<double>(to_ms(queue_.cost())), 500, 5);
  int taken = 0;
  for (int i = 0; i < 10; ++i) {
    join("address " + std::to_string(i));
    taken += joined_.taken ? 1 : 0;
  }
  EXPECT_EQ(taken, 3);
}

// The process stood still while one was at work.
TEST_F(HashQueueTest, OneThatTookVeryLongKeepsNobodyOutForEver) {
  const CallId first = join("a");
  ASSERT_EQ(queue_.next(kNow), first);
  queue_.done(first, kNow + seconds(20));
  ASSERT_GT(queue_.cost(), milliseconds(1500));
  for (int i = 0; i < 20; ++i) {
    const CallId who = join("b");
    ASSERT_TRUE(joined_.taken) << i;
    ASSERT_EQ(queue_.next(kNow), who);
    queue_.done(who, kNow + milliseconds(100));
  }
  EXPECT_LT(queue_.cost(), milliseconds(500));
}

TEST_F(HashQueueTest, WhoLeavesMakesRoomAndOneAtATimeIsAtWork) {
  const CallId first = join("a"), second = join("a"), third = join("b");
  EXPECT_EQ(queue_.next(kNow), first);
  EXPECT_EQ(queue_.next(kNow), std::nullopt);
  queue_.leave(second);
  queue_.leave(first);
  EXPECT_EQ(queue_.cost(), milliseconds(100)) << "nothing was measured";
  EXPECT_EQ(queue_.next(kNow), third);
  queue_.sweep(kNow + seconds(29));
  EXPECT_EQ(queue_.waiting(), 1u);
  queue_.sweep(kNow + seconds(30));
  EXPECT_EQ(queue_.waiting(), 0u) << "whoever never came back";
}

}  // namespace
}  // namespace dure

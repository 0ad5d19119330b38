#include "common/logic/timers.h"

#include <gtest/gtest.h>

#include <string>

namespace dure {
namespace {

MonoTime ms(int n) { return MonoTime(milliseconds(n)); }

std::string run(Timers& timers, MonoTime now) {
  while (auto action = timers.take_due(now)) action();
  return {};
}

TEST(Timers, AreDueInOrderOfTimeThenOfInsertion) {
  Timers timers;
  std::string story;
  timers.at(ms(20), [&] { story += "c"; });
  timers.at(ms(10), [&] { story += "a"; });
  timers.at(ms(10), [&] { story += "b"; });
  timers.at(ms(30), [&] { story += "d"; });
  EXPECT_EQ(timers.next_due(), ms(10));
  run(timers, ms(9));
  EXPECT_EQ(story, "");
  run(timers, ms(20));
  EXPECT_EQ(story, "abc");
  EXPECT_EQ(timers.next_due(), ms(30));
  run(timers, ms(1000));
  EXPECT_EQ(story, "abcd");
  EXPECT_EQ(timers.next_due(), MonoTime::max());
  EXPECT_EQ(timers.size(), 0u);
}

TEST(Timers, ACancelledOneNeverRunsAndCancellingTwiceIsHarmless) {
  Timers timers;
  int ran = 0;
  const TimerId id = timers.at(ms(1), [&] { ++ran; });
  timers.cancel(id);
  timers.cancel(id);
  timers.cancel(0);
  timers.cancel(12345);
  run(timers, ms(10));
  EXPECT_EQ(ran, 0);
}

TEST(Timers, OneMayCancelAnotherThatIsDueAtTheSameMoment) {
  Timers timers;
  int ran = 0;
  TimerId second = 0;
  timers.at(ms(1), [&] { timers.cancel(second); });
  second = timers.at(ms(1), [&] { ++ran; });
  run(timers, ms(1));
  EXPECT_EQ(ran, 0);
}

TEST(Timers, CancelFromForgetsExactlyWhatWasStartedSince) {
  Timers timers;
  std::string story;
  timers.at(ms(5), [&] { story += "kept"; });
  const TimerId mark = timers.mark();
  timers.at(ms(1), [&] { story += "x"; });
  timers.at(ms(9), [&] { story += "y"; });
  timers.cancel_from(mark);
  EXPECT_EQ(timers.size(), 1u);
  run(timers, ms(100));
  EXPECT_EQ(story, "kept");
}

TEST(Timers, OneThatStartsItselfAnewWaitsForTheNextTurn) {
  Timers timers;
  int ran = 0;
  std::function<void()> again = [&] {
    ++ran;
    timers.at(ms(1), again);
  };
  timers.at(ms(1), again);
  const TimerId before = timers.mark();
  while (auto action = timers.take_due(ms(1), before)) action();
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(timers.size(), 1u);
}

}  // namespace
}  // namespace dure

#include "tests/sim/scheduler.h"

#include <gtest/gtest.h>

#include <string>

namespace dure::sim {
namespace {

TEST(Scheduler, RunsInOrderOfTimeAndStopsWhereItWasTold) {
  Scheduler s(1);
  std::string story;
  s.after(milliseconds(20), 0, [&] { story += "b"; });
  s.after(milliseconds(10), 0, [&] { story += "a"; });
  s.after(milliseconds(30), 0, [&] { story += "c"; });
  const MonoTime start = s.now();
  s.run_until(start + milliseconds(20));
  EXPECT_EQ(story, "ab");
  EXPECT_EQ(s.now(), start + milliseconds(20));
}

TEST(Scheduler, TiesAreDrawnFromTheSeed) {
  const auto order = [](std::uint64_t seed) {
    Scheduler s(seed);
    std::string story;
    for (char c = 'a'; c <= 'j'; ++c) s.after(milliseconds(1), 0, [&story, c] { story += c; });
    s.run_until(s.now() + milliseconds(1));
    return story;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
  EXPECT_EQ(order(1).size(), 10u);
}

TEST(Scheduler, AnEventMayScheduleOthersAtTheSameMoment) {
  Scheduler s(1);
  int ran = 0;
  s.after({}, 0, [&] { s.after({}, 0, [&] { ++ran; }); });
  s.run_until(s.now());
  EXPECT_EQ(ran, 1);
}

TEST(Scheduler, TheTraceTellsRunsApart) {
  const auto trace = [](std::uint64_t digest, Duration when) {
    Scheduler s(1);
    s.after(when, digest, [] {});
    s.run_until(s.now() + seconds(1));
    return s.trace();
  };
  EXPECT_EQ(trace(5, milliseconds(1)), trace(5, milliseconds(1)));
  EXPECT_NE(trace(5, milliseconds(1)), trace(6, milliseconds(1)));
  EXPECT_NE(trace(5, milliseconds(1)), trace(5, milliseconds(2)));
}

}  // namespace
}  // namespace dure::sim

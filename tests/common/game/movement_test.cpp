#include "common/game/movement.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

constexpr std::uint32_t kSpeed = 600;

TEST(Movement, AnHonestWalkPassesHoweverItsFramesAreBunched) {
  Pace pace;
  Position at{0, 0};
  MonoTime now{seconds(10)};
  for (int second = 0; second < 20; ++second) {
    now += seconds(1);  // two steps arrive together, a second late
    for (int i = 0; i < 2; ++i) {
      const Position to{at.x_cm + 300, at.y_cm};
      ASSERT_TRUE(may_move(&pace, at, to, kSpeed, now)) << second;
      at = to;
    }
  }
}

TEST(Movement, ATeleportIsRefusedAndCounted) {
  Pace pace;
  EXPECT_FALSE(may_move(&pace, {0, 0}, {5000, 0}, kSpeed, MonoTime{seconds(1)}));
  EXPECT_EQ(pace.refused, 1u);
  EXPECT_TRUE(may_move(&pace, {0, 0}, {100, 0}, kSpeed, MonoTime{seconds(1)}));
  EXPECT_EQ(pace.refused, 0u);
}

TEST(Movement, TwiceTheSpeedIsRefusedInTheLongRun) {
  Pace pace;
  Position at{0, 0};
  MonoTime now{seconds(1)};
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    now += milliseconds(500);
    const Position to{at.x_cm + 600, 0};  // 1200 cm/s
    if (may_move(&pace, at, to, kSpeed, now))
      at = to;
    else
      ++refused;
  }
  EXPECT_GE(refused, 15);
}

TEST(Movement, ALongSilenceSavesUpNoMoreThanTheSlack) {
  Pace pace;
  ASSERT_TRUE(may_move(&pace, {0, 0}, {1, 0}, kSpeed, MonoTime{seconds(1)}));
  EXPECT_FALSE(may_move(&pace, {0, 0}, {3000, 0}, kSpeed, MonoTime{seconds(3600)}));
}

TEST(Movement, DistancesOfTheWholeRangeDoNotOverflow) {
  EXPECT_GT(distance_cm({INT32_MIN, INT32_MIN}, {INT32_MAX, INT32_MAX}), 0);
}

}  // namespace
}  // namespace dure

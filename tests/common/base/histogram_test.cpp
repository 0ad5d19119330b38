#include "common/base/histogram.h"

#include <gtest/gtest.h>

namespace dure {

TEST(Histogram, PercentilesAreAtMostThreePercentTooHigh) {
  Histogram histogram;
  for (int us = 1; us <= 100000; ++us) histogram.add(microseconds(us));
  EXPECT_EQ(histogram.count(), 100000u);
  EXPECT_GE(histogram.percentile_ms(0.5), 50.0);
  EXPECT_LE(histogram.percentile_ms(0.5), 51.6);
  EXPECT_GE(histogram.percentile_ms(0.99), 99.0);
  EXPECT_DOUBLE_EQ(histogram.percentile_ms(1.0), 100.0);
  EXPECT_DOUBLE_EQ(histogram.max_ms(), 100.0);
}

TEST(Histogram, NothingCountedIsZeroAndHugeValuesAreKept) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile_ms(0.99), 0);
  histogram.add(seconds(3600));
  EXPECT_DOUBLE_EQ(histogram.max_ms(), 3600000.0);
  EXPECT_DOUBLE_EQ(histogram.percentile_ms(0.5), 3600000.0);
}

TEST(RecentHistogram, ForgetsWhatIsOlderThanTwoWindows) {
  RecentHistogram recent(seconds(5));
  MonoTime now{seconds(100)};
  recent.record(milliseconds(900), now);
  now += seconds(5);
  recent.record(milliseconds(1), now, 9);
  EXPECT_EQ(recent.count(now), 10u);
  EXPECT_GE(recent.percentile_us(0.99, now), 900'000u);
  now += seconds(5);
  EXPECT_EQ(recent.count(now), 9u);
  EXPECT_LE(recent.percentile_us(0.99, now), 1'100u);
  now += seconds(60);
  EXPECT_EQ(recent.count(now), 0u);
  EXPECT_EQ(recent.percentile_us(0.99, now), 0u);
}

}  // namespace dure

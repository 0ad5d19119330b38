#include "tools/bots/histogram.h"

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

}  // namespace dure

#include "tools/launcher/back_off.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

TEST(BackOff, DoublesFromATenthOfASecondToFive) {
  Duration wait{};
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 8; ++i) waits.push_back(to_ms(wait = next_back_off(wait, {})));
  EXPECT_EQ(waits, (std::vector<std::int64_t>{100, 200, 400, 800, 1600, 3200, 5000, 5000}));
}

TEST(BackOff, BeginsAnewAfterTenHealthySeconds) {
  EXPECT_EQ(next_back_off(seconds(5), milliseconds(9999)), seconds(5));
  EXPECT_EQ(next_back_off(seconds(5), seconds(10)), milliseconds(100));
}

}  // namespace
}  // namespace dure

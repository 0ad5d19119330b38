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

TEST(Crashes, FiveWithinAMinuteAreTooMany) {
  Crashes crashes;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(crashes.too_many(MonoTime(seconds(100 + i)), seconds(9)));
  EXPECT_TRUE(crashes.too_many(MonoTime(seconds(160)), {}));
}

TEST(Crashes, OldOnesAndThoseOfAHealthyChildDoNotCount) {
  Crashes crashes;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(crashes.too_many(MonoTime(seconds(100 + i)), {}));
  EXPECT_FALSE(crashes.too_many(MonoTime(seconds(110)), seconds(10)));
  EXPECT_FALSE(crashes.too_many(MonoTime(seconds(161)), {})) << "the first was 61 s ago";
  crashes.forget();
  EXPECT_FALSE(crashes.too_many(MonoTime(seconds(161)), {}));
}

}  // namespace
}  // namespace dure

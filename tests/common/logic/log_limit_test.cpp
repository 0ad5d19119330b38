#include "common/logic/log_limit.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

const MonoTime kStart{seconds(100)};

TEST(LogLimit, OneLineASecondAndCauseSaysHowManyThereWere) {
  LogLimit limit;
  EXPECT_EQ(limit.due("flood", kStart), 1u) << "the first one at once";
  for (int i = 0; i < 500; ++i) EXPECT_EQ(limit.due("flood", kStart + milliseconds(i)), 0u);
  EXPECT_EQ(limit.due("other", kStart + milliseconds(500)), 1u) << "of another cause";
  EXPECT_EQ(limit.due("flood", kStart + seconds(1)), 501u);
  EXPECT_EQ(limit.due("flood", kStart + seconds(10)), 1u);
}

TEST(LogLimit, CausesThatStrangersMultiplyShareALineAndAreCounted) {
  LogLimit limit;
  std::uint64_t lines = 0, told = 0;
  for (int i = 0; i < 300000; ++i) {
    const auto times = limit.due("peer " + std::to_string(i), kStart + milliseconds(i / 100));
    lines += times != 0 ? 1 : 0;
    told += times;
  }
  EXPECT_LE(limit.causes(), LogLimit::kCausesMax);
  EXPECT_LE(lines, (LogLimit::kCausesMax + 1) * 3) << "in three seconds";
  EXPECT_GT(told, 190000u) << "all but those of the last second";
}

}  // namespace
}  // namespace dure

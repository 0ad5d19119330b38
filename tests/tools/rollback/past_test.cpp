#include <gtest/gtest.h>

#include "tools/rollback/run_rollback.h"

namespace dure {
namespace {

const WallTime kNow{seconds(1'800'000'000)};

TEST(Past, ATimeThatIsSaidIsReadAsTheSameSecond) {
  EXPECT_EQ(past_text(1'800'000'000'000), "2027-01-15T08:00:00Z");
  for (const std::int64_t second : {0LL, 951'782'399LL, 1'800'000'000LL}) {
    const auto read = parse_past(past_text(second * 1000), kNow);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, second * 1000);
  }
}

TEST(Past, AnAgeIsTakenFromNow) { EXPECT_EQ(*parse_past("2h", kNow), (1'800'000'000LL - 7200) * 1000); }

}  // namespace
}  // namespace dure

#include "tools/mesh/patience.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

const MonoTime kBegan{seconds(1000)};

TEST(Patience, RunsOutWhereNothingIsHeard) {
  Patience patience(seconds(120), kBegan);
  EXPECT_FALSE(patience.over(0, kBegan + seconds(119)));
  EXPECT_TRUE(patience.over(0, kBegan + seconds(120)));
}

TEST(Patience, BeginsAnewWithWhateverIsHeard) {
  Patience patience(seconds(120), kBegan);
  EXPECT_FALSE(patience.over(1, kBegan + seconds(100)));
  EXPECT_FALSE(patience.over(2, kBegan + seconds(200)));
  EXPECT_FALSE(patience.over(2, kBegan + seconds(319)));
  EXPECT_TRUE(patience.over(2, kBegan + seconds(320)));
}

}  // namespace
}  // namespace dure

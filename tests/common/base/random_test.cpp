#include "common/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "common/base/check.h"

namespace dure {
namespace {

TEST(Random, EqualSeedsDrawEqualNumbers) {
  Rng one(7, 3), two(7, 3);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(one.next(), two.next());
}

TEST(Random, AnotherSeedOrStreamDrawsOtherNumbers) {
  Rng base(7, 3), seed(8, 3), stream(7, 4);
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto n = base.next();
    equal += (n == seed.next()) + (n == stream.next());
  }
  EXPECT_EQ(equal, 0);
}

TEST(Random, BelowStaysBelowEvenAtTheEdges) {
  Rng rng(1);
  for (const std::uint64_t bound : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1000},
                                    (std::uint64_t{1} << 63) + 1, std::numeric_limits<std::uint64_t>::max()})
    for (int i = 0; i < 200; ++i) EXPECT_LT(rng.below(bound), bound);
  EXPECT_EQ(rng.below(1), 0u);
}

TEST(Random, BelowZeroIsABugOfTheCaller) {
  Rng rng(1);
  EXPECT_THROW(rng.below(0), CheckFailed);
}

TEST(Random, BelowIsEvenlySpread) {
  Rng rng(99);
  std::array<int, 6> faces{};
  for (int i = 0; i < 60000; ++i) ++faces[rng.below(6)];
  for (const int count : faces) {
    EXPECT_GT(count, 9500);
    EXPECT_LT(count, 10500);
  }
}

TEST(Random, UnitIsInTheHalfOpenInterval) {
  Rng rng(5);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double u = rng.unit();
    EXPECT_GE(u, 0.0);
    EXPECT_LT(u, 1.0);
    sum += u;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Random, ChanceOfNothingNeverAndOfOneAlways) {
  Rng rng(5);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(rng.chance(0));
    EXPECT_TRUE(rng.chance(1));
  }
}

TEST(Random, SeededEntropyRepeatsAndFillsOddLengths) {
  SeededEntropy one(4), two(4);
  for (const std::size_t length : {0u, 1u, 7u, 8u, 33u}) {
    std::vector<std::uint8_t> a(length), b(length);
    one.fill(a);
    two.fill(b);
    EXPECT_EQ(a, b);
  }
  EXPECT_EQ(one.u64(), two.u64());
}

class CountingEntropy : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = value;
    value = 0xff;
  }
  std::uint8_t value = 0;
};

TEST(Random, AnIdIsNeverZeroAndFitsASignedInteger) {
  CountingEntropy entropy;  // the first draw is all zeroes, the next all ones
  EXPECT_EQ(entropy.id63(), std::uint64_t{0x7fffffffffffffff});
}

}  // namespace
}  // namespace dure

#include "common/base/hash.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/ids.h"

namespace dure {
namespace {

// The published test vectors of 64-bit FNV-1a.
TEST(Hash, AgreesWithThePublishedVectors) {
  EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325ull);
  EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cull);
  EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8ull);
}

TEST(Hash, IsTheSameInPiecesAsWhole) { EXPECT_EQ(fnv1a("bar", fnv1a("foo")), fnv1a("foobar")); }

TEST(Hash, BytesAboveAsciiAreUnsigned) { EXPECT_EQ(fnv1a("\xff"), (0xcbf29ce484222325ull ^ 0xff) * 0x100000001b3ull); }

TEST(Hash, Mix64IsTheFirstDrawOfSplitmix64) { EXPECT_EQ(mix64(0), 0xe220a8397b1dcdafull); }

TEST(Hash, NeighbouringIdsSpread) {
  std::set<std::uint64_t> tops;
  for (std::uint64_t i = 0; i < 1000; ++i) tops.insert(mix64(i) >> 48);
  EXPECT_GT(tops.size(), 980u);
}

}  // namespace
}  // namespace dure

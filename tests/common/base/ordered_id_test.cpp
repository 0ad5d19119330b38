#include "common/base/ordered_id.h"

#include <gtest/gtest.h>

#include <set>

namespace dure {
namespace {

TEST(OrderedId, LaterOnesAreGreaterAndThoseOfOneMillisecondDiffer) {
  SeededEntropy entropy(1);
  const WallTime now{milliseconds(1'800'000'000'000)};
  std::set<ItemId> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(ordered_id(now, entropy));
  EXPECT_EQ(ids.size(), 1000u);
  const ItemId later = ordered_id(now + milliseconds(1), entropy);
  EXPECT_GT(later, *ids.rbegin());
  EXPECT_EQ(ids.begin()->high >> 16, 1'800'000'000'000u);
}

}  // namespace
}  // namespace dure

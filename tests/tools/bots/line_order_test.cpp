#include "tools/bots/line_order.h"

#include <gtest/gtest.h>

namespace dure {

namespace {
constexpr MonoTime kStart{seconds(100)};
constexpr std::uint64_t kHome = 7;
}

TEST(LineOrder, TwoSwappedLinesAreOneTrouble) {
  LineOrder order;
  EXPECT_TRUE(order.seen("a", false, kHome, 4, kStart).empty());
  EXPECT_TRUE(order.seen("c", false, kHome, 6, kStart).empty());
  const auto trouble = order.seen("b", false, kHome, 5, kStart);
  ASSERT_EQ(trouble.size(), 1u);
  EXPECT_EQ(trouble.front().what, "chat line out of order");
  EXPECT_TRUE(order.seen("d", false, kHome, 7, kStart).empty());
  EXPECT_TRUE(order.overdue(kStart + seconds(10)).empty());
}

TEST(LineOrder, AMissingLineIsToldAfterAWhile) {
  LineOrder order;
  order.seen("a", false, kHome, 4, kStart);
  order.seen("c", false, kHome, 6, kStart);
  EXPECT_TRUE(order.overdue(kStart + seconds(1)).empty());
  const auto trouble = order.overdue(kStart + seconds(3));
  ASSERT_EQ(trouble.size(), 1u);
  EXPECT_EQ(trouble.front().expected, "number 5");
}

TEST(LineOrder, ARepeatedLineIsTold) {
  LineOrder order;
  order.seen("a", false, kHome, 4, kStart);
  const auto trouble = order.seen("a", false, kHome, 4, kStart);
  ASSERT_EQ(trouble.size(), 1u);
  EXPECT_EQ(trouble.front().what, "chat line repeated");
}

TEST(LineOrder, AHomeThatBeganAnewCountsAnewAlsoForWhoMissedItsFirstLines) {
  LineOrder order;
  order.seen("a", false, kHome, 28, kStart);
  order.seen("b", false, kHome, 30, kStart);
  EXPECT_TRUE(order.seen("c", false, kHome + 1, 2, kStart).empty());
  EXPECT_TRUE(order.overdue(kStart + seconds(10)).empty()) << "what the other one said is gone";
  EXPECT_EQ(order.seen("c", false, kHome + 1, 2, kStart).size(), 1u);
}

TEST(LineOrder, AnOwnLineThatWasAcceptedAndNeverSeenIsLost) {
  LineOrder order;
  order.said("x");
  order.said("y");
  order.refused("y");
  EXPECT_TRUE(order.overdue(kStart + seconds(100)).empty());
  order.accepted("x", kStart + seconds(5));
  EXPECT_TRUE(order.overdue(kStart + seconds(4)).empty());
  EXPECT_EQ(order.overdue(kStart + seconds(6)).size(), 1u);
}

TEST(LineOrder, OwnLinesInAnotherOrderThanSentAreToldThoughTheNumbersRise) {
  LineOrder order;
  order.said("first");
  order.said("second");
  const auto trouble = order.seen("second", true, kHome, 1, kStart);
  ASSERT_EQ(trouble.size(), 1u);
  EXPECT_EQ(trouble.front().what, "order of own chat lines");
  EXPECT_EQ(trouble.front().expected, "first");
}

TEST(LineOrder, ALineSaidOnTheWayIsHeardHereOrThereOrNotAtAll) {
  LineOrder order;
  order.said("before");
  order.accepted("before", kStart + seconds(2));
  order.said("on the way");
  order.moved();
  order.said("here");
  order.accepted("here", kStart + seconds(2));
  EXPECT_TRUE(order.seen("on the way", true, kHome, 7, kStart).empty());
  EXPECT_TRUE(order.seen("here", true, kHome, 8, kStart).empty());
  EXPECT_TRUE(order.overdue(kStart + seconds(9)).empty());
}

TEST(LineOrder, AfterTwoMovesALineSaidBeforeBothIsNotExpected) {
  LineOrder order;
  order.said("long ago");
  order.moved();
  order.moved();
  EXPECT_EQ(order.seen("long ago", true, kHome, 1, kStart).size(), 1u);
}

}  // namespace dure

#include "dbagent/store/waiting_legs.h"

#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {
namespace {

Key16 txn(std::uint64_t high, std::uint64_t low) { return key_of(uid(high, low)); }

WaitingLeg leg_since_5() {
  WaitingLeg leg;
  leg.epoch = 1;
  leg.operation.set_pseq(2);
  leg.since = 5;
  return leg;
}

TEST(WaitingLegs, MoreLegsThanMayWaitAreNotTaken) {
  WaitingLegs waiting;
  WaitingLeg one = leg_since_5();
  for (std::uint64_t i = 1; i <= WaitingLegs::kTradesMax; ++i) ASSERT_TRUE(waiting.put(txn(1, i), 0, one));
  EXPECT_FALSE(waiting.put(txn(2, 1), 0, one));
  EXPECT_TRUE(waiting.put(txn(1, 7), 1, one)) << "the other leg of one that waits";
  EXPECT_EQ(waiting.trades(), WaitingLegs::kTradesMax);
  EXPECT_EQ(waiting.since(5, 3), (std::vector<Key16>{txn(1, 1), txn(1, 2), txn(1, 3)}));
  EXPECT_TRUE(waiting.since(4, 3).empty());
  waiting.erase(txn(1, 7), 0);
  EXPECT_NE(waiting.find(txn(1, 7), 1), nullptr);
  EXPECT_FALSE(waiting.put(txn(2, 1), 0, one));
  waiting.erase(txn(1, 7), 1);
  EXPECT_TRUE(waiting.put(txn(2, 1), 0, one));
}

TEST(WaitingLegs, ALegWaitsSinceItFirstCameInItsEpochAndNumber) {
  WaitingLegs waiting;
  WaitingLeg one = leg_since_5();
  ASSERT_TRUE(waiting.put(txn(1, 1), 0, one));
  one.since = 9;
  ASSERT_TRUE(waiting.put(txn(1, 1), 0, one));
  EXPECT_EQ(waiting.find(txn(1, 1), 0)->since, 5);
  one.operation.set_pseq(3);
  ASSERT_TRUE(waiting.put(txn(1, 1), 0, one));
  EXPECT_EQ(waiting.find(txn(1, 1), 0)->since, 9);
  one.since = 11;
  one.epoch = 2;
  ASSERT_TRUE(waiting.put(txn(1, 1), 0, one));
  EXPECT_EQ(waiting.find(txn(1, 1), 0)->since, 11);
  waiting.keep();
  waiting.begin_item();
  waiting.erase(txn(1, 1), 0);
  waiting.undo_item();
  EXPECT_EQ(waiting.find(txn(1, 1), 0)->since, 11) << "as it was before";
}

}  // namespace
}  // namespace dure::store

// One trade over two shards, and how both sides look when it has happened and when it has not. One thread.
#pragma once
#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {

class HoldTest : public TradeTest {
 protected:
  // Player 1 (shard 1) gives 30 gold for player 3's item 30 (shard 2); shard 1 keeps the register.
  proto::TradeTerms terms = terms_of(1, 1, {1, 30, {}}, {3, 0, {30}});

  void expect_exchanged() {
    const auto one = acquire(1, 1), three = acquire(3, 2);
    EXPECT_EQ(gold_of(one.aggregate()), 70);
    EXPECT_EQ(items_of(one), (Items{10, 30}));
    EXPECT_EQ(gold_of(three.aggregate()), 130);
    EXPECT_EQ(items_of(three), Items{});
    expect_nothing_held(one, three);
  }
  void expect_unchanged() {
    const auto one = acquire(1, 1), three = acquire(3, 2);
    EXPECT_EQ(gold_of(one.aggregate()), 100);
    EXPECT_EQ(items_of(one), Items{10});
    EXPECT_EQ(gold_of(three.aggregate()), 100);
    EXPECT_EQ(items_of(three), Items{30});
    expect_nothing_held(one, three);
  }
  static void expect_nothing_held(const proto::AcquireReply& one, const proto::AcquireReply& three) {
    for (const auto* grant : {&one, &three}) {
      EXPECT_EQ(grant->aggregate().reserved_size(), 0);
      EXPECT_EQ(grant->aggregate().holds_size(), 0);
    }
  }
};

}  // namespace dure::store

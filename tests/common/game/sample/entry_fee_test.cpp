#include "common/game/sample/entry_fee.h"

#include <gtest/gtest.h>

#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

Mirror with_gold(std::int64_t gold) {
  proto::Aggregate aggregate;
  auto* balance = aggregate.add_balances();
  balance->set_name("gold");
  balance->set_value(gold);
  Mirror mirror;
  mirror.load(aggregate);
  return mirror;
}

// What the next owner is granted.
Mirror reloaded(const Mirror& mirror) {
  proto::Aggregate aggregate;
  mirror.store(&aggregate);
  Mirror next;
  next.load(aggregate);
  return next;
}

constexpr std::uint64_t kRun = 0x7fffffffffffffff;

TEST(EntryFee, IsTakenUnderTheKeyOfItsRunAndLeavesAClaim) {
  Mirror mirror = with_gold(25);
  proto::Operation fee;
  ASSERT_EQ(pay_entry(mirror, 10, kRun, &fee), proto::OK);
  EXPECT_EQ(fee.effects(0).drop_key().run(), kRun);
  EXPECT_EQ(fee.effects(0).drop_key().source(), "fee");
  ASSERT_EQ(mirror.apply(fee), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.balance("gold"), 15);
  EXPECT_EQ(mirror.counter(kEntryRun), static_cast<std::int64_t>(kRun));
}

TEST(EntryFee, WhoCannotPayOrHasAnOpenClaimPaysNothing) {
  Mirror mirror = with_gold(15);
  proto::Operation fee, second;
  EXPECT_EQ(pay_entry(mirror, 16, kRun, &fee), proto::NOT_ENOUGH);
  ASSERT_EQ(pay_entry(mirror, 5, kRun, &fee), proto::OK);
  ASSERT_EQ(mirror.apply(fee), Mirror::Guard::kOk);
  EXPECT_EQ(pay_entry(mirror, 5, kRun + 1, &second), proto::WRONG_STATE);
  EXPECT_EQ(pay_entry(mirror, 0, kRun + 1, &second), proto::OK) << "what costs nothing makes no operation";
  EXPECT_EQ(second.effects_size(), 0);
}

TEST(EntryFee, IsRefundedOnceWhateverOwnerAsks) {
  const Items items;
  Mirror mirror = with_gold(10);
  proto::Operation fee, refund, again;
  ASSERT_EQ(pay_entry(mirror, 10, kRun, &fee), proto::OK);
  ASSERT_EQ(mirror.apply(fee), Mirror::Guard::kOk);
  mirror = reloaded(mirror);
  ASSERT_TRUE(refund_entry(mirror, items, &refund));
  EXPECT_EQ(refund.effects(0).drop_key().run(), kRun);
  EXPECT_EQ(refund.effects(0).drop_key().source(), "refund");
  ASSERT_EQ(mirror.apply(refund), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.balance("gold"), 10);
  EXPECT_FALSE(refund_entry(mirror, items, &again));
  EXPECT_FALSE(refund_entry(reloaded(mirror), items, &again));
  EXPECT_EQ(mirror.apply(refund), Mirror::Guard::kTaken) << "the same refund again is no refund";
  EXPECT_EQ(mirror.balance("gold"), 10);
}

TEST(EntryFee, WhoDidNotPayIsOwedNothing) {
  proto::Operation refund;
  EXPECT_FALSE(refund_entry(with_gold(10), Items{}, &refund));
}

TEST(EntryFee, IsUsedUpByItsOwnRunOnly) {
  Mirror mirror = with_gold(10);
  proto::Operation fee, other, used;
  ASSERT_EQ(pay_entry(mirror, 10, 7, &fee), proto::OK);
  ASSERT_EQ(mirror.apply(fee), Mirror::Guard::kOk);
  EXPECT_FALSE(use_entry(mirror, 8, &other));
  ASSERT_TRUE(use_entry(mirror, 7, &used));
  ASSERT_EQ(mirror.apply(used), Mirror::Guard::kOk);
  EXPECT_FALSE(refund_entry(mirror, Items{}, &other));
  EXPECT_EQ(mirror.balance("gold"), 0);
}

TEST(EntryFee, ARefundThatDoesNotFitStaysOwed) {
  Items items;
  items.gold_max = 12;
  Mirror mirror = with_gold(10);
  proto::Operation fee, loot, refund;
  ASSERT_EQ(pay_entry(mirror, 10, 7, &fee), proto::OK);
  ASSERT_EQ(mirror.apply(fee), Mirror::Guard::kOk);
  loot.add_effects()->mutable_balance()->set_currency("gold");
  loot.mutable_effects(0)->mutable_balance()->set_delta(5);
  ASSERT_EQ(mirror.apply(loot), Mirror::Guard::kOk);
  ASSERT_TRUE(refund_entry(mirror, items, &refund));
  EXPECT_EQ(mirror.apply(refund), Mirror::Guard::kCap);
  EXPECT_EQ(mirror.counter(kEntryRun), 7);
}

}  // namespace
}  // namespace dure::sample

#include "common/game/mirror.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/proto/value.pb.h"

namespace dure {
namespace {

proto::Operation balance(const std::string& currency, std::int64_t delta, std::int64_t cap = 0) {
  proto::Operation op;
  auto* effect = op.add_effects()->mutable_balance();
  effect->set_currency(currency);
  effect->set_delta(delta);
  effect->set_cap(cap);
  return op;
}

proto::Operation mint(const ItemId& id) {
  proto::Operation op;
  auto* item = op.add_effects()->mutable_mint()->mutable_item();
  *item->mutable_id() = uid_of(id);
  item->set_template_("sword");
  item->set_version(1);
  return op;
}

TEST(Mirror, NeverGoesBelowZeroNorAboveTheCap) {
  Mirror mirror;
  EXPECT_EQ(mirror.apply(balance("gold", -1)), Mirror::Guard::kNotEnough);
  EXPECT_EQ(mirror.apply(balance("gold", 100, 100)), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.apply(balance("gold", 1, 100)), Mirror::Guard::kCap);
  EXPECT_EQ(mirror.balance("gold"), 100);
}

TEST(Mirror, OverflowIsARefusalAndNotAWrap) {
  Mirror mirror;
  ASSERT_EQ(mirror.apply(balance("gold", std::numeric_limits<std::int64_t>::max())), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.apply(balance("gold", 1)), Mirror::Guard::kCap);
  EXPECT_EQ(mirror.apply(balance("ore", std::numeric_limits<std::int64_t>::min())), Mirror::Guard::kNotEnough);
}

TEST(Mirror, AnOperationIsAllOrNothing) {
  Mirror mirror;
  ASSERT_EQ(mirror.apply(balance("gold", 10)), Mirror::Guard::kOk);
  proto::Operation op = mint({1, 2});
  op.add_effects()->mutable_balance()->set_currency("gold");
  op.mutable_effects(1)->mutable_balance()->set_delta(-11);
  EXPECT_EQ(mirror.apply(op), Mirror::Guard::kNotEnough);
  EXPECT_EQ(mirror.item({1, 2}), nullptr);
  EXPECT_EQ(mirror.balance("gold"), 10);
}

TEST(Mirror, AnAttributeChangesOnlyFromTheVersionThatWasSeen) {
  Mirror mirror;
  ASSERT_EQ(mirror.apply(mint({1, 2})), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.apply(mint({1, 2})), Mirror::Guard::kTaken);
  proto::Operation op;
  auto* set = op.add_effects()->mutable_set_attribute();
  *set->mutable_item() = uid_of({1, 2});
  set->set_version(1);
  set->set_key("power");
  set->set_value(3);
  EXPECT_EQ(mirror.apply(op), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.apply(op), Mirror::Guard::kNoItem) << "version 1 is gone";
  EXPECT_EQ(mirror.item({1, 2})->attributes.at("power"), 3);
}

TEST(Mirror, KeepsRoomForOpenHolds) {
  proto::Aggregate aggregate;
  auto* held = aggregate.add_reserved();
  held->set_name("gold");
  held->set_value(30);
  Mirror mirror;
  mirror.load(aggregate);
  EXPECT_EQ(mirror.apply(balance("gold", 71, 100)), Mirror::Guard::kCap);
  EXPECT_EQ(mirror.apply(balance("gold", 70, 100)), Mirror::Guard::kOk);
}

TEST(Mirror, WhatWaitsInTheInboxIsClaimedOnce) {
  proto::Aggregate aggregate;
  auto* entry = aggregate.add_inbox();
  entry->set_message_id(7);
  auto* gold = entry->add_balances();
  gold->set_name("gold");
  gold->set_value(50);
  Mirror mirror;
  mirror.load(aggregate);
  proto::Operation claim;
  claim.add_effects()->mutable_claim()->set_message_id(7);
  EXPECT_EQ(mirror.apply(claim), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.apply(claim), Mirror::Guard::kNoItem);
  EXPECT_EQ(mirror.balance("gold"), 50);
}

TEST(Mirror, StoresWhatItLoaded) {
  Mirror mirror;
  ASSERT_EQ(mirror.apply(balance("gold", 5)), Mirror::Guard::kOk);
  ASSERT_EQ(mirror.apply(mint({3, 4})), Mirror::Guard::kOk);
  proto::Aggregate stored;
  mirror.store(&stored);
  Mirror again;
  again.load(stored);
  proto::Aggregate twice;
  again.store(&twice);
  EXPECT_EQ(stored.SerializeAsString(), twice.SerializeAsString());
}

}  // namespace
}  // namespace dure

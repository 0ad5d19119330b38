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

proto::Operation burn(const ItemId& id, std::int64_t version) {
  proto::Operation op;
  *op.add_effects()->mutable_burn()->mutable_item() = uid_of(id);
  op.mutable_effects(0)->mutable_burn()->set_version(version);
  return op;
}

proto::Operation set_power(const ItemId& id, std::int64_t version) {
  proto::Operation op;
  auto* set = op.add_effects()->mutable_set_attribute();
  *set->mutable_item() = uid_of(id);
  set->set_version(version);
  set->set_key("power");
  set->set_value(3);
  return op;
}

TEST(Mirror, WhatIsBurntMustBeThereInThatVersion) {
  Mirror mirror;
  ASSERT_EQ(mirror.apply(mint({1, 2})), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.apply(mint({})), Mirror::Guard::kInvalid) << "an item has an id";
  EXPECT_EQ(mirror.apply(burn({1, 3}, 1)), Mirror::Guard::kNoItem);
  EXPECT_EQ(mirror.apply(burn({1, 2}, 2)), Mirror::Guard::kNoItem);
  EXPECT_EQ(mirror.apply(set_power({1, 3}, 1)), Mirror::Guard::kNoItem);
  EXPECT_NE(mirror.item({1, 2}), nullptr);
  EXPECT_EQ(mirror.apply(burn({1, 2}, 1)), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.item({1, 2}), nullptr);
}

TEST(Mirror, WhatAFeatureReservedNoOtherTakes) {
  const ItemId sword{1, 2};
  Mirror mirror;
  ASSERT_EQ(mirror.apply(mint(sword)), Mirror::Guard::kOk);
  EXPECT_FALSE(mirror.reserve({1, 3}, "trade")) << "nothing is there";
  ASSERT_TRUE(mirror.reserve(sword, "trade"));
  EXPECT_TRUE(mirror.reserve(sword, "trade")) << "again by the same";
  EXPECT_FALSE(mirror.reserve(sword, "auction"));
  EXPECT_EQ(mirror.apply(burn(sword, 1)), Mirror::Guard::kBusy);
  EXPECT_EQ(mirror.apply(set_power(sword, 1)), Mirror::Guard::kBusy);
  proto::Operation letter;
  *letter.add_effects()->mutable_send()->add_items() = uid_of(sword);
  EXPECT_EQ(mirror.apply(letter), Mirror::Guard::kBusy);
  mirror.release({1, 3}, "trade");
  mirror.release(sword, "auction");
  EXPECT_EQ(mirror.apply(letter), Mirror::Guard::kBusy) << "released by another";
  mirror.release(sword, "trade");
  EXPECT_EQ(mirror.apply(letter), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.item(sword), nullptr);
  EXPECT_EQ(mirror.apply(letter), Mirror::Guard::kNoItem);
}

TEST(Mirror, ALetterTakesSomethingAndWhatIsThere) {
  Mirror mirror;
  ASSERT_EQ(mirror.apply(balance("gold", 10)), Mirror::Guard::kOk);
  proto::Operation letter;
  auto* gold = letter.add_effects()->mutable_send()->add_balances();
  gold->set_name("gold");
  for (const std::int64_t nothing : {0, -1}) {
    gold->set_value(nothing);
    EXPECT_EQ(mirror.apply(letter), Mirror::Guard::kInvalid);
  }
  gold->set_value(11);
  EXPECT_EQ(mirror.apply(letter), Mirror::Guard::kNotEnough);
  EXPECT_EQ(mirror.balance("gold"), 10);
  gold->set_value(10);
  EXPECT_EQ(mirror.apply(letter), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.balance("gold"), 0);
}

TEST(Mirror, ALetterThatIsRefusedTakesNothing) {
  const ItemId shield{1, 1}, sword{1, 2};
  Mirror mirror;
  ASSERT_EQ(mirror.apply(balance("gold", 50)), Mirror::Guard::kOk);
  ASSERT_EQ(mirror.apply(mint(shield)), Mirror::Guard::kOk);
  ASSERT_EQ(mirror.apply(mint(sword)), Mirror::Guard::kOk);
  ASSERT_TRUE(mirror.reserve(sword, "trade"));
  proto::Operation letter;
  auto* send = letter.add_effects()->mutable_send();
  send->add_balances()->set_name("gold");
  send->mutable_balances(0)->set_value(20);
  *send->add_items() = uid_of(shield);
  *send->add_items() = uid_of(sword);
  EXPECT_EQ(mirror.apply(letter), Mirror::Guard::kBusy);
  EXPECT_EQ(mirror.balance("gold"), 50);
  EXPECT_NE(mirror.item(shield), nullptr);
  mirror.release(sword, "trade");
  EXPECT_EQ(mirror.apply(letter), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.balance("gold"), 30);
  EXPECT_TRUE(mirror.items().empty());
}

TEST(Mirror, WhatHappensOnceIsRefusedTwiceAndWhatIsUnknownAlways) {
  Mirror mirror;
  proto::Operation once, drop, nothing;
  once.add_effects()->mutable_set_once()->set_flag("intro");
  drop.add_effects()->mutable_drop_key()->set_number(4);
  EXPECT_EQ(mirror.apply(once), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.apply(once), Mirror::Guard::kTaken);
  EXPECT_EQ(mirror.apply(drop), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.apply(drop), Mirror::Guard::kTaken);
  nothing.add_effects();
  EXPECT_EQ(mirror.apply(nothing), Mirror::Guard::kInvalid) << "an effect of a later program";
  proto::Operation both = once;
  both.mutable_trade();
  EXPECT_EQ(mirror.apply(both), Mirror::Guard::kInvalid) << "a trade is an operation of its own";
}

TEST(Mirror, AClaimMindsTheCapOfItsOwnCurrencyAlone) {
  proto::Aggregate aggregate;
  auto* entry = aggregate.add_inbox();
  entry->set_message_id(7);
  entry->add_balances()->set_name("gold");
  entry->mutable_balances(0)->set_value(50);
  auto* held = aggregate.add_reserved();
  held->set_name("gold");
  held->set_value(10);
  Mirror mirror;
  mirror.load(aggregate);
  proto::Operation claim;
  auto* effect = claim.add_effects()->mutable_claim();
  effect->set_message_id(7);
  effect->add_caps()->set_name("ore");
  effect->mutable_caps(0)->set_value(1);
  auto* cap = effect->add_caps();
  cap->set_name("gold");
  cap->set_value(59);
  EXPECT_EQ(mirror.apply(claim), Mirror::Guard::kCap) << "room for 10 is kept";
  EXPECT_EQ(mirror.balance("gold"), 0);
  cap->set_value(60);
  EXPECT_EQ(mirror.apply(claim), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.balance("gold"), 50);
}

TEST(Mirror, ADebtBelowAllNumbersIsARefusalToo) {
  proto::Aggregate aggregate;
  aggregate.add_balances()->set_name("gold");
  aggregate.mutable_balances(0)->set_value(-1);
  Mirror mirror;
  mirror.load(aggregate);
  EXPECT_EQ(mirror.apply(balance("gold", std::numeric_limits<std::int64_t>::min())), Mirror::Guard::kNotEnough);
  EXPECT_EQ(mirror.balance("gold"), -1);
}

TEST(Mirror, StoresAttributesAndLettersToo) {
  proto::Aggregate aggregate;
  auto* item = aggregate.add_items();
  *item->mutable_id() = uid_of({1, 2});
  item->set_template_("sword");
  item->set_version(4);
  item->add_attributes()->set_key("power");
  item->mutable_attributes(0)->set_value(9);
  aggregate.add_inbox()->set_message_id(7);
  Mirror mirror;
  mirror.load(aggregate);
  proto::Aggregate stored;
  mirror.store(&stored);
  EXPECT_EQ(stored.SerializeAsString(), aggregate.SerializeAsString());
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

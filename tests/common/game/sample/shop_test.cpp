#include "common/game/sample/shop.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

class ShopRules : public testing::Test {
 protected:
  ShopRules() {
    items_.templates["potion"] = {"potion", true, 25, 8, 40, 0};
    items_.templates["sword"] = {"sword", false, 60, 15, 0, 3};
    items_.templates["crown"] = {"crown", false, std::numeric_limits<std::int64_t>::max(), 0, 0, 0};
    items_.bag_slots = 3;
    items_.stack_max = 100;
    shop_.sells = {"potion", "sword", "crown"};
    proto::Aggregate rich;
    auto* gold = rich.add_balances();
    gold->set_name("gold");
    gold->set_value(10000);
    mirror_.load(rich);
  }
  proto::Code buy_now(const std::string& what, std::uint32_t count) {
    proto::Operation operation;
    const proto::Code code = buy(items_, shop_, what, count, mirror_, new_id_, &operation);
    return code == proto::OK ? code_of(mirror_.apply(operation)) : code;
  }
  Items items_;
  Shop shop_;
  Mirror mirror_;
  std::uint64_t next_ = 0;
  NewItemId new_id_ = [this] { return ItemId{1, ++next_}; };
};

TEST_F(ShopRules, AStackIsABalanceAndAnItemIsMinted) {
  EXPECT_EQ(buy_now("potion", 4), proto::OK);
  EXPECT_EQ(buy_now("sword", 2), proto::OK);
  EXPECT_EQ(mirror_.balance("gold"), 10000 - 100 - 120);
  EXPECT_EQ(mirror_.balance("potion"), 4);
  EXPECT_EQ(mirror_.items().size(), 2u);
}

TEST_F(ShopRules, CountsOutOfRangeAreRefused) {
  for (const std::uint32_t count : {0u, 100u, 2147483648u, 4294967295u})
    EXPECT_EQ(buy_now("potion", count), proto::INVALID);
  EXPECT_EQ(buy_now("sword", 6), proto::INVALID);
}

TEST_F(ShopRules, APriceThatOverflowsIsRefused) {
  EXPECT_EQ(buy_now("crown", 2), proto::INVALID);
  std::int64_t total = 0;
  EXPECT_FALSE(total_price(std::numeric_limits<std::int64_t>::max(), 2, &total));
  EXPECT_TRUE(total_price(std::numeric_limits<std::int64_t>::max(), 1, &total));
}

TEST_F(ShopRules, ABagOrAStackCanBeFull) {
  EXPECT_EQ(buy_now("sword", 4), proto::FULL);
  EXPECT_EQ(buy_now("sword", 3), proto::OK);
  EXPECT_EQ(buy_now("sword", 1), proto::FULL);
  EXPECT_EQ(buy_now("potion", 99), proto::OK);
  EXPECT_EQ(buy_now("potion", 2), proto::FULL);
}

TEST_F(ShopRules, WhatATradeIsAboutToBringHasItsRoomInTheBag) {
  proto::Operation leg;
  leg.set_reason("trade");
  proto::TradeTerms* terms = leg.mutable_trade()->mutable_terms();
  terms->mutable_txn()->set_low(9);
  terms->set_register_shard(1);
  for (const std::uint64_t player : {1, 2}) terms->add_sides()->set_player_id(player);
  for (const std::uint64_t sword : {71, 72}) terms->mutable_sides(1)->add_items()->mutable_item()->set_low(sword);
  ASSERT_EQ(mirror_.apply(leg), Mirror::Guard::kOk);
  EXPECT_EQ(buy_now("sword", 2), proto::FULL);
  EXPECT_EQ(buy_now("sword", 1), proto::OK);
}

TEST_F(ShopRules, WhatTheShopDoesNotSellIsNotFound) {
  shop_.sells = {"potion"};
  EXPECT_EQ(buy_now("sword", 1), proto::NOT_FOUND);
  EXPECT_EQ(buy_now("", 1), proto::NOT_FOUND);
}

TEST_F(ShopRules, OneSellsOnlyWhatOneHas) {
  proto::Operation operation;
  ASSERT_EQ(sell_stack(items_, "potion", 2, &operation), proto::OK);
  EXPECT_EQ(code_of(mirror_.apply(operation)), proto::NOT_ENOUGH);
  EXPECT_EQ(sell_stack(items_, "sword", 1, &operation), proto::NOT_FOUND);
  EXPECT_EQ(sell_stack(items_, "gold", 1, &operation), proto::NOT_FOUND);
  EXPECT_EQ(sell_item(items_, ItemId{1, 9}, 1, mirror_, &operation), proto::NOT_FOUND);
  ASSERT_EQ(buy_now("sword", 1), proto::OK);
  EXPECT_EQ(sell_item(items_, ItemId{1, 1}, 2, mirror_, &operation), proto::INVALID);
}

TEST_F(ShopRules, OnlyWhatHealsIsUsed) {
  proto::Operation operation;
  std::int64_t heal = 0;
  EXPECT_EQ(use_stack(items_, "potion", &heal, &operation), proto::OK);
  EXPECT_EQ(heal, 40);
  ASSERT_EQ(buy_now("sword", 1), proto::OK);
  EXPECT_EQ(use_item(items_, ItemId{1, 1}, mirror_, &heal, &operation), proto::NOT_ALLOWED);
}

TEST_F(ShopRules, TouchedTellsAbsoluteValuesOfWhatChanged) {
  proto::Operation operation;
  ASSERT_EQ(buy(items_, shop_, "sword", 1, mirror_, new_id_, &operation), proto::OK);
  ASSERT_EQ(mirror_.apply(operation), Mirror::Guard::kOk);
  Touched touched;
  tell_touched(mirror_, operation, &touched);
  ASSERT_EQ(touched.balances_size(), 1);
  EXPECT_EQ(touched.balances(0).value(), 9940);
  ASSERT_EQ(touched.items_added_size(), 1);
  EXPECT_EQ(touched.items_added(0).template_(), "sword");
}

}  // namespace
}  // namespace dure::sample

// What the auction house makes of its book, also of one that a restore has put back behind its letters.
#include "common/game/sample/auction.h"

#include <gtest/gtest.h>

#include <set>

#include "common/game/sample/sample.pb.h"
#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

constexpr std::uint64_t kSeller = 1, kBuyer = 2;
constexpr std::int64_t kPrice = 50, kUntil = 1000, kLongAfter = kUntil + 600'000;

class AuctionRules : public testing::Test {
 protected:
  AuctionLot& lot(std::uint64_t number) {
    AuctionLot& made = lots_[number];
    made.set_lot(number);
    made.set_seller(kSeller);
    made.set_price(kPrice);
    made.set_until_unix_ms(kUntil);
    return made;
  }
  void item_lot(std::uint64_t number, bool here = true) {
    proto::Item* item = lot(number).mutable_item();
    item->mutable_id()->set_low(number);
    if (here) book_.items.push_back(*item);
  }
  void stack_lot(std::uint64_t number, std::int64_t count) {
    proto::Amount* stack = lot(number).mutable_stack();
    stack->set_name("potion");
    stack->set_value(count);
  }
  void ask(std::uint64_t lot, AuctionMemo::Kind kind = AuctionMemo::BUY) {
    AuctionMemo memo;
    memo.set_kind(kind);
    memo.set_lot(lot);
    proto::InboxEntry entry;
    entry.set_message_id(100 + lot);
    entry.set_from_player(kBuyer);
    entry.set_memo(memo.SerializeAsString());
    proto::Amount* price = entry.add_balances();
    price->set_name("gold");
    price->set_value(kPrice);
    book_.inbox.push_back(entry);
  }
  const LedgerClerk::Book& book() {
    book_.records.clear();
    for (const auto& [number, lot] : lots_) {
      char key[32];
      std::snprintf(key, sizeof key, "lot/%016llx", static_cast<unsigned long long>(number));
      proto::OwnerlessRecord record;
      record.set_key(key);
      record.set_version(1);
      record.set_body(lot.SerializeAsString());
      book_.records[key] = record;
    }
    return book_;
  }
  proto::OwnerlessApply expire(std::int64_t now = kUntil) {
    proto::OwnerlessApply operation;
    book_.shard_time_ms = now;
    expire_lots(book(), &operation);
    return operation;
  }
  proto::OwnerlessApply settle(std::int64_t now) {
    proto::OwnerlessApply operation;
    book_.shard_time_ms = now;
    settle_auction(book(), book_.inbox.front(), &operation);
    return operation;
  }
  static AuctionMemo memo_of(const proto::Effect::Send& send) {
    AuctionMemo memo;
    memo.ParseFromString(send.memo());
    return memo;
  }
  std::map<std::uint64_t, AuctionLot> lots_;
  LedgerClerk::Book book_;
};

TEST_F(AuctionRules, LotsWhoseGoodsAreGoneDoNotKeepTheOthers) {
  item_lot(1, false);
  item_lot(2);
  stack_lot(3, 10);
  const auto operation = expire(kLongAfter);
  ASSERT_EQ(operation.sends_size(), 1);
  EXPECT_EQ(memo_of(operation.sends(0)).lot(), 2u);
  EXPECT_EQ(operation.records_size(), 3) << "those whose goods are gone end without anything";
}

TEST_F(AuctionRules, ALotWhoseGoodsAreGoneStaysForABuyerWhoseLetterIsUnderWay) {
  item_lot(1, false);
  EXPECT_EQ(expire(kLongAfter - 1).records_size(), 0);
  EXPECT_EQ(expire(kLongAfter).records_size(), 1);
}

TEST_F(AuctionRules, WhatWaitsIsHeardBeforeALotWhoseGoodsAreGoneEnds) {
  item_lot(1, false);
  item_lot(2);
  ask(1);
  EXPECT_EQ(expire(kLongAfter).records_size(), 1);
  lots_.erase(2);
  const auto alone = expire(kLongAfter);
  ASSERT_EQ(alone.sends_size(), 1) << "it went home before, or this is refused";
  EXPECT_EQ(memo_of(alone.sends(0)).lot(), 1u);
}

TEST_F(AuctionRules, WhereStacksAreTooFewForAllEachGoesHomeAlone) {
  stack_lot(1, 10);
  stack_lot(2, 10);
  book_.balances["potion"] = 10;
  EXPECT_EQ(expire().sends_size(), 0) << "somebody's word of either may be under way";
  EXPECT_EQ(expire(kLongAfter).sends_size(), 1);
  book_.balances["potion"] = 20;
  EXPECT_EQ(expire().sends_size(), 2);
}

TEST_F(AuctionRules, WhoBoughtInTimeIsSoldToThoughItIsAskedAgainLater) {
  item_lot(1, false);
  ask(1);
  const auto sold = settle(kUntil);
  ASSERT_EQ(sold.sends_size(), 2);
  EXPECT_EQ(memo_of(sold.sends(0)).kind(), AuctionMemo::BOUGHT);
  EXPECT_EQ(sold.sends(1).to_player(), kSeller);
}

TEST_F(AuctionRules, WhoCannotBeSoldToGetsItsPriceBackAndWhoCannotBeGivenItBackIsSoldTo) {
  item_lot(1, false);
  ask(1);
  book_.refused = true;
  for (const std::int64_t now : {kUntil - 1, kUntil}) {
    const auto back = settle(now);
    ASSERT_EQ(back.sends_size(), 1);
    EXPECT_EQ(back.sends(0).to_player(), kBuyer);
    EXPECT_EQ(back.sends(0).balances(0).value(), kPrice);
    EXPECT_EQ(back.records_size(), 0);
  }
  item_lot(1);
  EXPECT_EQ(settle(kUntil).sends_size(), 2);
}

TEST_F(AuctionRules, OfStacksThatAreTooFewAnEndedLotIsNotSoldAnyMore) {
  stack_lot(1, 10);
  stack_lot(2, 10);
  book_.balances["potion"] = 10;
  ask(1);
  EXPECT_EQ(settle(kUntil).sends_size(), 1);
}

TEST_F(AuctionRules, LotsThatAreInDoubtAreTriedInTurn) {
  stack_lot(1, 10);
  stack_lot(2, 10);
  book_.balances["potion"] = 10;
  std::set<std::uint64_t> tried;
  for (int second = 0; second < 2; ++second) {
    const auto operation = expire(kLongAfter + second * 1000);
    ASSERT_EQ(operation.sends_size(), 1);
    tried.insert(memo_of(operation.sends(0)).lot());
  }
  EXPECT_EQ(tried.size(), 2u);
}

TEST_F(AuctionRules, AHouseHasRoomForSoManyLotsAndSoManyOfOne) {
  for (std::uint64_t number = 1; number < kAuctionLotsOfOne; ++number) item_lot(number);
  const auto room = [this](std::uint64_t seller) { return has_room(book(), auction_sellers(book()), seller); };
  EXPECT_TRUE(room(kSeller));
  item_lot(kAuctionLotsOfOne);
  EXPECT_FALSE(room(kSeller));
  EXPECT_TRUE(room(kBuyer));
  for (std::uint64_t number = 1; number <= kAuctionLotsMost; ++number) item_lot(number);
  EXPECT_FALSE(room(kBuyer));
}

TEST_F(AuctionRules, AReturnSaysWhetherItWasAskedFor) {
  item_lot(1);
  lots_[1].set_seller(kBuyer);
  ask(1, AuctionMemo::CANCEL);
  book_.inbox[0].clear_balances();
  const auto cancelled = settle(kUntil - 1);
  ASSERT_EQ(cancelled.sends_size(), 1);
  EXPECT_EQ(memo_of(cancelled.sends(0)).kind(), AuctionMemo::RETURNED);
  EXPECT_TRUE(memo_of(cancelled.sends(0)).asked());
  const auto expired = expire();
  ASSERT_EQ(expired.sends_size(), 1);
  EXPECT_EQ(memo_of(expired.sends(0)).kind(), AuctionMemo::RETURNED);
  EXPECT_FALSE(memo_of(expired.sends(0)).asked());
}

TEST_F(AuctionRules, WhoGetsTheGoodsAndWhoGetsItsPriceBackAreToldUnderOneNumber) {
  item_lot(1);
  ask(1);
  const auto sold = settle(kUntil - 1);
  const auto back = settle(kUntil);
  ASSERT_EQ(sold.sends_size(), 2);
  ASSERT_EQ(back.sends_size(), 1);
  EXPECT_EQ(back.sends(0).balances(0).value(), kPrice);
  EXPECT_EQ(sold.sends(0).message_id(), back.sends(0).message_id());
  EXPECT_NE(sold.sends(0).memo(), back.sends(0).memo());
}

}  // namespace
}  // namespace dure::sample

#include <gtest/gtest.h>

#include <limits>

#include "common/game/mirror.h"
#include "common/proto/value.pb.h"

namespace dure {
namespace {

const ItemId kSword{1, 2}, kBow{3, 4};
const TradeId kTrade{9, 9};

void put(Mirror* mirror, const std::string& currency, std::int64_t delta) {
  proto::Operation op;
  op.add_effects()->mutable_balance()->set_currency(currency);
  op.mutable_effects(0)->mutable_balance()->set_delta(delta);
  ASSERT_EQ(mirror->apply(op), Mirror::Guard::kOk);
}

void mint(Mirror* mirror, const ItemId& id) {
  proto::Operation op;
  *op.add_effects()->mutable_mint()->mutable_item()->mutable_id() = uid_of(id);
  op.mutable_effects(0)->mutable_mint()->mutable_item()->set_template_("sword");
  ASSERT_EQ(mirror->apply(op), Mirror::Guard::kOk);
}

proto::Amount amount(const std::string& name, std::int64_t value) {
  proto::Amount made;
  made.set_name(name);
  made.set_value(value);
  return made;
}

// Side 0 gives gold and the sword, side 1 gold and the bow.
proto::Operation leg(std::int64_t gives, std::int64_t gets, std::int64_t cap = 0) {
  proto::Operation op;
  auto* terms = op.mutable_trade()->mutable_terms();
  *terms->mutable_txn() = to_uid(kTrade);
  auto* mine = terms->add_sides();
  auto* theirs = terms->add_sides();
  mine->set_player_id(1);
  theirs->set_player_id(2);
  if (gives != 0) *mine->add_give() = amount("gold", gives);
  if (gets != 0) *theirs->add_give() = amount("gold", gets);
  if (cap != 0) *mine->add_caps() = amount("gold", cap);
  return op;
}

proto::Operation with_sword(proto::Operation op, std::int64_t version = 1) {
  auto* item = op.mutable_trade()->mutable_terms()->mutable_sides(0)->add_items();
  *item->mutable_item() = uid_of(kSword);
  item->set_version(version);
  return op;
}

proto::LegOutcome outcome(proto::LegState state, std::uint64_t settle_seq = 0) {
  proto::LegOutcome made;
  *made.mutable_txn() = to_uid(kTrade);
  made.set_state(state);
  made.set_settle_seq(settle_seq);
  return made;
}

TEST(MirrorTrade, WhatIsGivenIsGoneAtOnceAndWhatIsGotIsNotYetThere) {
  Mirror mirror;
  put(&mirror, "gold", 100);
  mint(&mirror, kSword);
  EXPECT_EQ(mirror.apply(with_sword(leg(30, 50))), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.balance("gold"), 70);
  EXPECT_EQ(mirror.item(kSword), nullptr);
  EXPECT_TRUE(mirror.trading(kTrade));
  proto::Operation spend;
  spend.add_effects()->mutable_balance()->set_currency("gold");
  spend.mutable_effects(0)->mutable_balance()->set_delta(-71);
  EXPECT_EQ(mirror.apply(spend), Mirror::Guard::kNotEnough) << "what arrives cannot be spent";
}

TEST(MirrorTrade, GuardsRefuseWholly) {
  Mirror mirror;
  put(&mirror, "gold", 100);
  mint(&mirror, kSword);
  EXPECT_EQ(mirror.apply(with_sword(leg(101, 0))), Mirror::Guard::kNotEnough);
  EXPECT_EQ(mirror.apply(with_sword(leg(10, 0), 2)), Mirror::Guard::kNoItem) << "another version was seen";
  EXPECT_EQ(mirror.apply(leg(10, 30, 119)), Mirror::Guard::kCap) << "90 left, and room for 30";
  EXPECT_EQ(mirror.apply(leg(0, std::numeric_limits<std::int64_t>::max())), Mirror::Guard::kCap);
  EXPECT_EQ(mirror.apply(leg(-5, 0)), Mirror::Guard::kInvalid);
  proto::Operation self = leg(1, 1);
  self.mutable_trade()->mutable_terms()->mutable_sides(1)->set_player_id(1);
  EXPECT_EQ(mirror.apply(self), Mirror::Guard::kInvalid);
  proto::Operation twice = leg(1, 1);
  *twice.mutable_trade()->mutable_terms()->mutable_sides(0)->add_give() = amount("gold", 1);
  EXPECT_EQ(mirror.apply(twice), Mirror::Guard::kInvalid) << "a name once";
  EXPECT_EQ(mirror.balance("gold"), 100);
  EXPECT_NE(mirror.item(kSword), nullptr);
  EXPECT_EQ(mirror.apply(leg(10, 30, 120)), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.apply(leg(10, 30, 120)), Mirror::Guard::kTaken);
}

TEST(MirrorTrade, ALegIsOfAnItemThatIsThereAndFreeAndOfOneOfTwoSides) {
  Mirror mirror;
  put(&mirror, "gold", 100);
  EXPECT_EQ(mirror.apply(with_sword(leg(10, 0))), Mirror::Guard::kNoItem);
  mint(&mirror, kSword);
  ASSERT_TRUE(mirror.reserve(kSword, "auction"));
  EXPECT_EQ(mirror.apply(with_sword(leg(10, 0))), Mirror::Guard::kBusy);
  proto::Operation third = leg(10, 0);
  third.mutable_trade()->set_side(2);
  EXPECT_EQ(mirror.apply(third), Mirror::Guard::kInvalid);
  proto::Operation alone = leg(10, 0);
  alone.mutable_trade()->mutable_terms()->mutable_sides()->RemoveLast();
  EXPECT_EQ(mirror.apply(alone), Mirror::Guard::kInvalid);
  proto::Operation nameless = leg(10, 0);
  nameless.mutable_trade()->mutable_terms()->clear_txn();
  EXPECT_EQ(mirror.apply(nameless), Mirror::Guard::kInvalid);
  proto::Operation bad = leg(10, 5);
  bad.mutable_trade()->mutable_terms()->mutable_sides(1)->mutable_give(0)->set_value(0);
  EXPECT_EQ(mirror.apply(bad), Mirror::Guard::kInvalid) << "of the other's side, too";
  proto::Operation twice = with_sword(with_sword(leg(10, 0)));
  EXPECT_EQ(mirror.apply(twice), Mirror::Guard::kInvalid) << "an item once";
  EXPECT_EQ(mirror.balance("gold"), 100);
  EXPECT_TRUE(mirror.open_trades().empty());
}

TEST(MirrorTrade, WhatIsKeptForOtherTradesCountsAsRoom) {
  proto::Aggregate aggregate;
  *aggregate.add_balances() = amount("gold", 100);
  *aggregate.add_reserved() = amount("gold", std::numeric_limits<std::int64_t>::max());
  Mirror mirror;
  mirror.load(aggregate);
  EXPECT_EQ(mirror.apply(leg(0, 1)), Mirror::Guard::kCap);
  EXPECT_EQ(mirror.balance("gold"), 100);
}

TEST(MirrorTrade, OneOfTwoTradesThatIsSettledLeavesTheRoomOfTheOther) {
  Mirror mirror;
  put(&mirror, "gold", 10);
  proto::Operation other = leg(0, 20);
  *other.mutable_trade()->mutable_terms()->mutable_txn() = to_uid({8, 8});
  other.mutable_trade()->mutable_terms()->set_register_shard(3);
  ASSERT_EQ(mirror.apply(leg(0, 30)), Mirror::Guard::kOk);
  ASSERT_EQ(mirror.apply(other), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.register_of({8, 8}), 3u);
  EXPECT_EQ(mirror.register_of({7, 7}), 0u) << "no trade of ours";
  ASSERT_TRUE(mirror.settle(outcome(proto::LEG_ABORTED)));
  proto::Operation earn;
  earn.add_effects()->mutable_balance()->set_currency("gold");
  earn.mutable_effects(0)->mutable_balance()->set_cap(100);
  earn.mutable_effects(0)->mutable_balance()->set_delta(71);
  EXPECT_EQ(mirror.apply(earn), Mirror::Guard::kCap) << "room for 20 is still kept";
  earn.mutable_effects(0)->mutable_balance()->set_delta(70);
  EXPECT_EQ(mirror.apply(earn), Mirror::Guard::kOk);
}

TEST(MirrorTrade, AHoldWhoseRoomIsNotNamedIsSettledToo) {
  proto::Aggregate aggregate;
  *aggregate.add_holds()->mutable_terms() = leg(30, 50).trade().terms();
  Mirror mirror;
  mirror.load(aggregate);
  proto::LegOutcome done = outcome(proto::LEG_COMMITTED, 8);
  *done.add_credited() = amount("gold", 50);
  EXPECT_TRUE(mirror.settle(done));
  EXPECT_EQ(mirror.balance("gold"), 50);
}

TEST(MirrorTrade, RoomForEitherEndIsKeptUntilItIsSettled) {
  Mirror mirror;
  put(&mirror, "gold", 50);
  ASSERT_EQ(mirror.apply(leg(0, 30)), Mirror::Guard::kOk);
  proto::Operation earn;
  earn.add_effects()->mutable_balance()->set_currency("gold");
  earn.mutable_effects(0)->mutable_balance()->set_cap(100);
  earn.mutable_effects(0)->mutable_balance()->set_delta(21);
  EXPECT_EQ(mirror.apply(earn), Mirror::Guard::kCap);
  proto::LegOutcome done = outcome(proto::LEG_COMMITTED);
  *done.add_credited() = amount("gold", 30);
  ASSERT_TRUE(mirror.settle(done));
  EXPECT_EQ(mirror.balance("gold"), 80);
  earn.mutable_effects(0)->mutable_balance()->set_delta(20);
  EXPECT_EQ(mirror.apply(earn), Mirror::Guard::kOk);
}

TEST(MirrorTrade, ACommitIsCreditedOnce) {
  Mirror mirror;
  put(&mirror, "gold", 100);
  mint(&mirror, kSword);
  ASSERT_EQ(mirror.apply(with_sword(leg(30, 50))), Mirror::Guard::kOk);
  proto::LegOutcome done = outcome(proto::LEG_COMMITTED);
  *done.add_credited() = amount("gold", 50);
  *done.add_items()->mutable_id() = uid_of(kBow);
  const auto settled = mirror.settle(done);
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->balances, std::set<std::string>{"gold"});
  EXPECT_EQ(settled->items, std::vector<ItemId>{kBow});
  EXPECT_FALSE(mirror.settle(done)) << "told twice";
  EXPECT_EQ(mirror.balance("gold"), 120);
  EXPECT_NE(mirror.item(kBow), nullptr);
  EXPECT_EQ(mirror.item(kSword), nullptr);
}

TEST(MirrorTrade, AnAbortedLegThatWasNeverHeldGivesBackWhatWasTaken) {
  Mirror mirror;
  put(&mirror, "gold", 100);
  mint(&mirror, kSword);
  ASSERT_EQ(mirror.apply(with_sword(leg(30, 50))), Mirror::Guard::kOk);
  ASSERT_TRUE(mirror.settle(outcome(proto::LEG_ABORTED)));
  EXPECT_EQ(mirror.balance("gold"), 100);
  EXPECT_NE(mirror.item(kSword), nullptr);
  EXPECT_FALSE(mirror.trading(kTrade));
}

TEST(MirrorTrade, AHeldLegIsGivenBackByItsFinishAloneNeverByGuess) {
  Mirror mirror;
  put(&mirror, "gold", 100);
  ASSERT_EQ(mirror.apply(leg(30, 50)), Mirror::Guard::kOk);
  EXPECT_FALSE(mirror.settle(outcome(proto::LEG_HELD)));
  EXPECT_FALSE(mirror.settle(outcome(proto::LEG_ABORTED))) << "decided, but not finished";
  EXPECT_EQ(mirror.balance("gold"), 70);
  proto::LegOutcome finished = outcome(proto::LEG_ABORTED, 1);
  *finished.add_credited() = amount("gold", 30);
  EXPECT_TRUE(mirror.settle(finished));
  EXPECT_EQ(mirror.balance("gold"), 100);
}

// Mutant 19 of the model: the trade was aborted before this owner's state was read, so nothing was ever taken from it.
TEST(MirrorTrade, AnOwnerThatNeverHadTheLegIsGivenNothing) {
  Mirror mirror;
  put(&mirror, "gold", 100);
  EXPECT_FALSE(mirror.settle(outcome(proto::LEG_ABORTED)));
  proto::LegOutcome finished = outcome(proto::LEG_ABORTED, 4);
  *finished.add_credited() = amount("gold", 30);
  EXPECT_FALSE(mirror.settle(finished));
  EXPECT_EQ(mirror.balance("gold"), 100);
}

TEST(MirrorTrade, AHoldThatWasFoundKeepsItsRoomAndIsSettledExactly) {
  proto::Aggregate aggregate;
  *aggregate.add_balances() = amount("gold", 70);
  *aggregate.add_reserved() = amount("gold", 50);
  auto* hold = aggregate.add_holds();
  *hold->mutable_terms() = leg(30, 50).trade().terms();
  Mirror mirror;
  mirror.load(aggregate);
  EXPECT_TRUE(mirror.trading(kTrade));
  EXPECT_FALSE(mirror.settle(outcome(proto::LEG_ABORTED))) << "without a FINISH nothing is known";
  proto::LegOutcome done = outcome(proto::LEG_COMMITTED, 8);
  *done.add_credited() = amount("gold", 50);
  EXPECT_TRUE(mirror.settle(done));
  EXPECT_EQ(mirror.balance("gold"), 120);
  proto::Aggregate stored;
  mirror.store(&stored);
  EXPECT_EQ(stored.reserved_size(), 0);
  EXPECT_EQ(stored.holds_size(), 0);
}

}  // namespace
}  // namespace dure

#include "tools/bots/own_model.h"

#include <gtest/gtest.h>

namespace dure {

namespace {

Belongings owning(std::int64_t gold, std::int64_t bread) { return {{{"gold", gold}, {"bread", bread}}, {}}; }

Change buying(std::uint64_t creq) {
  Change change;
  change.creq = creq;
  change.balances = {{"gold", -6}, {"bread", 1}};
  return change;
}

OwnModel::Told now_owning(std::int64_t gold, std::int64_t bread) {
  OwnModel::Told told;
  told.balances = {{"gold", gold}, {"bread", bread}};
  return told;
}

// Bought bread under creq 1, which is SAVED, and under creq 2, which is not.
OwnModel after_two_purchases() {
  OwnModel model;
  model.state(owning(100, 1), 0, OwnModel::Arrival::kMoved, false);
  model.asked(buying(1));
  EXPECT_TRUE(model.granted(1, now_owning(94, 2), false).differences.empty());
  model.saved(1);
  model.asked(buying(2));
  EXPECT_TRUE(model.granted(2, now_owning(88, 3), false).differences.empty());
  return model;
}

}  // namespace

TEST(OwnModel, AReplyThatTakesTooMuchIsTold) {
  OwnModel model;
  model.state(owning(100, 1), 0, OwnModel::Arrival::kMoved, false);
  model.asked(buying(1));
  const auto verdict = model.granted(1, now_owning(93, 2), false);
  ASSERT_EQ(verdict.differences.size(), 1u);
  EXPECT_EQ(verdict.differences.front().what, "balance gold");
  EXPECT_EQ(verdict.differences.front().expected, "94");
  EXPECT_EQ(verdict.differences.front().seen, "93");
}

TEST(OwnModel, AHandoverKeepsEverythingAndAFaultMayUndoWhatWasNotSaved) {
  EXPECT_TRUE(after_two_purchases().state(owning(88, 3), 2, OwnModel::Arrival::kMoved, false).differences.empty());
  EXPECT_FALSE(after_two_purchases().state(owning(94, 2), 1, OwnModel::Arrival::kMoved, false).differences.empty());
  const auto fault = after_two_purchases().state(owning(94, 2), 1, OwnModel::Arrival::kFault, false);
  EXPECT_TRUE(fault.differences.empty());
  EXPECT_EQ(fault.applied_lost, 1u);
}

TEST(OwnModel, AFaultMayNotUndoWhatWasSaved) {
  EXPECT_FALSE(after_two_purchases().state(owning(100, 1), 0, OwnModel::Arrival::kFault, false).differences.empty());
}

TEST(OwnModel, AFaultMayUndoWhatWasAppliedAndNotTheTradeThatWasSettledAfterwards) {
  OwnModel model = after_two_purchases();
  model.set(now_owning(99, 3), true);  // 11 gold came
  OwnModel undone = model;
  EXPECT_TRUE(undone.state(owning(105, 2), 1, OwnModel::Arrival::kFault, false).differences.empty());
  EXPECT_FALSE(model.state(owning(94, 2), 1, OwnModel::Arrival::kFault, false).differences.empty());
}

TEST(OwnModel, ARequestWithoutAReplyMayBeInTheStateOnceAndItsLateReplyChangesNothing) {
  OwnModel model = after_two_purchases();
  model.asked(buying(3));
  EXPECT_TRUE(model.state(owning(82, 4), 3, OwnModel::Arrival::kMoved, false).differences.empty());
  EXPECT_TRUE(model.granted(3, now_owning(82, 4), false).differences.empty());
  EXPECT_EQ(model.now().balance("gold"), 82);
}

TEST(OwnModel, AnAlteredItemIsToldByItsId) {
  Belongings with_sword = owning(10, 0);
  with_sword.items[ItemId{1, 2}] = {"rusty_sword", 1, ""};
  OwnModel model;
  model.state(with_sword, 0, OwnModel::Arrival::kMoved, false);
  with_sword.items[ItemId{1, 2}].name = "iron_sword";
  const auto verdict = model.state(with_sword, 0, OwnModel::Arrival::kSame, true);
  ASSERT_EQ(verdict.differences.size(), 1u);
  EXPECT_EQ(verdict.differences.front().expected, "rusty_sword v1");
  EXPECT_EQ(verdict.differences.front().seen, "iron_sword v1");
}

TEST(OwnModel, LootShownByAReplyBeforeItsNoticeIsCountedOnce) {
  OwnModel model;
  model.state(owning(100, 1), 0, OwnModel::Arrival::kMoved, false);
  model.asked(buying(1));
  const auto verdict = model.granted(1, now_owning(97, 2), true);
  EXPECT_TRUE(verdict.differences.empty());
  EXPECT_EQ(verdict.untold_gains, 1u);
  OwnModel::Told loot;
  loot.balances["gold"] = 97;
  model.set(loot);
  EXPECT_EQ(model.now().balance("gold"), 97);
  EXPECT_TRUE(model.state(owning(97, 2), 1, OwnModel::Arrival::kMoved, false).differences.empty());
}

// As when an owner that waits for its database tells the state anew, and then what was saved meanwhile.
TEST(OwnModel, LootShownByAStateBeforeItsNoticeIsCountedOnce) {
  OwnModel model;
  model.state(owning(100, 1), 0, OwnModel::Arrival::kMoved, false);
  EXPECT_EQ(model.state(owning(107, 1), 0, OwnModel::Arrival::kSame, true).untold_gains, 1u);
  OwnModel::Told loot;
  loot.balances["gold"] = 107;
  EXPECT_EQ(model.set(loot).balances.at("gold"), 0);
  EXPECT_TRUE(model.state(owning(107, 1), 0, OwnModel::Arrival::kSame, false).differences.empty());
}

}  // namespace dure

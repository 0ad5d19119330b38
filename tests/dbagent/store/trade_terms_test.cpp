#include "dbagent/store/trade_terms.h"

#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {
namespace {

TEST_F(TradeTest, WhatALegMustNotSayIsNamed) {
  const auto wrong = [&](const auto& change) {
    Ops ops = leg(terms_of(30, 1, {1, 30, {10}, 200}, {2, 5, {20}, 200}), 0);
    change(*ops.request.mutable_operations(0));
    const char* word = what_is_wrong(ops.request.operations(0), 1);
    return std::string(word == nullptr ? "" : word);
  };
  const auto mine = [](proto::Operation& op) { return op.mutable_trade()->mutable_terms()->mutable_sides(0); };
  const auto theirs = [](proto::Operation& op) { return op.mutable_trade()->mutable_terms()->mutable_sides(1); };
  EXPECT_EQ(wrong([](auto&) {}), "");
  EXPECT_EQ(wrong([](auto& op) { op.clear_reason(); }), "reason");
  EXPECT_EQ(wrong([](auto& op) { op.set_reason(std::string(65, 'r')); }), "reason");
  EXPECT_EQ(wrong([](auto& op) { op.set_reason(std::string(64, 'r')); }), "");
  EXPECT_EQ(wrong([](auto& op) { op.mutable_trade()->set_side(2); }), "terms");
  EXPECT_EQ(wrong([](auto& op) { op.mutable_trade()->set_side(1); }), "another's leg");
  EXPECT_EQ(wrong([&](auto& op) { mine(op)->mutable_give(0)->set_value(0); }), "goods");
  EXPECT_EQ(wrong([&](auto& op) { mine(op)->mutable_give(0)->clear_name(); }), "goods");
  EXPECT_EQ(wrong([&](auto& op) { mine(op)->mutable_give(0)->set_name(std::string(65, 'g')); }), "goods");
  EXPECT_EQ(wrong([&](auto& op) { theirs(op)->mutable_give(0)->set_value(-1); }), "goods") << "the other side's, too";
  EXPECT_EQ(wrong([&](auto& op) { mine(op)->mutable_caps(0)->set_value(0); }), "goods");
  EXPECT_EQ(wrong([&](auto& op) { *mine(op)->add_items() = mine(op)->items(0); }), "goods") << "an item once";
  const auto two = [&](const std::string& first, const std::string& second) {
    return wrong([&](auto& op) {
      mine(op)->mutable_give(0)->set_name(first);
      *mine(op)->add_give() = mine(op)->give(0);
      mine(op)->mutable_give(1)->set_name(second);
    });
  };
  EXPECT_EQ(two("gold", "ore"), "");
  EXPECT_EQ(two("ore", "gold"), "goods") << "by name";
  EXPECT_EQ(two("gold", "gold"), "goods");
}

}  // namespace
}  // namespace dure::store

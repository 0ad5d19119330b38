// Where an item is by the time of a rollback decides whether it is taken, owed, made again, or stands.
#include "tests/dbagent/rollback_fixture.h"

namespace dure {
namespace {

TEST_F(RollbackTest, WhatWasGivenOnAndUsedUpByAnotherIsOwedAndItIsSaidByWhom) {
  play(store::Ops(1, 1).op(2).balance("gold", -60).mint(77).op(3).send(900, 2, 0, {77}));
  relay();
  play(store::Ops(2, 1).op(2).claim(900).op(3).burn(77, 0).balance("gold", 30));
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 100);
  EXPECT_EQ(balance(1, "debt:item:sword"), 1) << "else the gold is back and the sword was sold";
  EXPECT_NE(outcome.text.find("is owed; used up by " + name_of(2) + " (test.reason)"), std::string::npos)
      << outcome.text;
}

TEST_F(RollbackTest, WhatOneUsedUpOfWhatTheSystemGaveSinceIsNotOwed) {
  play(store::Ops(1, 1).op(2).mint(77).op(3).burn(77, 0));
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "debt:item:sword"), 0);
}

TEST_F(RollbackTest, WhatWasHadThenGivenOnAndUsedUpStandsAndIsSaid) {
  play(store::Ops(1, 1).op(2).send(900, 2, 0, {10}));
  relay();
  play(store::Ops(2, 1).op(2).claim(900).op(3).burn(10, 0));
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_NE(outcome.text.find("given away since, stands; used up by " + name_of(2)), std::string::npos) << outcome.text;
  EXPECT_EQ(balance(1, "debt:item:sword"), 0);
}

TEST_F(RollbackTest, WhatCameFromAnotherSinceAndWasUsedUpIsMadeAgain) {
  play(store::Ops(2, 1).op(2).send(900, 1, 0, {20}));
  relay();
  play(store::Ops(1, 1).op(2).claim(900).op(3).burn(20, 0).balance("gold", 30));
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 100);
  const auto grant = acquire(1, 1);
  EXPECT_EQ(grant.aggregate().items_size(), 2) << "what it was sold for is taken, and the gift stands";
}

TEST_F(RollbackTest, WhatWaitsInALetterOfTheirOwnIsOwedUntilItIsOpenedAndTaken) {
  play(store::Ops(1, 1).op(2).balance("gold", 500).mint(77).op(3).send(900, 2, 550, {77}));
  relay();
  play(store::Ops(2, 1).op(2).claim(900).op(3).send(901, 1, 300, {77}));
  relay();
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "debt:gold"), 450);
  EXPECT_EQ(balance(1, "debt:item:sword"), 1);
  EXPECT_NE(outcome.text.find("got since, is owed; in an unopened letter of their own"), std::string::npos)
      << outcome.text;
  EXPECT_NE(outcome.text.find("450 of it is owed: 300 in unopened letters of their own, the rest given away"),
            std::string::npos)
      << outcome.text;

  const auto grant = acquire(1, 1);
  ASSERT_EQ(grant.aggregate().inbox_size(), 1) << "what its opening means is the game's";
  play(store::Ops(1, grant.epoch()).op(1).claim(901));
  const auto again = roll_back(1, kThen - 1);
  EXPECT_TRUE(again.ok) << again.text;
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 150);
  EXPECT_EQ(balance(1, "debt:item:sword"), 0);
  const auto after = acquire(1, 1);
  EXPECT_EQ(items_of(after), Items{10});
}

// It came back to whom it is from, who has not opened it.
TEST_F(RollbackTest, WhatWasHadAndCameBackInALetterIsNotCalledGivenAway) {
  play(store::Ops(1, 1).op(2).send(900, 2, 0, {10}));
  relay();
  play(store::Ops(2, 1).op(2).claim(900).op(3).send(901, 1, 0, {10}));
  relay();
  const auto outcome = roll_back(1);
  EXPECT_NE(outcome.text.find("sword: stands; in an unopened letter of their own"), std::string::npos) << outcome.text;
  EXPECT_EQ(balance(1, "debt:item:sword"), 0);
}

TEST_F(RollbackTest, WhatOfATradeWaitsInALetterOfTheirOwnIsNotCalledSpent) {
  const auto terms = store::terms_of(2, 1, {1, 30, {10}}, {2, 0, {20}});
  apply(1, leg(terms, 0));
  apply(1, leg(terms, 1));
  play(store::Ops(2, 1).op(3).send(900, 1, 120, {10}));  // 10 are left
  relay();
  play(store::Ops(1, 1).op(3).claim(900).op(4).send(901, 2, 15, {10}));
  relay();
  const auto outcome = roll_back_trade(2);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_NE(outcome.text.find("20 gold is owed: 15 in unopened letters of their own, the rest spent"),
            std::string::npos)
      << outcome.text;
  EXPECT_NE(outcome.text.find("sword is owed: in an unopened letter of their own"), std::string::npos) << outcome.text;
  EXPECT_EQ(balance(2, "debt:gold"), 20);
  EXPECT_EQ(balance(2, "debt:item:sword"), 1);
}

// Nobody else's: of 30,000 movements the two that are of the player are found, in few pages.
TEST_F(RollbackTest, ABusyTimeOfOthersIsReadInLargePages) {
  play(store::Ops(1, 1).op(2).mint(77).op(3).send(900, 2, 0, {10}));
  std::uint64_t pseq = 2;
  for (int i = 0; i < 15; ++i) {
    store::Ops others(2, 1);
    for (int op = 0; op < 10; ++op) {
      others.op(pseq++);
      for (int made = 0; made < 100; ++made) others.mint(10'000 + pseq * 100 + made);
      others.op(pseq++);
      for (int made = 0; made < 100; ++made) others.burn(10'000 + (pseq - 1) * 100 + made, 0);
    }
    others.request.set_shard(1);
    ASSERT_EQ(store::ask<proto::ApplyReply>(*stores.at(1), others.request, now).code(), proto::STORED);
  }
  proto::PlayerAtQuery query;
  query.set_shard(1);
  query.set_player_id(1);
  query.set_at_unix_ms(kThen);
  std::map<std::uint64_t, std::pair<bool, bool>> found;
  int pages = 0;
  for (bool more = true; more; ++pages) {
    const auto page = on<proto::PlayerAt>(1, query);
    for (const auto& item : page.items()) {
      found[item.item().low()].first |= item.had();
      found[item.item().low()].second |= item.has();
    }
    more = page.next().txn() != 0;
    *query.mutable_after() = page.next();
  }
  EXPECT_LE(pages, 4);
  const std::map<std::uint64_t, std::pair<bool, bool>> expected = {{10, {true, false}}, {77, {false, true}}};
  EXPECT_EQ(found, expected);
}

TEST_F(RollbackTest, EveryPageIsProgressForWhoWaits) {
  RollbackPlanner planner(*agent);
  std::optional<RollbackPlan> plan;
  agent->spawn(keep(planner.player(name_of(1), kThen), &plan));
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 400 && !plan; ++i) {
    cluster->run(milliseconds(5), milliseconds(5));
    seen.insert(planner.pages());
  }
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->refusal.empty()) << plan->refusal;
  EXPECT_GE(planner.pages(), 4u);
  EXPECT_GE(seen.size(), 4u);
}

}  // namespace
}  // namespace dure

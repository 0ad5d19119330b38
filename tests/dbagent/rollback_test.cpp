// A rollback asked of the desk that does it, and what is then in the rows.
#include "tests/dbagent/rollback_fixture.h"

namespace dure {
namespace {

TEST_F(RollbackTest, WhatTheSystemGaveAndTookSinceIsUndone) {
  play(store::Ops(1, 1).op(2).balance("gold", 500).mint(77).op(3).balance("gold", -30).burn(10, 0));
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 100);
  const auto grant = acquire(1, 1);
  ASSERT_EQ(grant.aggregate().items_size(), 1);
  EXPECT_EQ(grant.aggregate().items(0).template_(), "sword") << "made again under another number";
  EXPECT_NE(grant.aggregate().items(0).id().low(), 10u);
}

TEST_F(RollbackTest, ASecondTimeItIsOnlySaidThatItWasDone) {
  play(store::Ops(1, 1).op(2).balance("gold", 500));
  EXPECT_TRUE(roll_back(1).ok);
  const auto again = roll_back(1);
  EXPECT_TRUE(again.ok);
  EXPECT_NE(again.text.find("already"), std::string::npos) << again.text;
  EXPECT_EQ(balance(1, "gold"), 100);
}

TEST_F(RollbackTest, WhatWasGivenOnIsOwedAndItIsSaidWhoHoldsIt) {
  play(store::Ops(1, 1).op(2).balance("gold", 500).mint(77).op(3).send(900, 2, 550, {77}));
  relay();
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 450) << "50 were left of 500 that have to go";
  EXPECT_EQ(balance(1, "debt:item:sword"), 1);
  EXPECT_NE(outcome.text.find(name_of(2)), std::string::npos) << outcome.text;
}

TEST_F(RollbackTest, WhatIsOwedIsNotOwedTwiceAfterASecondOneToAnotherTime) {
  play(store::Ops(1, 1).op(2).balance("gold", 500).mint(77).op(3).send(900, 2, 550, {77}));
  relay();
  ASSERT_TRUE(roll_back(1).ok);
  const auto outcome = roll_back(1, kThen - 1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 450);
  EXPECT_EQ(balance(1, "debt:item:sword"), 1);
}

TEST_F(RollbackTest, ASecondOneToANearerTimeLeavesOwedWhatThatTimeWants) {
  play(store::Ops(1, 1).op(2).balance("gold", 300).mint(76));
  now += 2000;
  play(store::Ops(1, 1).op(3).balance("gold", 200).mint(77).op(4).send(900, 2, 550, {76, 77}));
  relay();
  ASSERT_TRUE(roll_back(1).ok);
  EXPECT_EQ(balance(1, "debt:gold"), 450);
  EXPECT_EQ(balance(1, "debt:item:sword"), 2);
  const auto outcome = roll_back(1, kSince + 1000);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 150) << "400 were there then, and 550 were given away";
  EXPECT_EQ(balance(1, "debt:item:sword"), 1);
}

// 100 came after the backup and were given on, with the 100 that the backup knows.
TEST_F(RollbackTest, WhatARestoreMadeGoodAndWroteDownIsOwedOnce) {
  restore_that_hears_of_a_letter(200);
  ASSERT_EQ(balance(1, "gold"), 0);
  ASSERT_EQ(balance(1, "debt:gold"), 100);
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 100);
  EXPECT_NE(outcome.text.find("a restore +100 that is owed already, trades and letters -200"), std::string::npos)
      << outcome.text;
}

TEST_F(RollbackTest, WhatTheSystemGaveBesideARestoreIsOwedAsWell) {
  play(store::Ops(1, 1).op(2).balance("gold", 50));
  restore_that_hears_of_a_letter(200);
  ASSERT_EQ(balance(1, "debt:gold"), 50);
  ASSERT_TRUE(roll_back(1).ok);
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 100) << "100 were had then, and 200 given away";
}

TEST_F(RollbackTest, WhoPlaysMeanwhileIsFencedAndHisLateOperationsDie) {
  play(store::Ops(1, 1).op(2).balance("gold", 500));
  EXPECT_TRUE(roll_back(1).ok);
  store::Ops late(1, 1);
  late.op(3).balance("gold", 5);
  EXPECT_EQ(apply(1, late).code(), proto::STALE_EPOCH);
  EXPECT_EQ(acquire(1, 1).code(), proto::STORED) << "nobody owns the player afterwards";
}

TEST_F(RollbackTest, WhoTakesThePlayerBeforeItIsWrittenIsFencedTooAndTheDifferenceFoundAnew) {
  cluster->up(kLobby);
  cluster->up(kOther);
  ASSERT_EQ(acquire_as(kLobby, 31).code(), proto::STORED);
  play(store::Ops(1, 2, 31).op(1).balance("gold", 500));
  int taken = 0;
  before_apply = [&](const Work&) {
    EXPECT_FALSE(cluster->take<proto::InboxNotice>(kLobby)) << "who is told too early has the gateway ask on";
    if (++taken > 1) return;
    const auto grant = acquire_as(kOther, 32);
    store::Ops more(1, grant.epoch(), 32);
    more.op(1).balance("gold", 7);
    EXPECT_EQ(apply(1, more).code(), proto::STORED);
  };
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(taken, 2);
  EXPECT_EQ(balance(1, "gold"), 100) << "what the second owner did is undone as well";
  EXPECT_TRUE(cluster->take<proto::InboxNotice>(kLobby));
  EXPECT_TRUE(cluster->take<proto::InboxNotice>(kOther));
}

TEST_F(RollbackTest, WhereOthersTakeThePlayerAgainAndAgainItEndsAndMayBeAskedAgain) {
  play(store::Ops(1, 1).op(2).balance("gold", 500));
  std::uint64_t taken = 0;
  before_apply = [&](const Work&) { acquire_as(kOther, 40 + ++taken); };
  const auto outcome = roll_back(1);
  EXPECT_FALSE(outcome.ok);
  EXPECT_FALSE(outcome.known);
  EXPECT_LE(taken, 10u);
  EXPECT_EQ(balance(1, "gold"), 600) << "nothing is written half";
  before_apply = nullptr;
  EXPECT_TRUE(roll_back(1).ok);
  EXPECT_EQ(balance(1, "gold"), 100);
}

TEST_F(RollbackTest, AnAnswerThatIsLostIsNoFailure) {
  play(store::Ops(1, 1).op(2).balance("gold", 500));
  bool lost = false;
  before_apply = [&](const Work& work) {
    if (!std::exchange(lost, true)) stores.at(1)->run(work.request.view());  // it is asked again
  };
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 100);
}

TEST_F(RollbackTest, OnlyWhoOwnsThePlayerNowAppliesItAndOwnsNobodyAfterwards) {
  const auto grant = acquire(1, 1);
  proto::RollbackApply request;
  request.set_shard(1);
  request.set_player_id(1);
  request.set_epoch(grant.epoch() - 1);
  *request.mutable_owner_incarnation() = store::uid(7, 1);
  store::Ops ops(1, grant.epoch());
  ops.op(1).drop(5, 6).balance("gold", -40);
  *request.mutable_operation() = ops.request.operations(0);
  EXPECT_EQ(on<proto::RollbackApplied>(1, request).code(), proto::STALE_EPOCH);
  EXPECT_EQ(balance(1, "gold"), 100);
  request.set_epoch(grant.epoch());
  EXPECT_EQ(on<proto::RollbackApplied>(1, request).code(), proto::STORED);
  EXPECT_EQ(balance(1, "gold"), 60);
  store::Ops next(1, grant.epoch());
  next.op(2).balance("gold", 5);
  EXPECT_EQ(apply(1, next).code(), proto::STALE_EPOCH) << "it would go on from a state that is no more";
}

TEST_F(RollbackTest, ItRefusesAndSaysWhy) {
  const auto nobody = run(desk().player("Nobody", kThen));
  EXPECT_FALSE(nobody.ok);
  EXPECT_EQ(nobody.text, "nobody is called Nobody");
  EXPECT_EQ(roll_back(1, kSince + 3'600'000).text, "that time has not come yet");
  EXPECT_NE(roll_back(1, store::kNow - 1000).text.find("did not exist"), std::string::npos);
  EXPECT_EQ(roll_back_trade(5).text, "no shard knows such a trade");
}

TEST_F(RollbackTest, ATradeAcrossShardsGoesBackOnBothSides) {
  const auto terms = store::terms_of(1, 1, {1, 30, {10}}, {3, 0, {30}});
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  carry_all();
  ASSERT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  play(2, store::Ops(3, 1).op(3).balance("gold", -120));  // 10 are left
  const auto outcome = roll_back_trade(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  relay();
  const auto one = acquire(1, 1), three = acquire(3, 2);
  ASSERT_EQ(one.aggregate().inbox_size(), 1) << one.aggregate().DebugString();
  EXPECT_EQ(one.aggregate().inbox(0).items(0).id().low(), 10u);
  EXPECT_EQ(one.aggregate().inbox(0).balances(0).value(), 10);
  ASSERT_EQ(three.aggregate().inbox_size(), 1);
  EXPECT_EQ(three.aggregate().inbox(0).items(0).id().low(), 30u);
  EXPECT_EQ(balance(3, "debt:gold"), 20);
  const auto again = roll_back_trade(1);
  EXPECT_TRUE(again.ok);
  EXPECT_NE(again.text.find("already"), std::string::npos);
}

TEST_F(RollbackTest, WhatIsOwedOfATradeStaysOwedWhateverThePlayerIsRolledBackTo) {
  const auto terms = store::terms_of(1, 1, {1, 30, {}}, {3, 0, {}});
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  carry_all();
  play(2, store::Ops(3, 1).op(3).send(901, 1, 120, {}));  // 10 are left
  ASSERT_TRUE(roll_back_trade(1).ok);
  EXPECT_EQ(balance(3, "debt:gold"), 20);
  const auto outcome = roll_back(3);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(3, "debt:gold"), 20);
}

TEST_F(RollbackTest, ATradeOfOneShardGoesBackToo) {
  const auto terms = store::terms_of(2, 1, {1, 30, {10}}, {2, 5, {20}});
  apply(1, leg(terms, 0));
  apply(1, leg(terms, 1));
  const auto outcome = roll_back_trade(2);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  relay();
  const auto one = acquire(1, 1), two = acquire(2, 1);
  ASSERT_EQ(one.aggregate().inbox_size(), 1);
  EXPECT_EQ(one.aggregate().inbox(0).items(0).id().low(), 10u);
  ASSERT_EQ(two.aggregate().inbox_size(), 1);
  EXPECT_EQ(two.aggregate().inbox(0).balances(0).value(), 5);
}

TEST_F(RollbackTest, ATradeThatDidNotHappenHasNothingToUndo) {
  const auto terms = store::terms_of(3, 1, {1, 30, {}}, {3, 0, {30}});
  apply(1, leg(terms, 0));
  verdict(1, terms, true);
  EXPECT_EQ(roll_back_trade(3).text, "that trade did not happen: there is nothing to undo");
}

TEST_F(RollbackTest, WhatIsInAnOpenTradeIsNotTakenOutOfIt) {
  play(store::Ops(1, 1).op(2).balance("gold", 500));
  const auto terms = store::terms_of(4, 2, {1, 30, {}}, {3, 0, {30}});
  apply(1, leg(terms, 0, 3));  // held: its register, on the other shard, waits for the other leg
  proto::RollbackApply request;
  request.set_shard(1);
  request.set_player_id(1);
  request.set_epoch(1);
  *request.mutable_owner_incarnation() = store::uid(7, 1);
  request.mutable_operation()->set_pseq(4);
  request.mutable_operation()->set_reason("rollback");
  request.mutable_operation()->add_effects()->mutable_drop_key()->set_source("rollback");
  const auto refused = on<proto::RollbackApplied>(1, request);
  EXPECT_EQ(refused.code(), proto::REJECTED);
  EXPECT_EQ(refused.detail(), "open hold");
}

}  // namespace
}  // namespace dure

#include "tests/common/game/owner_trade_fixture.h"

namespace dure::test {
namespace {

TEST_F(OwnerTradeTest, BothLegsCarryTheSameTermsAndTheirOwnNumbers) {
  const auto start = trade(30, 10);
  ASSERT_EQ(start.guard, Mirror::Guard::kOk);
  ASSERT_EQ(sent_.size(), 2u);
  const auto& first = sent_[0].operations(0);
  const auto& second = sent_[1].operations(0);
  EXPECT_EQ(sent_[0].shard(), 1u);
  EXPECT_EQ(sent_[1].shard(), 2u);
  EXPECT_EQ(first.trade().terms().SerializeAsString(), second.trade().terms().SerializeAsString());
  EXPECT_EQ(first.trade().side(), 0u);
  EXPECT_EQ(second.trade().side(), 1u);
  EXPECT_EQ(first.pseq(), 1u);
  EXPECT_EQ(first.creq(), 5u);
  EXPECT_EQ(second.creq(), 6u);
  EXPECT_EQ(first.trade().terms().register_shard(), 1u) << "the smaller id's";
  EXPECT_TRUE(start.txn);
  EXPECT_EQ(has(1), 70);
  EXPECT_EQ(has(2), 90);
}

TEST_F(OwnerTradeTest, WhatOneSideCannotGiveIsPutIntoNoWindow) {
  const auto start = trade(30, 101);
  EXPECT_EQ(start.guard, Mirror::Guard::kNotEnough);
  EXPECT_EQ(start.side, 1u);
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(has(1), 100);
  EXPECT_EQ(has(2), 100);
}

TEST_F(OwnerTradeTest, WhoGivesToAnotherShardNeedsRoomForWhatMayComeBack) {
  cap_ = 100;
  EXPECT_EQ(trade(30, 0).guard, Mirror::Guard::kOk);
  ASSERT_EQ(sent_.size(), 2u);
  const auto& terms = sent_[0].operations(0).trade().terms();
  ASSERT_EQ(terms.sides(0).caps_size(), 1) << "the store holds it to what the content says, too";
  EXPECT_EQ(terms.sides(0).caps(0).value(), 100);
  EXPECT_EQ(terms.sides(1).caps_size(), 0) << "what it gets is the game's to limit";
  sent_.clear();
  cap_ = 60;
  EXPECT_EQ(trade(30, 0).guard, Mirror::Guard::kCap) << "told, and not fenced by the store";
  EXPECT_TRUE(sent_.empty());
  player(2).shard = 1;
  EXPECT_EQ(trade(30, 0).guard, Mirror::Guard::kOk) << "swapped at once: nothing comes back";
}

TEST_F(OwnerTradeTest, AnItemThatIsNotThereIsNotGivenAndOneThatIsTravels) {
  const ItemId sword{1, 2};
  const auto start = [&] {
    OwnerNode::TradeStart started;
    inn_->after(Duration{}, [&] {
      TradeGift gift;
      gift.items.insert(sword);
      started = inn_->start_trade("trade", {player(1), gift, {5, 50}}, {player(2), {}, {6, 60}});
    });
    cluster_->turn();
    return started;
  };
  EXPECT_EQ(start().guard, Mirror::Guard::kNoItem);
  EXPECT_TRUE(sent_.empty());
  proto::Operation found;
  found.set_reason("loot");
  auto* item = found.add_effects()->mutable_mint()->mutable_item();
  *item->mutable_id() = uid_of(sword);
  item->set_version(3);
  inn_->after(Duration{}, [&] { ASSERT_EQ(inn_->commit(player(1), found), Mirror::Guard::kOk); });
  cluster_->turn();
  sent_.clear();
  EXPECT_EQ(start().guard, Mirror::Guard::kOk);
  EXPECT_EQ(player(1).mirror.item(sword), nullptr);
  const auto leg = std::find_if(sent_.begin(), sent_.end(), [](const auto& sent) { return sent.player_id() == 2; });
  ASSERT_NE(leg, sent_.end());
  EXPECT_EQ(leg->operations(0).trade().terms().sides(0).items(0).version(), 3);
}

TEST_F(OwnerTradeTest, ATradeThatNoClientAskedForIsToldWithoutANumberAndNotAgain) {
  inn_->after(Duration{}, [&] {
    TradeGift gift;
    gift.amounts["gold"] = 30;
    ASSERT_EQ(inn_->start_trade("trade", {player(1), gift, {}}, {player(2), {}, {}}).guard, Mirror::Guard::kOk);
  });
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(1, outcome(txn, proto::LEG_COMMITTED, 1, request.player_id() == 2 ? 30 : 0));
  };
  cluster_->run(milliseconds(50));
  EXPECT_EQ(has(2), 130);
  const auto told = settled();
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->creq(), 0u);
  EXPECT_TRUE(player(1).settled.empty());
  EXPECT_TRUE(player(2).settled.empty());
}

TEST_F(OwnerTradeTest, OfTwoTradesTheOneThatIsSettledEndsItsOwnWaitAlone) {
  const auto first = trade(30, 10), second = trade(5, 5);
  ASSERT_EQ(second.guard, Mirror::Guard::kOk);
  ASSERT_NE(first.txn, second.txn);
  on_apply_ = [&](const proto::ApplyRequest&) { return reply(2, outcome(first.txn, proto::LEG_HELD, 1)); };
  cluster_->run(seconds(6));
  ASSERT_EQ(player(1).trade_waiters.size(), 2u);
  notice(1, 1, outcome(first.txn, proto::LEG_COMMITTED, 1, 10, 1));
  EXPECT_EQ(ended_, TradeOutcome::kCommitted);
  ASSERT_EQ(player(1).trade_waiters.size(), 1u);
  EXPECT_EQ(player(1).trade_waiters.front().first, second.txn);
  EXPECT_TRUE(player(1).mirror.trading(second.txn));
}

// Its request was overtaken when the trade began, so the row does not know the number; this owner does.
// The shard was put back to a backup, and has raised its epochs: who never saves again hears it of nobody else.
TEST_F(OwnerTradeTest, ASwapIsCreditedByTheReplyAndToldWithItsRequest) {
  TradeId txn;
  on_apply_ = [&](const proto::ApplyRequest& request) {
    txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(1, outcome(txn, proto::LEG_COMMITTED, 1, request.player_id() == 1 ? 10 : 30));
  };
  trade(30, 10);
  cluster_->run(milliseconds(20));
  EXPECT_EQ(has(1), 80);
  EXPECT_EQ(has(2), 120);
  EXPECT_EQ(ended_, TradeOutcome::kCommitted);
  const auto told = settled();
  ASSERT_TRUE(told.has_value());
  EXPECT_TRUE(told->committed());
  EXPECT_EQ(told->creq(), 5u);
  ASSERT_EQ(told->aggregate().balances_size(), 1);
  EXPECT_EQ(told->aggregate().balances(0).value(), 80);
  EXPECT_FALSE(cluster_->take<proto::SavedNotice>(kGateway).has_value()) << "a trade is settled, not saved";
}

TEST_F(OwnerTradeTest, ALegThatWaitsHoldsUpItsPlayersWindowAndIsSentAgain) {
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(0, outcome(txn, proto::LEG_WAITING, 1));
  };
  const auto start = trade(30, 10);
  cluster_->run(milliseconds(20));
  const auto before = sent_.size();
  cluster_->run(milliseconds(200));
  EXPECT_GE(sent_.size(), before + 2) << "every 100 ms";
  EXPECT_LE(sent_.size(), before + 6);
  EXPECT_EQ(player(1).window.size(), 1u);
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(1, outcome(txn, proto::LEG_ABORTED, 1));
  };
  sent_.clear();
  notice(1, 1, outcome(start.txn, proto::LEG_ABORTED, 1));
  EXPECT_FALSE(sent_.empty()) << "a notice makes it look again at once";
  cluster_->run(milliseconds(200));
  EXPECT_EQ(has(1), 100);
  EXPECT_EQ(has(2), 100);
  EXPECT_EQ(ended_, TradeOutcome::kAborted);
}

// The register says ABORT while the leg is under way: it may still be held, and is then given back by its FINISH.
TEST_F(OwnerTradeTest, AnAbortThatOvertakesTheLegGivesNothingBackTwice) {
  const auto start = trade(30, 10);
  notice(1, 1, outcome(start.txn, proto::LEG_ABORTED, 1));
  EXPECT_EQ(has(1), 70) << "its number is not counted yet";
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(1, outcome(txn, proto::LEG_HELD, 1));
  };
  cluster_->run(seconds(6));  // the first requests are never answered
  EXPECT_TRUE(player(1).window.empty());
  EXPECT_EQ(has(1), 70);
  notice(1, 1, outcome(start.txn, proto::LEG_ABORTED, 1));
  EXPECT_EQ(has(1), 70) << "a hold ends by FINISH alone";
  notice(1, 1, outcome(start.txn, proto::LEG_ABORTED, 1, 30, 1));
  EXPECT_EQ(has(1), 100);
  notice(1, 1, outcome(start.txn, proto::LEG_ABORTED, 1, 30, 1));
  EXPECT_EQ(has(1), 100);
}

TEST_F(OwnerTradeTest, LaterOperationsWaitBehindTheLegAndGoOnAfterIt) {
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(0, outcome(txn, proto::LEG_WAITING, 1));
  };
  trade(30, 10);
  proto::Operation earn;
  earn.set_reason("kill");
  earn.set_creq(0);
  earn.add_effects()->mutable_balance()->set_currency("gold");
  earn.mutable_effects(0)->mutable_balance()->set_delta(1);
  inn_->after(Duration{}, [&] { ASSERT_EQ(inn_->commit(player(1), earn), Mirror::Guard::kOk); });
  cluster_->run(milliseconds(300));
  EXPECT_EQ(player(1).window.size(), 2u);
  EXPECT_EQ(player(1).window.saved_up_to(), 0u);
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(static_cast<std::uint64_t>(request.operations_size()),
                 outcome(txn, proto::LEG_COMMITTED, 1, request.player_id() == 1 ? 10 : 30));
  };
  cluster_->run(milliseconds(300));
  EXPECT_TRUE(player(1).window.empty());
  EXPECT_EQ(has(1), 81);
}

TEST_F(OwnerTradeTest, ARejectedLegCostsItsOwnPlayerAndNobodyElse) {
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    if (request.player_id() == 2) return reply(1, outcome(txn, proto::LEG_ABORTED, 1));
    proto::ApplyReply rejected;
    rejected.set_code(proto::REJECTED);
    return rejected;
  };
  trade(30, 10);
  cluster_->run(milliseconds(300));
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
  ASSERT_NE(inn_->find(PlayerId(2)), nullptr);
  EXPECT_EQ(has(2), 100);
  cluster_->run(seconds(2));
  EXPECT_EQ(ended_, TradeOutcome::kGone);
}

// The owner is another one by the time the hold ends: it finds it in its GRANT and keeps the room.

}  // namespace
}  // namespace dure::test

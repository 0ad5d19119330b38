// What an owner makes of a trade that it has to ask about.
#include "tests/common/game/owner_trade_fixture.h"

namespace dure::test {
namespace {

TEST_F(OwnerTradeTest, AnOwnerThatReadsItsPlayerAnewStillKnowsWhoAskedForAnOvertakenTrade) {
  inn_->after(Duration{}, [&] { player(1).creq_committed = 9; });
  const auto start = trade(30, 10);
  ASSERT_EQ(start.guard, Mirror::Guard::kOk);
  EXPECT_EQ(sent_[0].operations(0).creq(), 0u);
  auto* hold = rows_[1].mutable_aggregate()->add_holds();
  *hold->mutable_terms() = sent_[0].operations(0).trade().terms();
  acquire_again();
  ASSERT_EQ(player(1).epoch, 2u);
  while (settled().has_value()) {
  }
  notice(1, 2, outcome(start.txn, proto::LEG_COMMITTED, 1, 10, 1));
  const auto told = settled();
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->creq(), 5u);
}

TEST_F(OwnerTradeTest, WhereItsRowIsIsAskedAnewWhenNobodyKnowsTheTrade) {
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(1, outcome(txn, proto::LEG_HELD, 1));
  };
  trade(30, 10);
  on_query_ = [&](const proto::LegQuery& query) {
    proto::LegReply found;
    // Player 1's row has left its shard; of player 2's trade its own shard and the register's know nothing.
    found.set_code(query.player_id() == 1 ? proto::WRONG_SHARD : proto::NO_SUCH);
    return found;
  };
  std::map<std::uint64_t, int> located;
  cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(kAgent, [&](auto&, const auto& request) {
    ++located[request.player_id()];
    proto::PlayerLocateReply now_there;
    now_there.set_shard(3);
    return now_there;
  });
  cluster_->run(seconds(3));
  EXPECT_EQ(player(1).shard, 3u);
  EXPECT_EQ(player(2).shard, 3u);
  EXPECT_GE(located[1], 1);
  EXPECT_GE(located[2], 1);
  EXPECT_EQ(has(1), 70) << "nothing is given back by guess";
}

TEST_F(OwnerTradeTest, WhoWaitsForALegThatNobodyKnowsIsLetGoOnceItsEpochHasEnded) {
  trade_and_forget();
  cluster_->run(seconds(3));
  ASSERT_NE(inn_->find(PlayerId(1)), nullptr) << "its epoch is still the row's";
  ASSERT_NE(inn_->find(PlayerId(2)), nullptr);
  for (const std::uint64_t id : {1, 2}) rows_[id].set_epoch(1u << 20);
  cluster_->run(seconds(3));
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr) << "its row is on the register's shard";
  EXPECT_EQ(inn_->find(PlayerId(2)), nullptr) << "its row is on another one";
  EXPECT_EQ(ended_, TradeOutcome::kGone);
}

TEST_F(OwnerTradeTest, WhoWaitsForALegThatNobodyKnowsIsLetGoOnceItIsNoMore) {
  trade_and_forget();
  cluster_->answers<proto::OwnerQuery, proto::AcquireReply>(kAgent, [](auto&, const auto&) {
    proto::AcquireReply row;
    row.set_code(proto::NO_SUCH);
    return row;
  });
  cluster_->run(seconds(3));
  ASSERT_NE(inn_->find(PlayerId(1)), nullptr) << "the directory still names its shard";
  cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(kAgent, [](auto&, const auto&) {
    proto::PlayerLocateReply nowhere;
    nowhere.set_code(proto::NO_SUCH);
    return nowhere;
  });
  cluster_->run(seconds(3));
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
}

TEST_F(OwnerTradeTest, AHeldLegIsAskedAboutUntilItIsSettled) {
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(1, outcome(txn, proto::LEG_HELD, 1));
  };
  const auto start = trade(30, 10);
  cluster_->run(seconds(3));
  EXPECT_GE(asked_[1], 2) << "notices may be lost";
  EXPECT_GE(asked_[2], 2);
  EXPECT_EQ(has(1), 70);
  on_query_ = [&](const proto::LegQuery& query) {
    proto::LegReply found;
    *found.mutable_outcome() = outcome(start.txn, proto::LEG_COMMITTED, 1, query.player_id() == 1 ? 10 : 30, 1);
    return found;
  };
  cluster_->run(seconds(2));
  EXPECT_EQ(has(1), 80);
  EXPECT_EQ(has(2), 120);
  const int asked = asked_[1];
  cluster_->run(seconds(3));
  EXPECT_EQ(asked_[1], asked) << "there is nothing left to ask";
  notice(1, 1, outcome(start.txn, proto::LEG_COMMITTED, 1, 10, 1));
  EXPECT_EQ(has(1), 80) << "a late notice";
}

TEST_F(OwnerTradeTest, WhatWasSwappedIsAskedOfTheRegistersShardOnceTheRowHasMoved) {
  on_apply_ = [&](const proto::ApplyRequest& request) {
    const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
    return reply(1, outcome(txn, proto::LEG_WAITING, 1));  // counted, and this shard has never heard more of it
  };
  const auto start = trade(30, 10);
  on_query_ = [&](const proto::LegQuery& query) {
    proto::LegReply found;
    if (query.shard() != 1)
      found.set_code(proto::NO_SUCH);
    else
      *found.mutable_outcome() = outcome(start.txn, proto::LEG_COMMITTED, 1, query.player_id() == 1 ? 10 : 30);
    return found;
  };
  cluster_->run(seconds(3));
  EXPECT_EQ(has(1), 80);
  EXPECT_EQ(has(2), 120) << "whose row is on shard 2";
}

TEST_F(OwnerTradeTest, AZombiesLegIsDroppedQuietly) {
  on_apply_ = [&](const proto::ApplyRequest&) {
    proto::ApplyReply stale;
    stale.set_code(proto::STALE_EPOCH);
    return stale;
  };
  trade(30, 10);
  cluster_->run(milliseconds(100));
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
  EXPECT_TRUE(log_.errors.empty());
}

TEST_F(OwnerTradeTest, AHoldThatWasFoundIsAskedAboutAndSettledOnce) {
  const TradeId txn{4, 4};
  auto* hold = rows_[3].mutable_aggregate()->add_holds();
  auto* terms = hold->mutable_terms();
  *terms->mutable_txn() = to_uid(txn);
  terms->add_sides()->set_player_id(3);
  *terms->mutable_sides(0)->add_give() = gold(30);
  terms->add_sides()->set_player_id(2);
  hold->set_creq(9);
  *rows_[3].mutable_aggregate()->add_balances() = gold(70);
  *rows_[3].mutable_aggregate()->add_reserved() = gold(30);
  rows_[3].set_settle_seq(4);
  on_query_ = [&](const proto::LegQuery&) {
    proto::LegReply found;
    *found.mutable_outcome() = outcome(txn, proto::LEG_HELD, 1);
    return found;
  };
  admit(3);
  cluster_->run(seconds(2));
  EXPECT_GE(asked_[3], 1);
  EXPECT_EQ(has(3), 70);
  EXPECT_EQ(player(3).creqs.ask(9, 1), CreqLedger::Verdict::kRunning);
  notice(3, 1, outcome(txn, proto::LEG_ABORTED, 1, 30, 4));
  EXPECT_EQ(has(3), 70) << "as old as what was loaded";
  notice(3, 1, outcome(txn, proto::LEG_ABORTED, 1, 30, 5));
  EXPECT_EQ(has(3), 100);
  const auto told = settled();
  ASSERT_TRUE(told.has_value());
  EXPECT_FALSE(told->committed());
  EXPECT_EQ(told->creq(), 9u);
}

TEST_F(OwnerTradeTest, AfterAnAcquireOnlyTheDatabaseSaysWhatIsLeftOfATrade) {
  trade(30, 10);  // never answered
  EXPECT_EQ(has(1), 70);
  acquire_again();
  EXPECT_EQ(player(1).epoch, 2u);
  EXPECT_EQ(has(1), 100) << "the fence killed the leg";
  EXPECT_EQ(ended_, TradeOutcome::kGone);
  notice(1, 1, outcome(player(1).mirror.open_trades().empty() ? TradeId{1, 1} : TradeId{}, proto::LEG_ABORTED, 1));
  EXPECT_EQ(has(1), 100);
}

}  // namespace
}  // namespace dure::test

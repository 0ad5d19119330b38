// Trades of an owner against a scripted database agent: what it sends, and what it makes of answers that come late,
// twice, in another order, or not at all.
#include <gtest/gtest.h>

#include "common/proto/gateway.pb.h"
#include "common/proto/trade.pb.h"
#include "tests/common/game/inn.h"

namespace dure {
namespace {

using test::Inn;

proto::Amount gold(std::int64_t value) {
  proto::Amount amount;
  amount.set_name("gold");
  amount.set_value(value);
  return amount;
}

class OwnerTradeTest : public testing::Test, protected test::InnCluster {
 protected:
  OwnerTradeTest() : InnCluster({1, 2, 3}) {
    cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(kAgent, [](auto&, const auto& request) {
      proto::PlayerLocateReply found;
      found.set_shard(static_cast<std::uint32_t>(request.player_id()));
      return found;
    });
    cluster_->answers<proto::OwnerQuery, proto::AcquireReply>(kAgent, [this](auto&, const auto& query) {
      proto::AcquireReply row;
      row.set_code(proto::EXPECTED_OTHER);
      row.set_epoch(rows_[query.player_id()].epoch());
      return row;
    });
    cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(kAgent, [this](auto&, const auto& request) {
      proto::AcquireReply& row = rows_[request.player_id()];
      row.set_epoch(row.epoch() + 1);
      row.mutable_aggregate()->set_player_id(request.player_id());
      return row;
    });
    cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
        kAgent, [this](auto&, const proto::ApplyRequest& request) -> std::optional<proto::ApplyReply> {
          sent_.push_back(request);
          if (!on_apply_) return std::nullopt;
          return on_apply_(request);
        });
    cluster_->answers<proto::LegQuery, proto::LegReply>(
        kAgent, [this](auto&, const proto::LegQuery& query) -> std::optional<proto::LegReply> {
          ++asked_[query.player_id()];
          if (!on_query_) return std::nullopt;
          return on_query_(query);
        });
    for (const std::uint64_t id : {1, 2}) *rows_[id].mutable_aggregate()->add_balances() = gold(100);
    admit(1);
    admit(2);
  }
  void admit(std::uint64_t player) {
    const CallId call = ask_in(player);
    const auto reply = cluster_->take_reply<proto::AdmitReply>(kGateway, call);
    ASSERT_TRUE(reply.has_value());
    ASSERT_EQ(reply->code(), proto::OK) << reply->detail();
  }
  // One side gives gold for gold.
  OwnerNode::TradeStart trade(std::int64_t first, std::int64_t second) {
    OwnerNode::TradeStart start;
    inn_->after(Duration{}, [&, first, second] {
      TradeGift a, b;
      if (first > 0) a.amounts["gold"] = first;
      if (second > 0) b.amounts["gold"] = second;
      start = inn_->start_trade("trade", {player(1), a, {5, 50}}, {player(2), b, {6, 60}});
      if (start.guard == Mirror::Guard::kOk)
        inn_->spawn([](Inn* node, TradeId txn, std::optional<TradeOutcome>* out) -> Task<void> {
          const PlayerRef ref{PlayerId(1), 1};
          *out = co_await node->traded(ref, txn);
        }(inn_.get(), start.txn, &ended_));
    });
    cluster_->turn();
    return start;
  }
  // Both legs are held, and then no shard knows of them.
  void trade_and_forget() {
    on_apply_ = [&](const proto::ApplyRequest& request) {
      const TradeId txn = trade_id_of(request.operations(0).trade().terms().txn());
      return reply(1, outcome(txn, proto::LEG_HELD, 1));
    };
    trade(30, 10);
    on_query_ = [](const proto::LegQuery&) {
      proto::LegReply found;
      found.set_code(proto::NO_SUCH);
      return found;
    };
  }
  proto::LegOutcome outcome(const TradeId& txn, proto::LegState state, std::uint64_t pseq, std::int64_t credited = 0,
                            std::uint64_t settle_seq = 0) {
    proto::LegOutcome made;
    *made.mutable_txn() = to_uid(txn);
    made.set_state(state);
    made.set_pseq(pseq);
    made.set_settle_seq(settle_seq);
    if (credited != 0) *made.add_credited() = gold(credited);
    return made;
  }
  proto::ApplyReply reply(std::uint64_t saved, const proto::LegOutcome& leg) {
    proto::ApplyReply made;
    made.set_saved_pseq(saved);
    *made.add_legs() = leg;
    return made;
  }
  void notice(std::uint64_t player, std::uint64_t epoch, const proto::LegOutcome& leg) {
    proto::TradeNotice told;
    told.set_player_id(player);
    told.set_player_epoch(epoch);
    *told.mutable_outcome() = leg;
    cluster_->say(kAgent, told);
    cluster_->turn();
  }
  std::optional<proto::SettledNotice> settled() {
    auto found = cluster_->take<proto::SettledNotice>(kGateway);
    if (!found) return std::nullopt;
    return found->second;
  }
  // Player 1, at its next epoch.
  void acquire_again() {
    inn_->spawn([](Inn* inn) -> Task<void> {
      const PlayerRef ref{PlayerId(1), 1};
      const std::string why = "test";
      (void)co_await inn->reacquire(ref, why);
    }(inn_.get()));
    cluster_->run(seconds(7));
  }
  Player& player(std::uint64_t id) { return *inn_->find(PlayerId(id)); }
  std::int64_t has(std::uint64_t id) { return player(id).mirror.balance("gold"); }

  std::map<std::uint64_t, proto::AcquireReply> rows_;
  std::vector<proto::ApplyRequest> sent_;
  std::function<std::optional<proto::ApplyReply>(const proto::ApplyRequest&)> on_apply_;
  std::function<std::optional<proto::LegReply>(const proto::LegQuery&)> on_query_;
  std::map<std::uint64_t, int> asked_;
  std::optional<TradeOutcome> ended_;
};

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
TEST_F(OwnerTradeTest, AnOwnerThatReadsItsPlayerAnewStillKnowsWhoAskedForAnOvertakenTrade) {
  inn_->after(Duration{}, [&] { player(1).creqs.record(9, 90, "later"); });
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

// The shard was put back to a backup, and has raised its epochs: who never saves again hears it of nobody else.
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

// The owner is another one by the time the hold ends: it finds it in its GRANT and keeps the room.
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
}  // namespace dure

// Trades of an owner against a scripted database agent: what it sends, and what it makes of answers that come late,
// twice, in another order, or not at all.
#pragma once
#include <gtest/gtest.h>

#include "common/proto/gateway.pb.h"
#include "common/proto/trade.pb.h"
#include "tests/common/game/inn.h"

namespace dure::test {

inline proto::Amount gold(std::int64_t value) {
  proto::Amount amount;
  amount.set_name("gold");
  amount.set_value(value);
  return amount;
}

class OwnerTradeTest : public testing::Test, protected InnCluster {
 protected:
  OwnerTradeTest() : InnCluster({1, 2, 3}, capped()) {
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
  OwnerNode::Options capped() {
    OwnerNode::Options options;
    options.cap = [this](const std::string&) { return cap_; };
    return options;
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

  std::int64_t cap_ = 0;  // of gold; none
  std::map<std::uint64_t, proto::AcquireReply> rows_;
  std::vector<proto::ApplyRequest> sent_;
  std::function<std::optional<proto::ApplyReply>(const proto::ApplyRequest&)> on_apply_;
  std::function<std::optional<proto::LegReply>(const proto::LegQuery&)> on_query_;
  std::map<std::uint64_t, int> asked_;
  std::optional<TradeOutcome> ended_;
};

}  // namespace dure::test

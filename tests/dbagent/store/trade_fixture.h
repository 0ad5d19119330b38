// Trades over two or three shards: stores side by side, whose words to each other a test carries, drops, repeats.
// After every request each shard it touched must be clean.
#pragma once
#include <deque>
#include <map>
#include <set>

#include "common/proto/trade.pb.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {

struct Offer {
  std::uint64_t player = 0;
  std::int64_t gold = 0;
  std::vector<std::uint64_t> items;  // version 0
  std::int64_t cap = 0;              // of the gold it gets
};

inline proto::TradeTerms terms_of(std::uint64_t txn, std::uint32_t register_shard, const Offer& a, const Offer& b) {
  proto::TradeTerms terms;
  *terms.mutable_txn() = uid(77, txn);
  terms.set_register_shard(register_shard);
  for (const Offer* offer : {&a, &b}) {
    auto* side = terms.add_sides();
    side->set_player_id(offer->player);
    if (offer->gold != 0) {
      auto* amount = side->add_give();
      amount->set_name("gold");
      amount->set_value(offer->gold);
    }
    for (const auto low : offer->items) *side->add_items()->mutable_item() = uid(1, low);
    if (offer->cap != 0) {
      auto* cap = side->add_caps();
      cap->set_name("gold");
      cap->set_value(offer->cap);
    }
  }
  return terms;
}

// Players 1 and 2 are on shard 1, player 3 on shard 2, each acquired at epoch 1 by incarnation 7 of node 5, with 100
// gold and the item 10 × its id; operation 1 brought that.
class TradeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::uint32_t shard : {1, 2}) open(shard);
    for (const std::uint64_t player : {1, 2, 3}) begin(player, player == 3 ? 2 : 1);
    said.clear();
  }
  void open(std::uint32_t shard) {
    ShardOptions options = shard_options(folder.file("shard" + std::to_string(shard)), vfs);
    options.shard = shard;
    stores[shard].reset();
    stores[shard] = open_shard(options);
  }
  void begin(std::uint64_t player, std::uint32_t shard, std::uint64_t account = 9) {
    auto create = creation(player, account);
    create.set_shard(shard);
    ASSERT_EQ(on<proto::StoreReply>(shard, create).code(), proto::STORED);
    ASSERT_EQ(on<proto::AcquireReply>(shard, acquisition(player, 0, 100 + player)).code(), proto::STORED);
    Ops ops(player, 1);
    ops.op(1).balance("gold", 100).mint(player * 10);
    ASSERT_EQ(on<proto::ApplyReply>(shard, ops.request).code(), proto::STORED);
  }

  template <class Reply, class Request>
  Reply on(std::uint32_t shard, const Request& request) {
    const proto::StoreBatchReply batch = BatchOf(now).add(request).run(*stores.at(shard));
    Reply reply;
    EXPECT_TRUE(reply.ParseFromString(batch.items(0).body()));
    if (!batch.retry())
      for (const auto& event : batch.events()) said.push_back(event);
    changed = batch.changed();
    expect_clean(shard);
    return reply;
  }
  void expect_clean(std::uint32_t shard) {
    if (between.contains(shard)) return;
    proto::AuditRequest request;
    request.set_shard(shard);
    const auto reply = ask<proto::AuditReply>(*stores.at(shard), request, now);
    EXPECT_EQ(reply.ledger_sum(), 0);
    EXPECT_EQ(reply.findings_size(), 0) << reply.DebugString();
    EXPECT_EQ(stores.at(shard)->faults(), 0u);
  }

  static Ops leg(const proto::TradeTerms& terms, std::uint32_t side, std::uint64_t pseq = 2, std::uint64_t epoch = 1,
                 std::uint64_t creq = 0) {
    Ops ops(terms.sides(static_cast<int>(side)).player_id(), epoch);
    ops.op(pseq, creq);
    auto* trade = ops.request.mutable_operations(0)->mutable_trade();
    *trade->mutable_terms() = terms;
    trade->set_side(side);
    return ops;
  }
  proto::ApplyReply apply(std::uint32_t shard, const Ops& ops) { return on<proto::ApplyReply>(shard, ops.request); }
  proto::TradeVerdict cast(const proto::TradeVote& vote) { return on<proto::TradeVerdict>(vote.shard(), vote); }
  proto::TradeFinishReply finish(const proto::TradeFinish& request) {
    return on<proto::TradeFinishReply>(request.shard(), request);
  }
  proto::TradeVerdict verdict(std::uint32_t shard, const proto::TradeTerms& terms, bool abort) {
    proto::TradeVerdictQuery query;
    query.set_shard(shard);
    *query.mutable_txn() = terms.txn();
    query.set_abort_if_undecided(abort);
    return on<proto::TradeVerdict>(shard, query);
  }
  proto::OpenHoldsReply open_holds(std::uint32_t shard, std::uint32_t older_than_ms = 0) {
    proto::OpenHoldsQuery query;
    query.set_shard(shard);
    query.set_older_than_ms(older_than_ms);
    return on<proto::OpenHoldsReply>(shard, query);
  }
  proto::LegReply state_of(std::uint32_t shard, std::uint64_t player, const proto::TradeTerms& terms) {
    proto::LegQuery query;
    query.set_shard(shard);
    query.set_player_id(player);
    *query.mutable_txn() = terms.txn();
    return on<proto::LegReply>(shard, query);
  }
  // What the desk makes of a verdict.
  static proto::TradeFinish finish_of(const proto::TradeVote& vote, const proto::TradeVerdict& verdict) {
    proto::TradeFinish request;
    request.set_shard(vote.from_shard());
    *request.mutable_txn() = vote.terms().txn();
    request.set_side(vote.side());
    request.set_verdict(verdict.verdict());
    if (verdict.goods_size() == 0) return request;
    *request.mutable_items() = verdict.goods(0).items();
    request.set_redone(verdict.goods(0).redone());
    return request;
  }
  // The oldest word of a kind, removed.
  std::optional<proto::TradeVote> take_vote() {
    const auto at = std::find_if(said.begin(), said.end(), [](const auto& event) { return event.has_vote(); });
    if (at == said.end()) return std::nullopt;
    const proto::TradeVote vote = at->vote();
    said.erase(at);
    return vote;
  }
  std::optional<proto::TradeFinish> take_finish() {
    const auto at = std::find_if(said.begin(), said.end(), [](const auto& event) { return event.has_finish(); });
    if (at == said.end()) return std::nullopt;
    const proto::TradeFinish request = at->finish();
    said.erase(at);
    return request;
  }
  std::optional<proto::TradeNotice> take_notice() {
    const auto at = std::find_if(said.begin(), said.end(), [](const auto& event) { return event.has_to_owner(); });
    if (at == said.end()) return std::nullopt;
    const proto::TradeNotice notice = at->to_owner().trade();
    EXPECT_EQ(at->to_owner().node(), 5u);
    said.erase(at);
    return notice;
  }
  // As the desks do, until nobody has anything to tell.
  void carry_all() {
    while (true) {
      if (const auto vote = take_vote()) {
        const auto reply = cast(*vote);
        if (reply.verdict() != proto::UNDECIDED && vote->yes()) finish(finish_of(*vote, reply));
      } else if (const auto request = take_finish()) {
        finish(*request);
      } else {
        return;
      }
    }
  }
  // As the desks' scan does.
  void scan(std::uint32_t older_than_ms = 0) {
    for (const auto& [shard, store] : stores) {
      const auto reply = open_holds(shard, older_than_ms);
      for (auto hold : reply.holds()) {
        hold.set_abort_if_undecided(true);
        proto::StoreEvent event;
        *event.mutable_vote() = hold;
        said.push_back(event);
      }
      for (const auto& txn : reply.waiting()) {
        proto::TradeVerdictQuery query;
        query.set_shard(shard);
        *query.mutable_txn() = txn;
        query.set_abort_if_undecided(true);
        on<proto::TradeVerdict>(shard, query);
      }
    }
    carry_all();
  }

  // What a new owner finds; ends the epoch.
  proto::AcquireReply acquire(std::uint64_t player, std::uint32_t shard) {
    proto::OwnerQuery query;
    query.set_shard(shard);
    query.set_player_id(player);
    const auto epoch = on<proto::AcquireReply>(shard, query).epoch();
    return on<proto::AcquireReply>(shard, acquisition(player, epoch, ++acquire_ids));
  }
  std::uint64_t epoch_of(std::uint64_t player, std::uint32_t shard) {
    proto::OwnerQuery query;
    query.set_shard(shard);
    query.set_player_id(player);
    return on<proto::AcquireReply>(shard, query).epoch();
  }
  static std::vector<std::uint64_t> items_of(const proto::AcquireReply& grant) {
    std::vector<std::uint64_t> items;
    for (const auto& item : grant.aggregate().items()) items.push_back(item.id().low());
    return items;
  }

  using Items = std::vector<std::uint64_t>;
  TempFolder folder;
  const char* vfs = "";
  std::int64_t now = kNow;
  std::map<std::uint32_t, std::unique_ptr<ShardStore>> stores;
  std::deque<proto::StoreEvent> said;
  std::uint32_t changed = 0;
  std::uint64_t acquire_ids = 5000;
  std::set<std::uint32_t> between;  // shards that are put right at this moment
};

}  // namespace dure::store

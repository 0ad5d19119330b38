// Random owners that trade, spend and loot over three shards, while every word between them may be lost, late, repeated
// or out of order and shards die. At the end an independent ledger, made of nothing but who sent which operation, how
// far each epoch came and what each register decided, must say what the shards say.
#include <sqlite3.h>

#include <random>
#include <set>

#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {
namespace {

struct Sent {
  std::int64_t gold = 0;     // of an operation that is no leg
  std::uint64_t minted = 0;  // likewise
  std::optional<std::uint64_t> trade;
  std::uint32_t side = 0;
};

// What an honest owner dares to give: what was granted, less what it gave since. What came in waits for the next grant.
struct Owner {
  bool active = false;
  std::uint64_t epoch = 1;
  std::int64_t gold = 0;
  std::set<std::uint64_t> items;
  std::map<std::uint64_t, Ops> windows;  // by epoch: all that was ever sent, a zombie's too
};

struct Trade {
  proto::TradeTerms terms;
};

class TradePropertyTest : public TradeTest, public ::testing::WithParamInterface<int> {
 protected:
  static constexpr std::uint64_t kEvil = 4;

  void SetUp() override {
    for (const std::uint32_t shard : {1, 2, 3}) open(shard);
    for (std::uint64_t player = 1; player <= 4; ++player) {
      begin(player, shard_of(player));
      take(player);
    }
    said.clear();
  }
  static std::uint32_t shard_of(std::uint64_t player) {
    return player <= 2 ? 1 : static_cast<std::uint32_t>(player - 1);
  }
  std::uint64_t draw(std::uint64_t bound) { return random() % bound; }
  bool chance(std::uint64_t percent) { return draw(100) < percent; }

  // Notes how far the owner's epoch came.
  proto::AcquireReply acquire_and_note(std::uint64_t player) {
    const std::uint32_t shard = shard_of(player);
    const std::uint64_t ended = owners[player].epoch;
    proto::OwnerQuery query;
    query.set_shard(shard);
    query.set_player_id(player);
    const bool fenced = on<proto::AcquireReply>(shard, query).epoch() != ended;
    if (fenced) came_to[{player, ended}] = last_pseq(player, ended);
    const auto grant = acquire(player, shard);
    if (!fenced) {
      EXPECT_EQ(grant.ended_epoch(), ended);
      came_to[{player, ended}] = grant.ended_last_pseq();
    }
    return grant;
  }
  void take(std::uint64_t player) {
    Owner& owner = owners[player];
    const auto grant = acquire_and_note(player);
    ASSERT_EQ(grant.code(), proto::STORED);
    owner.active = true;
    owner.epoch = grant.epoch();
    owner.gold = gold_of(grant.aggregate());
    const auto bag = items_of(grant);
    owner.items = {bag.begin(), bag.end()};
    owner.windows.emplace(owner.epoch, Ops(player, owner.epoch));
  }
  std::vector<Sent>& sent(std::uint64_t player) { return history[{player, owners[player].epoch}]; }
  Ops& next_op(std::uint64_t player, const Sent& what) {
    sent(player).push_back(what);
    Owner& owner = owners[player];
    return owner.windows.at(owner.epoch).op(sent(player).size());
  }

  void spend_or_loot(std::uint64_t player) {
    Owner& owner = owners[player];
    if (!owner.active) return;
    if (chance(30)) {
      const std::uint64_t item = ++last_item;
      Sent looted;
      looted.minted = item;
      next_op(player, looted).mint(item);
      owner.items.insert(item);
      return;
    }
    const std::int64_t least = player == kEvil && chance(5) ? owner.gold + 500 : 0;
    const auto amount = static_cast<std::int64_t>(1 + draw(10));
    Sent change;
    change.gold = least > 0 ? -least : chance(50) || owner.gold < amount ? amount : -amount;
    next_op(player, change).balance("gold", change.gold);
    owner.gold += change.gold;
  }
  Offer offer_of(std::uint64_t player) {
    Owner& owner = owners[player];
    Offer offer{player, 0, {}};
    if (owner.gold > 0 && chance(70))
      offer.gold =
          static_cast<std::int64_t>(1 + draw(std::min<std::uint64_t>(20, static_cast<std::uint64_t>(owner.gold))));
    if (!owner.items.empty() && chance(50)) offer.items.push_back(*owner.items.begin());
    if (player == kEvil && chance(10)) offer.gold += 1000;
    if (player == kEvil && chance(5)) offer.items = {10};  // perhaps another's
    return offer;
  }
  void trade() {
    const std::uint64_t a = 1 + draw(4), b = 1 + (a + draw(3)) % 4;
    if (a == b || !owners[a].active || !owners[b].active) return;
    const std::uint32_t reg = chance(80) ? shard_of(std::min(a, b)) : static_cast<std::uint32_t>(1 + draw(3));
    const Offer offers[] = {offer_of(a), offer_of(b)};
    const std::uint64_t txn = trades.size() + 1;
    const auto terms = terms_of(txn, reg, offers[0], offers[1]);
    trades[txn] = {terms};
    for (const std::uint32_t side : {0, 1}) {
      if (chance(8)) continue;  // an owner that died before it sent its leg
      auto own = terms;
      const std::uint64_t player = offers[side].player;
      if (player == kEvil && chance(5)) own.set_register_shard(1 + reg % 3);  // other terms than its partner's
      Sent leg;
      leg.trade = txn;
      leg.side = side;
      Ops& ops = next_op(player, leg);
      auto* operation = ops.request.mutable_operations(ops.request.operations_size() - 1);
      *operation->mutable_trade()->mutable_terms() = own;
      operation->mutable_trade()->set_side(side);
      owners[player].gold -= offers[side].gold;
      for (const auto item : offers[side].items) owners[player].items.erase(item);
    }
  }
  void send_window(std::uint64_t player, bool whole) {
    Owner& owner = owners[player];
    auto at = owner.windows.find(owner.epoch);
    if (!whole && chance(15)) at = std::next(owner.windows.begin(), static_cast<long>(draw(owner.windows.size())));
    proto::ApplyRequest request = at->second.request;
    if (!whole) {
      const int size = request.operations_size();
      const int from = size == 0 ? 0 : static_cast<int>(draw(static_cast<std::uint64_t>(size)));
      if (chance(50)) request.mutable_operations()->DeleteSubrange(0, from);
    }
    const auto reply = on<proto::ApplyReply>(shard_of(player), request);
    EXPECT_TRUE(reply.code() != proto::REJECTED || player == kEvil)
        << "an honest owner was rejected: " << reply.detail();
    const bool over = reply.code() == proto::REJECTED || reply.code() == proto::STALE_EPOCH;
    if (over && at->first == owner.epoch) owner.active = false;
  }
  // One word of somebody to somebody; perhaps it stays under way, too, or is lost.
  void deliver_any() {
    if (said.empty()) return;
    const auto at = static_cast<std::ptrdiff_t>(draw(said.size()));
    const proto::StoreEvent event = said[static_cast<std::size_t>(at)];
    if (!chance(20)) said.erase(said.begin() + at);
    if (chance(10)) return;
    if (event.has_finish()) finish(event.finish());
    if (!event.has_vote()) return;
    const auto verdict = cast(event.vote());
    if (verdict.verdict() == proto::UNDECIDED || !event.vote().yes()) return;
    proto::StoreEvent told;
    *told.mutable_finish() = finish_of(event.vote(), verdict);
    said.push_back(told);
  }
  void step() {
    const std::uint64_t player = 1 + draw(4);
    const std::uint64_t what = draw(100);
    if (what < 20) return spend_or_loot(player);
    if (what < 40) return trade();
    if (what < 65) return send_window(player, false);
    if (what < 88) return deliver_any();
    if (what < 90) return scan();
    if (what < 92 && !trades.empty()) {
      const auto& one = trades[1 + draw(trades.size())].terms;
      verdict(one.register_shard(), one, true);
      return;
    }
    if (what < 94) return open(static_cast<std::uint32_t>(1 + draw(3)));
    if (what < 96 || !owners[player].active) take(player);
  }
  void drain() {
    for (int round = 0; round < 4; ++round) {
      for (std::uint64_t player = 1; player <= 4; ++player)
        if (owners[player].active) send_window(player, true);
      scan();
    }
    for (const std::uint32_t shard : {1, 2, 3}) {
      const auto open = open_holds(shard);
      EXPECT_EQ(open.holds_size(), 0);
      EXPECT_EQ(open.waiting_size(), 0);
    }
  }
  // How far an epoch came that the store itself ended, from the row: no grant tells.
  std::uint64_t last_pseq(std::uint64_t player, std::uint64_t epoch) {
    stores.at(shard_of(player)).reset();
    sqlite3* db = nullptr;
    open_by_hand(folder.file("shard" + std::to_string(shard_of(player))).c_str(), &db);
    sqlite3_stmt* row = nullptr;
    sqlite3_prepare_v2(db, "SELECT last_pseq FROM ended_epoch WHERE pid = ?1 AND epoch = ?2", -1, &row, nullptr);
    sqlite3_bind_int64(row, 1, static_cast<std::int64_t>(player));
    sqlite3_bind_int64(row, 2, static_cast<std::int64_t>(epoch));
    EXPECT_EQ(sqlite3_step(row), SQLITE_ROW);
    const auto last = static_cast<std::uint64_t>(sqlite3_column_int64(row, 0));
    sqlite3_finalize(row);
    sqlite3_close(db);
    open(shard_of(player));
    return last;
  }

  std::mt19937_64 random{static_cast<std::uint64_t>(GetParam())};
  std::map<std::uint64_t, Owner> owners;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<Sent>> history;  // (player, epoch)
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> came_to;      // likewise
  std::map<std::uint64_t, Trade> trades;
  std::uint64_t last_item = 1000;
};

TEST_P(TradePropertyTest, TheShardsSayWhatAnIndependentLedgerSays) {
  for (int count = 0; count < 400 && !HasFailure(); ++count) step();
  drain();
  std::map<std::uint64_t, std::int64_t> gold;
  std::map<std::uint64_t, std::set<std::uint64_t>> bags;
  std::map<std::uint64_t, std::int64_t> found_gold;
  std::map<std::uint64_t, std::set<std::uint64_t>> found_bags;
  std::set<std::uint64_t> committed;
  for (const auto& [txn, trade] : trades) {
    const auto decided = verdict(trade.terms.register_shard(), trade.terms, false).verdict();
    if (decided == proto::COMMIT) committed.insert(txn);
  }
  for (std::uint64_t player = 1; player <= 4; ++player) {
    gold[player] = 100;
    bags[player] = {player * 10};
    const auto grant = acquire_and_note(player);
    EXPECT_EQ(grant.aggregate().holds_size(), 0);
    found_gold[player] = gold_of(grant.aggregate());
    const auto list = items_of(grant);
    found_bags[player] = {list.begin(), list.end()};
  }
  std::map<std::uint64_t, int> legs_counted;
  for (const auto& [of, operations] : history) {
    const std::uint64_t last = came_to.at(of);
    for (std::size_t i = 0; i < operations.size() && i < last; ++i) {
      const Sent& one = operations[i];
      if (!one.trade) {
        gold[of.first] += one.gold;
        if (one.minted != 0) bags[of.first].insert(one.minted);
      } else if (committed.contains(*one.trade)) {
        ++legs_counted[*one.trade];
      }
    }
  }
  for (const std::uint64_t txn : committed) {
    EXPECT_EQ(legs_counted[txn], 2) << "trade " << txn << " is committed, and not both of its legs";
    const auto& terms = trades[txn].terms;
    for (const int side : {0, 1}) {
      const std::uint64_t giver = terms.sides(side).player_id(), taker = terms.sides(1 - side).player_id();
      for (const auto& amount : terms.sides(side).give()) {
        gold[giver] -= amount.value();
        gold[taker] += amount.value();
      }
    }
  }
  // Items wander: only who holds them in the end is compared, all hands together.
  std::set<std::uint64_t> minted, held;
  std::size_t held_count = 0;
  for (std::uint64_t player = 1; player <= 4; ++player) {
    EXPECT_EQ(found_gold[player], gold[player]) << "player " << player;
    minted.insert(bags[player].begin(), bags[player].end());
    held.insert(found_bags[player].begin(), found_bags[player].end());
    held_count += found_bags[player].size();
  }
  EXPECT_EQ(held, minted);
  EXPECT_EQ(held_count, minted.size()) << "an item in two bags";
  RecordProperty("committed", static_cast<int>(committed.size()));
  EXPECT_GT(committed.size(), 3u) << "of " << trades.size();
}

INSTANTIATE_TEST_SUITE_P(Seeds, TradePropertyTest, ::testing::Range(1, 9));

}  // namespace
}  // namespace dure::store

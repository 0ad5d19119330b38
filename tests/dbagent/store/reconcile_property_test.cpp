// Random histories over three shards, of which one goes back to a backup in the middle.
#include <random>
#include <set>

#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/reconcile_fixture.h"

namespace dure::store {
namespace {

// Owners that trade, send, claim, loot and spend over three shards; shard 2 is backed up at some time and put back at
// another, with whatever was under way.
class ReconcileProperty : public ReconcileTest, public ::testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    ReconcileTest::SetUp();
    open(3);
    begin(4, 2);
    begin(5, 3);
    said.clear();
    for (std::uint64_t player = 1; player <= 5; ++player) take(player);
  }
  std::uint64_t draw(std::uint64_t bound) { return random() % bound; }
  bool chance(std::uint64_t percent) { return draw(100) < percent; }
  struct Mine {
    std::uint64_t epoch = 0, pseq = 0;
    std::int64_t gold = 0;
    std::set<std::uint64_t> items;
    std::vector<std::uint64_t> letters;
  };
  void take(std::uint64_t player) {
    const auto grant = acquire(player, home_of(player));
    ASSERT_EQ(grant.code(), proto::STORED) << "player " << player;
    Mine& mine = owners[player];
    mine = {};
    mine.epoch = grant.epoch();
    mine.gold = gold_of(grant.aggregate());
    for (const auto item : items_of(grant)) mine.items.insert(item);
    for (const auto& letter : grant.aggregate().inbox()) mine.letters.push_back(letter.message_id());
  }
  void act(std::uint64_t player, Ops& ops) {
    const auto reply = apply(home_of(player), ops);
    EXPECT_EQ(reply.code(), proto::STORED) << reply.detail();
  }
  Ops next(std::uint64_t player) {
    Mine& mine = owners.at(player);
    Ops ops(player, mine.epoch);
    ops.op(++mine.pseq);
    return ops;
  }
  Offer offer_of(std::uint64_t player) {
    Mine& mine = owners.at(player);
    Offer offer{player, 0, {}};
    if (mine.gold > 0 && chance(70))
      offer.gold = static_cast<std::int64_t>(1 + draw(static_cast<std::uint64_t>(mine.gold)));
    if (!mine.items.empty() && chance(60))
      offer.items.push_back(*std::next(mine.items.begin(), static_cast<long>(draw(mine.items.size()))));
    return offer;
  }
  void give(std::uint64_t player, const Offer& offer) {
    owners.at(player).gold -= offer.gold;
    for (const auto item : offer.items) owners.at(player).items.erase(item);
  }
  void trade() {
    const std::uint64_t a = 1 + draw(5), b = 1 + (a + draw(4)) % 5;
    const Offer offers[] = {offer_of(a), offer_of(b)};
    const auto terms = terms_of(++txns, home_of(chance(50) ? a : b), offers[0], offers[1]);
    for (const std::uint32_t side : {0u, 1u}) {
      const std::uint64_t player = offers[side].player;
      if (chance(10)) continue;
      act_leg(player, terms, side);
      give(player, offers[side]);
    }
  }
  void act_leg(std::uint64_t player, const proto::TradeTerms& terms, std::uint32_t side) {
    Mine& mine = owners.at(player);
    Ops ops = leg(terms, side, ++mine.pseq, mine.epoch);
    const auto reply = apply(home_of(player), ops);
    if (reply.saved_pseq() < mine.pseq) take(player);  // waits for the other leg: its owner goes on anew
  }
  void step() {
    const std::uint64_t player = 1 + draw(5), what = draw(100);
    Mine& mine = owners.at(player);
    if (what < 35) return trade();
    if (what < 55) {
      const Offer offer = offer_of(player);
      Ops ops = next(player);
      ops.send(++letters, 1 + (player + draw(4)) % 5, offer.gold, offer.items);
      act(player, ops);
      return give(player, offer);
    }
    if (what < 65) return relay(static_cast<std::uint32_t>(1 + draw(3)), chance(70));
    if (what < 75) {
      Ops ops = next(player);
      ops.balance("gold", static_cast<std::int64_t>(1 + draw(50))).mint(++minted);
      return act(player, ops);
    }
    if (what < 80 && mine.gold > 0) {
      Ops ops = next(player);
      ops.balance("gold", -1);
      --mine.gold;
      return act(player, ops);
    }
    if (what < 88) {
      take(player);
      if (mine.letters.empty()) return;
      Ops ops = next(player);
      ops.claim(mine.letters.front());
      act(player, ops);
      return take(player);
    }
    if (what < 93) return scan();
    if (!said.empty() && chance(70)) return carry_all();
    take(player);
  }
  std::mt19937_64 random{static_cast<std::uint64_t>(GetParam())};
  std::map<std::uint64_t, Mine> owners;
  std::uint64_t txns = 100, letters = 10'000, minted = 1000;
};

TEST_P(ReconcileProperty, WhateverCrossedIsInBothOrInNeither) {
  const std::uint64_t before = 20 + draw(60), after = 20 + draw(80);
  for (std::uint64_t i = 0; i < before; ++i) step();
  back_up(2);
  ItemIds known = items_on(2);
  for (std::uint64_t i = 0; i < after; ++i) step();
  const ItemIds there_were = items_on_all();
  for (const std::uint32_t other : {1u, 3u}) {
    known.merge(items_on(other));
    known.merge(items_that_crossed(other));
  }
  put_back(2);
  // The others play on meanwhile, among themselves.
  reconcile(2);
  if (!open_lines.empty() && open_lines[0] == kNobodyCanTell) return stop_all();
  ASSERT_TRUE(open_lines.empty()) << open_lines[0];
  ASSERT_EQ(open_again(2).code(), proto::STORED);
  for (std::uint64_t player = 1; player <= 5; ++player) take(player);
  // What was made after the backup, and never left the shard, is gone with it; nothing else is.
  const ItemIds there_are = items_on_all();
  for (const std::uint64_t item : there_were)
    EXPECT_TRUE(!known.contains(item) || there_are.contains(item)) << "item " << item << " is lost";
  for (int i = 0; i < 20; ++i) step();
  for (int round = 0; round < 4; ++round) {
    for (std::uint64_t player = 1; player <= 5; ++player) take(player);
    scan();
    for (const std::uint32_t shard : {1u, 2u, 3u}) relay(shard);
  }
  stop_all();
  expect_whole();
  // Each leg ended as the other one did.
  std::map<std::string, std::set<std::int64_t>> ends;
  for (const std::uint32_t shard : {1u, 2u, 3u}) {
    sqlite3* db = nullptr;
    open_by_hand(folder.file("shard" + std::to_string(shard)).c_str(), &db);
    sqlite3_stmt* row = nullptr;
    sqlite3_prepare_v2(db, "SELECT hex(txn_id), verdict FROM hold", -1, &row, nullptr);
    while (sqlite3_step(row) == SQLITE_ROW)
      ends[reinterpret_cast<const char*>(sqlite3_column_text(row, 0))].insert(sqlite3_column_int64(row, 1));
    sqlite3_finalize(row);
    sqlite3_close(db);
  }
  for (const auto& [txn, verdicts] : ends) EXPECT_EQ(verdicts.size(), 1u) << "trade " << txn << " is half done";
}
INSTANTIATE_TEST_SUITE_P(Seeds, ReconcileProperty, ::testing::Range(1, 61));

}  // namespace
}  // namespace dure::store

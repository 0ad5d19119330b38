// Random histories over three shards, with accounts that move between them, of which one goes back to a backup; its
// agent's desk puts it right, and what the agent does besides finishes the rest.
#include <random>
#include <set>

#include "dbagent/trade_desk.h"
#include "tests/dbagent/reconcile_desk_fixture.h"

namespace dure {
namespace {

using ItemIds = std::set<std::uint64_t>;

class ReconcileDeskProperty : public ReconcileDeskTest, public ::testing::WithParamInterface<int> {
 protected:
  static constexpr std::uint32_t kRestored = 4;
  ReconcileDeskProperty() {
    numbers = {3, 4, 5};
    configured = 3;
  }
  // Six accounts of a character each, two on every shard.
  void SetUp() override {
    ReconcileDeskTest::SetUp();
    heroes[1] = {account, 3};
    std::map<std::uint32_t, int> wanted = {{3, 1}, {4, 2}, {5, 2}};
    for (std::uint64_t player = 3; heroes.size() < 6; ++player) {
      proto::AccountQuery query;
      query.set_account("account" + std::to_string(player));
      query.set_create(true);
      const auto made = store::ask<proto::AccountReply>(*directory, query);
      if (wanted[made.shard()]-- <= 0) continue;
      ASSERT_EQ(step<proto::StoreReply>(made.shard(), store::creation(player, made.account_id())).code(),
                proto::STORED);
      const std::uint64_t mine = std::exchange(account, made.account_id());
      claim_name(player, player + 1000);
      account = mine;
      heroes[player] = {made.account_id(), made.shard()};
    }
    for (const auto& [player, hero] : heroes) {
      store::Ops begins = ops_of(player);
      begins.balance("gold", 100).mint(player * 10).mint(player * 10 + 1);
      ASSERT_EQ(apply(hero.shard, begins).code(), proto::STORED);
    }
  }

  // Half of what a shard that stays closed did is not there.
  void TearDown() override {
    stop();
    if (!state_of(kRestored).closed()) ReconcileDeskTest::TearDown();
  }

  struct Hero {
    std::uint64_t account = 0;
    std::uint32_t shard = 0;
    std::uint64_t moves = 0;
  };
  std::uint64_t draw(std::uint64_t bound) { return random() % bound; }
  bool chance(std::uint64_t percent) { return draw(100) < percent; }
  std::uint64_t any_hero() { return std::next(heroes.begin(), static_cast<long>(draw(heroes.size())))->first; }
  proto::AcquireReply grant_of(std::uint64_t player) {
    const std::uint32_t number = heroes.at(player).shard;
    proto::OwnerQuery who;
    who.set_player_id(player);
    return reacquire(number, player, step<proto::AcquireReply>(number, who).epoch());
  }
  store::Ops ops_of(std::uint64_t player) {
    store::Ops ops(player, grant_of(player).epoch());
    ops.op(1);
    return ops;
  }
  struct Offer {
    std::int64_t gold = 0;
    std::vector<std::uint64_t> items;
  };
  Offer offer_of(const proto::AcquireReply& grant) {
    Offer offer;
    const std::int64_t gold = gold_of(grant);
    if (gold > 0 && chance(50)) offer.gold = static_cast<std::int64_t>(1 + draw(static_cast<std::uint64_t>(gold)));
    for (const auto& item : grant.aggregate().items())
      if (chance(40)) offer.items.push_back(item.id().low());
    return offer;
  }

  // ── what they do ──
  void offer_trade() {
    const std::uint64_t both[] = {any_hero(), any_hero()};
    if (both[0] == both[1]) return;
    proto::TradeTerms terms;
    *terms.mutable_txn() = store::uid(77, ++txns);
    terms.set_register_shard(chance(80) ? heroes.at(both[draw(2)]).shard : numbers[draw(3)]);
    for (const std::uint64_t player : both) {
      auto* side = terms.add_sides();
      side->set_player_id(player);
      const Offer offer = offer_of(grant_of(player));
      if (offer.gold > 0) {
        auto* amount = side->add_give();
        amount->set_name("gold");
        amount->set_value(offer.gold);
      }
      for (const std::uint64_t item : offer.items) *side->add_items()->mutable_item() = store::uid(1, item);
    }
    for (const std::uint32_t side : {0u, 1u}) {
      if (chance(5)) continue;
      store::Ops leg = ops_of(both[side]);
      *leg.request.mutable_operations(0)->mutable_trade()->mutable_terms() = terms;
      leg.request.mutable_operations(0)->mutable_trade()->set_side(side);
      apply(heroes.at(both[side]).shard, leg);
    }
  }
  // Legs of one shard are counted and finished, some of them.
  void carry_legs(std::uint32_t number) {
    const auto open_legs = step<proto::OpenHoldsReply>(number, proto::OpenHoldsQuery());
    for (proto::TradeVote hold : open_legs.holds()) {
      if (chance(30)) continue;
      hold.set_abort_if_undecided(chance(10));
      const auto verdict = store::ask<proto::TradeVerdict>(*shard(hold.shard()), hold);
      if (verdict.verdict() == proto::UNDECIDED || chance(30)) continue;
      step<proto::TradeFinishReply>(number, finish_of(hold, verdict));
    }
  }
  void write(std::uint64_t from, std::uint64_t to) {
    if (from == to) return;
    const Offer offer = offer_of(grant_of(from));
    if (offer.gold == 0 && offer.items.empty()) return;
    apply(heroes.at(from).shard, ops_of(from).send(++letters, to, offer.gold, offer.items));
  }
  // Letters of one shard are delivered, and some of the answers are lost.
  void relay(std::uint32_t number) {
    const auto waiting = step<proto::OutboxReply>(number, proto::OutboxQuery());
    for (const auto& letter : waiting.pending()) {
      if (chance(30)) continue;
      const auto there = heroes.at(letter.player_id()).shard;
      if (step<proto::DeliverReply>(there, letter).code() != proto::STORED || chance(30)) continue;
      proto::OutboxSent sent;
      sent.set_message_id(letter.message_id());
      step<proto::StoreReply>(number, sent);
    }
  }
  void claim(std::uint64_t player) {
    const auto grant = grant_of(player);
    if (grant.aggregate().inbox_size() == 0) return;
    apply(heroes.at(player).shard, ops_of(player).claim(grant.aggregate().inbox(0).message_id()));
  }
  // Who is in the middle of a trade does not move.
  void move_away(std::uint64_t player) {
    Hero& hero = heroes.at(player);
    const std::uint32_t to = numbers[draw(3)];
    if (to == hero.shard) return;
    const std::uint64_t mine = std::exchange(account, hero.account), m = ++hero.moves;
    EXPECT_EQ(intent(m, to).code(), proto::STORED);
    const auto content = freeze(hero.shard, m);
    const bool arrives = content.code() == proto::STORED && copy(to, m, content).state() == proto::ACCOUNT_ARRIVING;
    if (arrives) {
      EXPECT_EQ(flip(m, to, m).code(), proto::STORED);
      EXPECT_EQ(activate(to, m).code(), proto::STORED);
      EXPECT_EQ(retire(hero.shard, m).code(), proto::STORED);
      hero.shard = to;
    } else {
      EXPECT_EQ(abort(m).code(), proto::STORED);
      if (content.code() == proto::STORED) unfreeze(hero.shard, m);
    }
    account = mine;
  }
  void act() {
    const std::uint64_t what = draw(100), player = any_hero();
    if (what < 30) return offer_trade();
    if (what < 55) return carry_legs(numbers[draw(3)]);
    if (what < 65) return write(player, any_hero());
    if (what < 75) return relay(numbers[draw(3)]);
    if (what < 82) return claim(player);
    if (what < 90) return move_away(player);
    if (what < 95) {
      apply(heroes.at(player).shard, ops_of(player).balance("gold", 10).mint(++minted));
    } else if (gold_of(grant_of(player)) > 0) {
      apply(heroes.at(player).shard, ops_of(player).balance("gold", -1));
    }
  }

  // ── what is left ──
  // Wherever it is, also between two holders; burnt ones too.
  ItemIds items_on(std::uint32_t number) {
    ItemIds items;
    store::Query row(shard(number)->database(), "SELECT item_id FROM item");
    while (row.row()) {
      proto::Uid id;
      store::put(row.key(0), &id);
      items.insert(id.low());
    }
    return items;
  }
  // Legs that are held and letters that wait, a line each.
  std::string open_on_all() {
    std::string lines;
    for (const std::uint32_t number : numbers) {
      store::Query row(
          shard(number)->database(),
          "SELECT 'leg ' || leg || ' of player ' || pid || ' at ' || hex(txn_id) FROM hold WHERE finished = 0 "
          "UNION ALL SELECT 'letter ' || message_id || ' of player ' || pid FROM outbox WHERE state = 0");
      while (row.row()) lines += row.text(0) + " on shard " + std::to_string(number) + "\n";
    }
    return lines;
  }
  static bool something_is_named(const proto::ClosedReply& state) {
    return std::any_of(state.open().begin(), state.open().end(), [](const std::string& line) {
      return line.find("cannot be brought back") != std::string::npos ||
             line.find("half: account") != std::string::npos || line.find("in a letter") != std::string::npos;
    });
  }

  std::mt19937_64 random{static_cast<std::uint64_t>(GetParam())};
  std::map<std::uint64_t, Hero> heroes;
  std::uint64_t txns = 100, letters = 10'000, minted = 1000;
};

// An account that came with half of what it did with somebody here is named, and the shard waits for a person: then
// only nothing may be there twice.
TEST_P(ReconcileDeskProperty, NothingIsThereTwiceAndNothingThatOthersKnowIsLost) {
  for (std::uint64_t left = 20 + draw(60); left > 0; --left) act();
  back_up(kRestored);
  ItemIds known = items_on(kRestored);
  for (std::uint64_t left = 20 + draw(80); left > 0; --left) act();
  for (const std::uint32_t number : {3u, 5u}) known.merge(items_on(number));
  put_back(kRestored);
  start();
  for (int i = 0; i < 600 && state_of(kRestored).closed(); ++i) cluster->run(milliseconds(100), milliseconds(5));
  const auto state = state_of(kRestored);
  if (state.closed()) {
    EXPECT_TRUE(something_is_named(state)) << state.open(0);
    stop();
    EXPECT_EQ(audit_of_all().doubles, 0u);
    return;
  }
  cluster->run(seconds(120), milliseconds(20));
  stop();
  expect_clean();
  EXPECT_EQ(open_on_all(), "");
  ItemIds left;
  for (const std::uint32_t number : numbers) left.merge(items_on(number));
  for (const std::uint64_t item : known) EXPECT_TRUE(left.contains(item)) << "item " << item << " is lost";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReconcileDeskProperty, ::testing::Range(1, 41));

}  // namespace
}  // namespace dure

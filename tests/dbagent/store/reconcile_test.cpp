// One shard goes back to a backup, the others do not. Whatever crossed between them is then in both or in neither.
#include "dbagent/store/reconcile.h"

#include <random>
#include <set>

#include "common/proto/shard_map.pb.h"
#include "dbagent/store/schema.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/reconcile_fixture.h"

namespace dure::store {
namespace {

TEST_F(ReconcileTest, ARestoredShardIsClosedToPlayersAndCanBeRead) {
  back_up(2);
  put_back(2);
  EXPECT_TRUE(is_closed(2));
  auto request = acquisition(3, 1, 700);
  request.set_shard(2);
  EXPECT_EQ(on<proto::AcquireReply>(2, request).code(), proto::RETRY);
  auto letter = delivery(3, 60, 5);
  letter.set_shard(2);
  EXPECT_EQ(on<proto::DeliverReply>(2, letter).code(), proto::RETRY);
  proto::PlayerLedgerQuery query;
  query.set_shard(2);
  query.set_player_id(3);
  EXPECT_EQ(on<proto::PlayerLedgerReply>(2, query).accounts(0).value(), 100);
  open(2);
  EXPECT_TRUE(is_closed(2)) << "closed also for the next life of its agent";
  reconcile(2);
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  EXPECT_EQ(on<proto::DeliverReply>(2, letter).code(), proto::STORED);
}

TEST_F(ReconcileTest, NoEpochIsGrantedTwiceAcrossARestore) {
  back_up(2);
  const auto before = acquire(3, 2);
  const auto later = acquire(3, 2);
  put_back(2);
  reconcile(2);
  open_again(2);
  const auto after = acquire(3, 2);
  EXPECT_GT(after.epoch(), later.epoch());
  Ops zombie(3, later.epoch());
  zombie.op(1).balance("gold", 50);
  EXPECT_EQ(on<proto::ApplyReply>(2, zombie.request).code(), proto::STALE_EPOCH);
  EXPECT_GE(after.epoch(), before.epoch() + static_cast<std::uint64_t>(kEpochsLeftOut) - 2);
}

// The trade's register is on shard 1, then on shard 2.
class TradeAcross : public ReconcileTest, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(TradeAcross, ATradeThatOnlyTheOtherShardRemembersIsDoneAgain) {
  back_up(2);
  const auto terms = terms_of(1, GetParam(), {1, 30, {10}}, {3, 0, {30}});
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  carry_all();
  ASSERT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  put_back(2);
  reconcile(2);
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_COMMITTED);
  const auto three = acquire(3, 2);
  EXPECT_EQ(gold_of(three.aggregate()), 130);
  EXPECT_EQ(items_of(three), Items({10}));
  EXPECT_EQ(items_of(acquire(1, 1)), Items({30}));
  scan();
  EXPECT_EQ(notes.size(), 0u);
  stop_all();
  expect_whole();
}

TEST_P(TradeAcross, ALegThatWasHeldAtTheBackupIsFinishedAsTheOthersSay) {
  const auto terms = terms_of(1, GetParam(), {1, 30, {}}, {3, 20, {30}});
  apply(2, leg(terms, 1));
  back_up(2);
  apply(1, leg(terms, 0));
  carry_all();
  ASSERT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  put_back(2);
  reconcile(2);
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  scan();
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(gold_of(acquire(3, 2).aggregate()), 110);
  stop_all();
  expect_whole();
}

TEST_P(TradeAcross, ATradeThatWasNotDecidedWhenTheShardForgotItsLegIsDoneInNeither) {
  back_up(2);
  const auto terms = terms_of(1, GetParam(), {1, 30, {}}, {3, 0, {30}});
  apply(2, leg(terms, 1));
  const auto vote = take_vote();  // counted, if the register is elsewhere; its leg is then lost
  if (vote) cast(*vote);
  put_back(2);
  reconcile(2);
  apply(1, leg(terms, 0));
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  scan();
  EXPECT_NE(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(gold_of(acquire(1, 1).aggregate()), 100);
  EXPECT_EQ(items_of(acquire(3, 2)), Items({30}));
  stop_all();
  expect_whole();
}

// Its YES was counted before the backup; since, the trade was aborted and its leg given back.
TEST_F(ReconcileTest, AVoteOfATradeThatWasAbortedSinceNeverMeetsTheOther) {
  open(3);
  const auto terms = terms_of(1, 3, {1, 30, {}}, {3, 0, {30}});
  apply(2, leg(terms, 1));
  const auto vote = take_vote();
  ASSERT_TRUE(vote);
  cast(*vote);
  back_up(3);
  EXPECT_EQ(verdict(3, terms, true).verdict(), proto::ABORT);
  carry_all();
  ASSERT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_ABORTED);
  put_back(3);
  reconcile(3);
  EXPECT_EQ(open_again(3).code(), proto::STORED);
  apply(1, leg(terms, 0));
  carry_all();
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_ABORTED);
  EXPECT_EQ(gold_of(acquire(1, 1).aggregate()), 100);
  stop_all();
  expect_whole();
}

TEST_P(TradeAcross, WhatWasEarnedAfterTheBackupAndTradedAwayIsOwed) {
  back_up(2);
  Ops loot(3, 1);
  loot.op(2).balance("gold", 500).mint(77);
  apply(2, loot);
  const auto terms = terms_of(1, GetParam(), {1, 0, {10}}, {3, 600, {30, 77}});
  apply(2, leg(terms, 1, 3));
  apply(1, leg(terms, 0));
  carry_all();
  ASSERT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  put_back(2);
  reconcile(2);
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  const auto three = acquire(3, 2);
  EXPECT_EQ(gold_of(three.aggregate()), 0);
  std::int64_t debt = 0;
  for (const auto& amount : three.aggregate().balances())
    if (amount.name() == "debt:gold") debt = amount.value();
  EXPECT_EQ(debt, 500);
  EXPECT_EQ(items_of(three), Items({10}));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("owes 500 gold"), std::string::npos);
  scan();
  stop_all();
  expect_whole();
}
INSTANTIATE_TEST_SUITE_P(Registers, TradeAcross, ::testing::Values(1u, 2u));

TEST_F(ReconcileTest, LettersThatCrossedAfterTheBackupHaveCrossedOnce) {
  back_up(2);
  Ops out(3, 1);
  out.op(2).send(800, 1, 40, {30});
  apply(2, out);
  relay(2);
  Ops back(1, 1);
  back.op(2).claim(800).op(3).send(801, 3, 15, {30, 10});
  ASSERT_EQ(apply(1, back).code(), proto::STORED);
  relay(1);
  Ops claimed(3, 1);
  claimed.op(3).claim(801);
  ASSERT_EQ(apply(2, claimed).code(), proto::STORED);
  put_back(2);
  reconcile(2);
  EXPECT_TRUE(open_lines.empty());
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  const auto three = acquire(3, 2);
  EXPECT_EQ(gold_of(three.aggregate()), 60);
  ASSERT_EQ(three.aggregate().inbox_size(), 1);
  EXPECT_EQ(three.aggregate().inbox(0).message_id(), 801u);
  EXPECT_EQ(three.aggregate().inbox(0).items_size(), 2);
  EXPECT_EQ(gold_of(acquire(1, 1).aggregate()), 125);
  stop_all();
  expect_whole();
}

TEST_F(ReconcileTest, AnItemThatLeftThroughAnotherHandsIsTakenFromWhoHasItInTheBackup) {
  begin(4, 2);
  back_up(2);
  const auto local = terms_of(5, 2, {3, 0, {30}}, {4, 10, {}});
  apply(2, leg(local, 0));
  apply(2, leg(local, 1));
  Ops out(4, 1);
  out.op(3).send(900, 1, 0, {30});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  put_back(2);
  reconcile(2);
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  EXPECT_EQ(items_of(acquire(3, 2)), Items({}));
  EXPECT_EQ(items_of(acquire(4, 2)), Items({40}));
  EXPECT_EQ(notes.size(), 1u);
  stop_all();
  expect_whole();
}

// It was made after the backup, went, and came back: which of the two is redone first cannot be known, and the wrong
// order lets it go to where it no longer is.
TEST_F(ReconcileTest, AnItemThatWentAndCameBackIsNotLetGoForEver) {
  begin(4, 2);
  back_up(2);
  Ops out(3, 1);
  out.op(2).mint(77).op(3).send(800, 1, 0, {77});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  Ops back(1, 1);
  back.op(2).claim(800).op(3).send(801, 4, 0, {77});
  ASSERT_EQ(apply(1, back).code(), proto::STORED);
  relay(1);
  put_back(2);
  reconcile(2);
  EXPECT_TRUE(open_lines.empty());
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  EXPECT_TRUE(items_on(2).contains(77));
  EXPECT_EQ(items_of(acquire(4, 2)), Items({40})) << "it is in the letter";
  EXPECT_EQ(items_of(acquire(3, 2)), Items({30}));
  stop_all();
  expect_whole();
}

// Twice out and in: it was last with player 3, whose letter brought it.
TEST_F(ReconcileTest, AnItemThatWentRoundTwiceIsGivenBackToWhomItCameToLast) {
  open(3);
  begin(5, 3);
  begin(4, 2);
  back_up(2);
  Ops first(3, 1);
  first.op(2).mint(77).op(3).send(800, 5, 0, {77});
  ASSERT_EQ(apply(2, first).code(), proto::STORED);
  relay(2);
  Ops second(5, 1);
  second.op(2).claim(800).op(3).send(801, 4, 0, {77});
  ASSERT_EQ(apply(3, second).code(), proto::STORED);
  relay(3);
  Ops third(4, 1);
  third.op(2).claim(801).op(3).send(802, 1, 0, {77});
  ASSERT_EQ(apply(2, third).code(), proto::STORED);
  relay(2);
  Ops fourth(1, 1);
  fourth.op(2).claim(802).op(3).send(803, 3, 0, {77});
  ASSERT_EQ(apply(1, fourth).code(), proto::STORED);
  relay(1);
  put_back(2);
  reconcile(2);
  EXPECT_TRUE(open_lines.empty());
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  const auto three = acquire(3, 2);
  ASSERT_EQ(three.aggregate().inbox_size(), 1);
  EXPECT_EQ(three.aggregate().inbox(0).items_size(), 1);
  stop_all();
  expect_whole();
}

// It is in a trade of two others that is decided and not finished: on no shard, and about to come.
TEST_F(ReconcileTest, WhatIsOnItsWayBetweenOthersIsNotGivenBack) {
  open(3);
  begin(5, 3);
  back_up(2);
  Ops out(3, 1);
  out.op(2).send(800, 1, 0, {30});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  Ops claimed(1, 1);
  claimed.op(2).claim(800);
  ASSERT_EQ(apply(1, claimed).code(), proto::STORED);
  const auto terms = terms_of(9, 1, {1, 0, {30}}, {5, 20, {}});
  apply(1, leg(terms, 0, 3));
  apply(3, leg(terms, 1));
  const auto vote = take_vote();
  ASSERT_TRUE(vote);
  cast(*vote);
  std::erase_if(said, [](const proto::StoreEvent& event) { return event.has_finish() && event.finish().shard() == 3; });
  carry_all();
  ASSERT_FALSE(items_on(1).contains(30));
  ASSERT_FALSE(items_on(3).contains(30));
  put_back(2);
  reconcile(2);
  EXPECT_FALSE(items_on(2).contains(30));
  open_again(2);
  scan();
  EXPECT_TRUE(items_on(3).contains(30));
  stop_all();
  expect_whole();
}

// One of the other side waits for it in a trade that this shard has forgotten, and that is aborted.
TEST_F(ReconcileTest, WhatATradeThatIsAbortedWaitsForIsGivenBackAllTheSame) {
  begin(4, 2);
  back_up(2);
  Ops out(3, 1);
  out.op(2).mint(77).op(3).send(800, 1, 0, {77});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  Ops back(1, 1);
  back.op(2).claim(800).op(3).send(801, 4, 0, {77});
  ASSERT_EQ(apply(1, back).code(), proto::STORED);
  relay(1);
  Ops claimed(4, 1);
  claimed.op(2).claim(801);
  ASSERT_EQ(apply(2, claimed).code(), proto::STORED);
  const auto terms = terms_of(9, 2, {4, 0, {77}}, {2, 20, {}});
  apply(1, leg(terms, 1));
  apply(2, leg(terms, 0, 3));
  put_back(2);
  ASSERT_EQ(open_holds(1).holds_size(), 1);
  reconcile(2);
  EXPECT_TRUE(items_on(2).contains(77));
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  scan();
  carry_all();
  EXPECT_EQ(open_holds(1).holds_size(), 0);
  stop_all();
  expect_whole();
}

// Who gave it has not heard yet that it is committed, and holds it still; who gets it had the leg in the backup.
TEST_F(ReconcileTest, WhatIsHeldElsewhereForACommittedTradeIsNotThereAnyMore) {
  open(3);
  const auto comes = terms_of(1, 3, {1, 0, {77}}, {3, 20, {}});
  apply(2, leg(comes, 1));
  carry_all();
  back_up(2);
  Ops loot(3, 1);
  loot.op(3).mint(77);
  ASSERT_EQ(apply(2, loot).code(), proto::STORED);
  const auto goes = terms_of(2, 1, {1, 5, {}}, {3, 0, {77}});
  apply(2, leg(goes, 1, 4));
  apply(1, leg(goes, 0));
  carry_all();
  ASSERT_TRUE(items_on(1).contains(77));
  apply(1, leg(comes, 0, 3));
  const auto vote = take_vote();
  ASSERT_TRUE(vote);
  cast(*vote);
  std::erase_if(said, [](const proto::StoreEvent& event) { return event.has_finish(); });
  ASSERT_EQ(open_holds(1).holds_size(), 1);
  put_back(2);
  reconcile(2);
  EXPECT_TRUE(items_on(2).contains(77));
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  scan();
  carry_all();
  EXPECT_FALSE(items_on(1).contains(77));
  stop_all();
  expect_whole();
}

TEST_F(ReconcileTest, AnAccountThatMovedAwaySinceIsGivenUp) {
  back_up(2);
  put_back(2);
  proto::GiveUpAccount request;
  request.set_shard(2);
  request.mutable_move()->set_account_id(9);
  request.mutable_move()->set_move_id(4);
  request.mutable_move()->set_target(1);
  const auto reply = on<proto::ReconcileReply>(2, request);
  EXPECT_EQ(reply.redone(), 1u);
  EXPECT_EQ(on<proto::ReconcileReply>(2, request).redone(), 0u);
  proto::AccountsHere here;
  here.set_shard(2);
  EXPECT_EQ(on<proto::AccountsHereReply>(2, here).account_ids_size(), 0);
  open_again(2);
  proto::OwnerQuery owner;
  owner.set_shard(2);
  owner.set_player_id(3);
  EXPECT_EQ(on<proto::AcquireReply>(2, owner).code(), proto::WRONG_SHARD);
  stop_all();
  EXPECT_EQ(number(2, "SELECT count(*) FROM item_holder"), 0);
}

TEST_F(ReconcileTest, TheOpenHoldsOfAnAccountThatMovedAwayAreNotLeftBehind) {
  const auto terms = terms_of(1, 1, {1, 0, {}}, {3, 20, {30}});
  apply(2, leg(terms, 1));
  ASSERT_EQ(open_holds(2).holds_size(), 1);
  back_up(2);
  put_back(2);
  proto::GiveUpAccount request;
  request.set_shard(2);
  request.mutable_move()->set_account_id(9);
  request.mutable_move()->set_move_id(4);
  request.mutable_move()->set_target(1);
  EXPECT_EQ(on<proto::ReconcileReply>(2, request).redone(), 1u);
  EXPECT_EQ(open_holds(2).holds_size(), 0);
  stop_all();
  EXPECT_EQ(number(2, "SELECT count(*) FROM item_holder"), 0);
  EXPECT_EQ(number(2, "SELECT coalesce(sum(amount), 0) FROM account WHERE kind IN (0, 5)"), 0);
}

TEST_F(ReconcileTest, AnItemThatIsElsewhereLeavesWhoeverHasItHere) {
  back_up(2);
  put_back(2);
  proto::Reconcile request;
  request.set_from_shard(1);
  *request.add_items() = uid(1, 30);
  *request.add_items() = uid(1, 10);
  ReconcileRounds rounds(2);
  tell(request, 2, &rounds);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("of player 3 is on shard 1"), std::string::npos) << notes[0];
  open_again(2);
  EXPECT_EQ(items_of(acquire(3, 2)), Items({}));
}

TEST_F(ReconcileTest, AShardThatIsPlayedIsNotReconciled) {
  proto::Reconcile request;
  request.set_shard(2);
  request.set_from_shard(1);
  *request.add_items() = uid(1, 30);
  EXPECT_EQ(on<proto::ReconcileReply>(2, request).code(), proto::REJECTED);
  EXPECT_EQ(items_of(acquire(3, 2)), Items({30}));
}

TEST_F(ReconcileTest, WhatCannotBeRedoneKeepsItClosedUntilSomebodyTakesItUponHimself) {
  back_up(2);
  Ops loot(3, 1);
  loot.op(2).mint(77);
  apply(2, loot);
  const auto terms = terms_of(1, 2, {1, 30, {}}, {3, 0, {77}});
  apply(2, leg(terms, 1, 3));
  apply(1, leg(terms, 0));
  carry_all();
  // The other shard's own record of what it gave is gone.
  stores[1].reset();
  number(1, "UPDATE hold SET terms = x'' WHERE leg = 0");
  put_back(2);
  open(1);
  reconcile(2);
  ASSERT_FALSE(open_lines.empty());
  EXPECT_EQ(open_again(2).code(), proto::REJECTED);
  EXPECT_TRUE(is_closed(2));
  EXPECT_EQ(open_again(2, "anna").code(), proto::STORED);
  EXPECT_FALSE(is_closed(2));
}

TEST_F(ReconcileTest, WhatReconcilingNeedsIsNeverCollected) {
  const auto terms = terms_of(1, 2, {1, 30, {10}}, {3, 0, {30}});
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  carry_all();
  Ops out(3, 1);
  out.op(3).send(800, 1, 40, {10});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  Ops back(1, 1);
  back.op(3).claim(800);
  ASSERT_EQ(apply(1, back).code(), proto::STORED);
  for (int day = 0; day < 400; day += 40) {
    now += 40 * kDayMs;
    for (const std::uint32_t shard : {1u, 2u}) {
      acquire(shard == 1 ? 1 : 3, shard);
      proto::BooksQuery books;
      books.set_shard(shard);
      books.set_step(true);
      on<proto::BooksReply>(shard, books);
      proto::EconomyWatch watch;
      watch.set_shard(shard);
      on<proto::EconomyJumps>(shard, watch);
      ASSERT_TRUE(stores.at(shard)->between_commits());
    }
  }
  stop_all();
  for (const std::uint32_t shard : {1u, 2u})
    EXPECT_EQ(number(shard, "SELECT count(*) FROM hold WHERE length(goods) > 0"), 1);
  EXPECT_EQ(number(2, "SELECT count(*) FROM decision"), 1);
  EXPECT_EQ(number(2, "SELECT count(*) FROM trade_vote"), 2);
  EXPECT_EQ(number(2, "SELECT count(*) FROM outbox WHERE length(body) > 0"), 1);
  EXPECT_EQ(number(1, "SELECT count(*) FROM inbox WHERE length(letter) > 0"), 1);
}

// Its tables with their columns, and its indexes.
std::set<std::string> shape_of(const std::string& path) {
  std::set<std::string> names;
  sqlite3* db = nullptr;
  EXPECT_EQ(open_by_hand(path.c_str(), &db), SQLITE_OK);
  const auto add = [](void* to, int, char** row, char**) {
    static_cast<std::set<std::string>*>(to)->insert(row[0]);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(db,
                         "SELECT m.type || ' ' || m.name || ' ' || coalesce(c.name || ' ' || c.type, '') "
                         "FROM sqlite_schema m LEFT JOIN pragma_table_info(m.name) c",
                         add, &names, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(db);
  sqlite3_close(db);
  return names;
}

// An older file is brought up where it is opened; its old legs have no goods, and say so.
TEST_F(ReconcileTest, AFileOfTheVersionBeforeIsBroughtUp) {
  stores[2].reset();
  number(2, "ALTER TABLE hold DROP COLUMN goods");
  number(2, "ALTER TABLE hold DROP COLUMN creq_hash");
  number(2, "ALTER TABLE inbox DROP COLUMN letter");
  for (const char* index : {"ownerless_op_by_age", "outbox_of_player", "hold_of_player"})
    number(2, std::string("DROP INDEX ") + index);
  for (const char* column :
       {"player DROP COLUMN last_swap", "decision DROP COLUMN before_0", "decision DROP COLUMN before_1"})
    number(2, std::string("ALTER TABLE ") + column);
  for (const char* table : {"restored", "content_guard", "content_active", "faucet_day", "moved_copy", "ownerless_mark",
                            "swapped_leg", "let_go", "brought_back"})
    number(2, std::string("DROP TABLE IF EXISTS ") + table);
  number(2, "UPDATE shard_meta SET schema_version = 2");
  open(2);
  ASSERT_NE(stores.at(2), nullptr);
  EXPECT_FALSE(is_closed(2));
  const auto terms = terms_of(1, 2, {1, 30, {}}, {3, 0, {30}});
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  carry_all();
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_COMMITTED);
  // It has all that a new file has.
  stop_all();
  EXPECT_EQ(shape_of(folder.file("shard2")), shape_of(folder.file("shard1")));
}

// ── random ──────────────────────────────────────────────────────────────────────────────────────────────────

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
    if (what < 65) return relay(static_cast<std::uint32_t>(1 + draw(3)));
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

// One shard goes back to a backup, the others do not. Whatever crossed between them is then in both or in neither.
#include "dbagent/store/reconcile.h"

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
  for (const char* index : {"ownerless_op_by_age", "outbox_of_player", "hold_of_player", "inbox_claimed"})
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

}  // namespace
}  // namespace dure::store

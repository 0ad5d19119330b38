// The desk over real stores: an agent with two shards and the directory on a fake bus. A shard goes back to a backup,
// after accounts have moved from it or to it; the next life of the agent puts it right, or says what it cannot.
#include "dbagent/reconcile_desk.h"

#include <sqlite3.h>

#include "common/proto/operator.pb.h"
#include "common/proto/reconcile.pb.h"
#include "dbagent/agent.h"
#include "dbagent/store/backup.h"
#include "dbagent/store/schema.h"
#include "tests/common/fake_cluster.h"
#include "tests/dbagent/store/move_fixture.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1), kTool(Role::kTool, 1);

// Players 1 and 2 are of one account on shard 3; player 1 is owned at epoch 1 by incarnation 7.
class ReconcileDeskTest : public store::MoveTest {
 protected:
  void SetUp() override {
    store::MoveTest::SetUp();
    for (const std::uint64_t player : {1, 2}) claim_name(player, player + 1000);
  }
  void TearDown() override {
    stop();
    store::MoveTest::TearDown();
  }
  void claim_name(std::uint64_t player, std::uint64_t reservation) {
    proto::ReserveName name;
    name.set_name(name_of(player));
    name.set_player_id(player);
    name.set_account_id(account);
    name.set_reservation(reservation);
    ASSERT_EQ(store::ask<proto::ReserveNameReply>(*directory, name).code(), proto::STORED);
    proto::ClaimName claim;
    claim.set_name(name_of(player));
    claim.set_player_id(player);
    claim.set_reservation(reservation);
    ASSERT_EQ(store::ask<proto::StoreReply>(*directory, claim).code(), proto::STORED);
  }
  static std::string name_of(std::uint64_t player) { return std::string("Name") + static_cast<char>('a' + player); }

  // ── the agent ──
  void start() {
    NodeIdentity identity;
    identity.id = kAgent;
    identity.name = to_text(kAgent);
    identity.incarnation = {1, ++agents};
    identity.shards = {3, 4};
    identity.directory = true;
    agent = std::make_unique<Agent>(identity, routes, Seams{&log, &entropy}, AgentOptions{});
    cluster = std::make_unique<test::FakeCluster>(*agent, routes);
    cluster->wall = WallTime{milliseconds(store::kNow)};
    cluster->on_effect = [this](Outbound& outbound) {
      auto* work = std::get_if<Work>(&outbound);
      if (work == nullptr) return false;
      if (work->queue == away) return true;  // never answered
      const std::string reply = work->queue == Agent::kDirectoryQueue ? directory->run(work->request.view())
                                : work->queue == "shard-3"            ? shard(3)->run(work->request.view())
                                                                      : shard(4)->run(work->request.view());
      cluster->in(WorkDone{work->work_id, Bytes(reply)});
      return true;
    };
    cluster->up(kTool);
  }
  void stop() {
    if (!agent) return;
    agent->scope().end();
    agent->scope().sweep();
    cluster.reset();
    agent.reset();
  }
  proto::ClosedReply state_of(std::uint32_t number) { return step<proto::ClosedReply>(number, proto::ClosedQuery()); }
  // Until the desk has gone through once, or more seconds are over than it ever needs.
  proto::ClosedReply run_desk(std::uint32_t number) {
    start();
    for (int i = 0; i < 600; ++i) {
      cluster->run(milliseconds(100), milliseconds(5));
      const auto state = state_of(number);
      if (!state.closed() || state.rounds() > 0) return state;
    }
    return state_of(number);
  }

  // ── backup and restore of one shard ──
  void back_up(std::uint32_t number) {
    proto::ShardBackup request;
    request.set_backup_id(++backups);
    request.set_path(folder.file("copy"));
    request.set_finish(true);
    proto::BackupState state;
    for (int i = 0; i < 3 && state.phase() != proto::BACKUP_DONE; ++i) {
      state = step<proto::BackupState>(number, request);
      ASSERT_TRUE(shard(number)->between_commits());
    }
    ASSERT_EQ(state.phase(), proto::BACKUP_DONE) << state.detail();
  }
  void put_back(std::uint32_t number) {
    for (auto& [one, store] : stores) store.reset();
    const store::Restoring restoring{
        folder.file("copy"), folder.file("shard-" + std::to_string(number)), "shard", "test", number, ++backups, true};
    ASSERT_TRUE(store::prepare_restore(restoring));
    ASSERT_TRUE(store::place_restored(restoring));
    open_all();
  }
  void by_hand(std::uint32_t number, const char* sql) {
    stores.at(number).reset();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(folder.file("shard-" + std::to_string(number)).c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
    open_all();
  }

  // Two characters of two accounts of shard 3 exchange 30 gold of player 1 for the item 50 of player 3.
  void meet_on_shard_3() {
    earn(3, 100, 5);
    for (int i = 0; i < 8; ++i) {
      proto::AccountQuery query;
      query.set_account("other" + std::to_string(i));
      query.set_create(true);
      const auto other = store::ask<proto::AccountReply>(*directory, query);
      if (other.shard() != 3) continue;
      ASSERT_EQ(step<proto::StoreReply>(3, store::creation(3, other.account_id())).code(), proto::STORED);
      break;
    }
    const auto grant = reacquire(3, 3, 0);
    ASSERT_EQ(grant.code(), proto::STORED);
    store::Ops ops(3, grant.epoch());
    ops.op(1).balance("gold", 40).mint(50);
    ASSERT_EQ(apply(3, ops).code(), proto::STORED);
  }
  void swap_on_shard_3(bool only_money = false, std::uint64_t number = 1) {
    proto::TradeTerms terms;
    *terms.mutable_txn() = store::uid(77, number);
    terms.set_register_shard(3);
    auto* one = terms.add_sides();
    one->set_player_id(1);
    auto* amount = one->add_give();
    amount->set_name("gold");
    amount->set_value(30);
    auto* three = terms.add_sides();
    three->set_player_id(3);
    if (!only_money) {
      *three->add_items()->mutable_item() = store::uid(1, 50);
    } else {
      auto* back = three->add_give();
      back->set_name("gold");
      back->set_value(10);
    }
    for (const std::uint64_t player : {1, 3}) {
      proto::OwnerQuery who;
      who.set_player_id(player);
      const auto grant = reacquire(3, player, step<proto::AcquireReply>(3, who).epoch());
      store::Ops leg(player, grant.epoch());
      leg.op(1);
      auto* trade = leg.request.mutable_operations(0)->mutable_trade();
      *trade->mutable_terms() = terms;
      trade->set_side(player == 1 ? 0 : 1);
      apply(3, leg);
    }
  }
  void expect_exchanged(std::uint32_t first_is_on, std::int64_t came_back = 0) {
    const auto one = take(first_is_on);
    EXPECT_EQ(gold_of(one), 70 - came_back);
    EXPECT_EQ(one.aggregate().items_size(), 2);
    proto::OwnerQuery who;
    who.set_player_id(3);
    const auto three = reacquire(3, 3, step<proto::AcquireReply>(3, who).epoch());
    EXPECT_EQ(gold_of(three), 70 + came_back);
    EXPECT_EQ(three.aggregate().items_size(), 0);
    const auto merged = expect_clean();
    EXPECT_EQ(merged.items, 2u);
    for (const auto& [currency, sum] : merged.moved) EXPECT_EQ(sum, 0) << currency;
  }

  // ── who plays ──
  void earn(std::uint32_t number, std::int64_t gold, std::uint64_t item) {
    const auto grant = take(number);
    store::Ops ops(1, grant.epoch());
    ops.op(1).balance("gold", gold).mint(item);
    ASSERT_EQ(apply(number, ops).code(), proto::STORED);
  }
  proto::AcquireReply take(std::uint32_t number) {
    proto::OwnerQuery who;
    who.set_player_id(1);
    const auto now = step<proto::AcquireReply>(number, who);
    EXPECT_EQ(now.code(), proto::STORED);
    return reacquire(number, 1, now.epoch());
  }
  static std::int64_t gold_of(const proto::AcquireReply& grant) {
    for (const auto& amount : grant.aggregate().balances())
      if (amount.name() == "gold") return amount.value();
    return 0;
  }

  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  std::string away;
  std::uint64_t agents = 0, backups = 0;
  std::unique_ptr<Agent> agent;
  std::unique_ptr<test::FakeCluster> cluster;
};

TEST_F(ReconcileDeskTest, AShardThatKnowsAllIsOpenedAsItIs) {
  earn(3, 100, 5);
  back_up(3);
  put_back(3);
  EXPECT_TRUE(state_of(3).closed());
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed());
  EXPECT_EQ(state.notes_size(), 0) << state.notes(0);
  const auto grant = take(3);
  EXPECT_EQ(gold_of(grant), 100);
  proto::OwnerQuery second;
  second.set_player_id(2);
  EXPECT_EQ(step<proto::AcquireReply>(3, second).code(), proto::STORED) << "who is here was not made after the backup";
}

TEST_F(ReconcileDeskTest, AnAccountThatMovedAwayIsGivenUpAndWhatItEarnedBeforeItLeftIsBalanced) {
  earn(3, 100, 5);
  back_up(3);
  earn(3, 50, 6);
  move(1, 3, 4);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  ASSERT_EQ(state.notes_size(), 2);
  EXPECT_NE(state.notes(0).find("has moved to shard 4"), std::string::npos) << state.notes(0);
  EXPECT_NE(state.notes(1).find("50 gold left with accounts that moved"), std::string::npos) << state.notes(1);
  const auto grant = take(4);
  EXPECT_EQ(gold_of(grant), 150);
  EXPECT_EQ(grant.aggregate().items_size(), 2);
  const auto merged = expect_clean();
  EXPECT_EQ(merged.items, 2u);
  for (const auto& [currency, amount] : merged.moved) EXPECT_EQ(amount, 0) << currency;
}

TEST_F(ReconcileDeskTest, AnAccountThatCameIsAgainAsItCame) {
  earn(3, 100, 5);
  back_up(4);
  move(1, 3, 4);
  earn(4, 30, 6);  // gone with the restore, like all that was earned there since
  const std::uint64_t before = take(4).epoch();
  put_back(4);
  const auto state = run_desk(4);
  EXPECT_FALSE(state.closed()) << state.open(0);
  EXPECT_NE(state.notes(1).find("came from shard 3 after the backup: it is again as it came"), std::string::npos)
      << state.notes(1);
  const auto grant = take(4);
  EXPECT_EQ(gold_of(grant), 100);
  EXPECT_EQ(grant.aggregate().items_size(), 1);
  EXPECT_GT(grant.epoch(), before + static_cast<std::uint64_t>(store::kEpochsLeftOut) / 2)
      << "no epoch is granted twice";
  expect_clean();
}

TEST_F(ReconcileDeskTest, AnAccountThatWentAndCameBackIsAsItCameBack) {
  earn(3, 100, 5);
  back_up(3);
  move(1, 3, 4);
  earn(4, 30, 6);
  move(2, 4, 3);
  earn(3, 7, 8);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  const auto grant = take(3);
  EXPECT_EQ(gold_of(grant), 130);
  EXPECT_EQ(grant.aggregate().items_size(), 2);
  expect_clean();
}

TEST_F(ReconcileDeskTest, WhatCameAndIsKeptNowhereKeepsTheShardClosedAndIsNamed) {
  earn(3, 100, 5);
  back_up(4);
  move(1, 3, 4);
  by_hand(3, "DELETE FROM moved_copy");
  put_back(4);
  const auto state = run_desk(4);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 3) << "the account, and each of its characters";
  EXPECT_NE(state.open(0).find("no copy is kept"), std::string::npos) << state.open(0);
  EXPECT_NE(state.open(1).find("character " + name_of(1)), std::string::npos) << state.open(1);
  const auto again = step<proto::ClosedReply>(4, proto::ClosedQuery());
  EXPECT_EQ(again.open_size(), state.open_size());
}

// A letter of a character of shard 4 came to the account after the backup, before it moved there itself.
TEST_F(ReconcileDeskTest, WhoCameWithHalfOfALetterOfThisShardIsNotBroughtBackAndIsNamed) {
  proto::AccountQuery query;
  query.set_account("nina");
  query.set_create(true);
  const auto nina = store::ask<proto::AccountReply>(*directory, query);
  ASSERT_EQ(nina.shard(), 4u);
  ASSERT_EQ(step<proto::StoreReply>(4, store::creation(3, nina.account_id())).code(), proto::STORED);
  ASSERT_EQ(step<proto::AcquireReply>(4, store::acquisition(3, 0, 300)).code(), proto::STORED);
  store::Ops gold(3, 1);
  gold.op(1).balance("gold", 80);
  ASSERT_EQ(apply(4, gold).code(), proto::STORED);
  back_up(4);
  store::Ops out(3, 1);
  out.op(2).send(900, 1, 40);
  ASSERT_EQ(apply(4, out).code(), proto::STORED);
  const auto waiting = step<proto::OutboxReply>(4, proto::OutboxQuery());
  ASSERT_EQ(waiting.pending_size(), 1);
  ASSERT_EQ(step<proto::DeliverReply>(3, waiting.pending(0)).code(), proto::STORED);
  move(1, 3, 4);
  put_back(4);
  const auto state = run_desk(4);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 1);
  EXPECT_NE(state.open(0).find("letters of characters of this shard"), std::string::npos) << state.open(0);
}

TEST_F(ReconcileDeskTest, WhoTradedHereAndMovedAwayBringsTheTradeBackForTheOther) {
  meet_on_shard_3();
  back_up(3);
  swap_on_shard_3();
  move(1, 3, 4);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  expect_exchanged(4);
}

TEST_F(ReconcileDeskTest, WhoMovesAwayTakesAlongWhatItTradedHereEachTime) {
  meet_on_shard_3();
  back_up(3);
  swap_on_shard_3();
  move(1, 3, 4);
  move(2, 4, 3);
  swap_on_shard_3(true, 2);
  swap_on_shard_3(true, 3);
  move(3, 3, 4);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  expect_exchanged(4, 40);
}

TEST_F(ReconcileDeskTest, ATradeThatTheBackupKnowsIsNotDoneAgainForWhoMovedAway) {
  meet_on_shard_3();
  swap_on_shard_3();
  back_up(3);
  move(1, 3, 4);
  put_back(3);
  EXPECT_FALSE(run_desk(3).closed());
  expect_exchanged(4);
}

TEST_F(ReconcileDeskTest, WhatWasDoneAgainForTheOtherIsNotDoneAgainForWhoMovedAway) {
  meet_on_shard_3();
  back_up(3);
  swap_on_shard_3();
  move(1, 3, 4);
  put_back(3);
  EXPECT_FALSE(run_desk(3).closed());
  stop();
  back_up(4);
  put_back(4);
  EXPECT_FALSE(run_desk(4).closed());
  expect_exchanged(4);
}

TEST_F(ReconcileDeskTest, WhoTradedHereAndWentAndCameBackIsNotBroughtBackWithHalfOfIt) {
  meet_on_shard_3();
  back_up(3);
  swap_on_shard_3(true);
  move(1, 3, 4);
  move(2, 4, 3);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 1);
  EXPECT_NE(state.open(0).find("traded with characters of this shard"), std::string::npos) << state.open(0);
}

TEST_F(ReconcileDeskTest, AnEarlierMoveGivesNobodyUp) {
  move(1, 3, 4);
  move(2, 4, 3);
  back_up(3);
  put_back(3);
  proto::GiveUpAccount request;
  request.mutable_move()->set_account_id(account);
  request.mutable_move()->set_move_id(1);
  request.mutable_move()->set_target(4);
  EXPECT_EQ(step<proto::ReconcileReply>(3, request).code(), proto::REJECTED);
  EXPECT_FALSE(run_desk(3).closed());
  EXPECT_EQ(take(3).code(), proto::STORED);
}

TEST_F(ReconcileDeskTest, NothingIsBroughtBackToAShardThatIsPlayedAndNothingTwice) {
  earn(3, 100, 5);
  back_up(4);
  move(1, 3, 4);
  proto::KeptContent query;
  query.set_account_id(account);
  query.set_move_id(1);
  const auto kept = step<proto::KeptContentReply>(3, query);
  ASSERT_EQ(kept.code(), proto::STORED) << kept.detail();
  proto::BringBack request;
  *request.mutable_copy() = of<proto::MoveCopy>(1);
  request.mutable_copy()->set_bytes(kept.bytes());
  request.mutable_copy()->set_bytes_total(kept.bytes_total());
  request.mutable_copy()->set_hash(kept.hash());
  EXPECT_EQ(step<proto::BroughtBack>(4, request).code(), proto::REJECTED) << "it is not closed";
  EXPECT_EQ(step<proto::ReconcileReply>(4, proto::BalanceMoves()).code(), proto::REJECTED);
  put_back(4);
  EXPECT_EQ(step<proto::BroughtBack>(4, request).mv(), 1u);
  EXPECT_EQ(step<proto::BroughtBack>(4, request).mv(), 1u) << "asked again";
  EXPECT_FALSE(run_desk(4).closed());
  EXPECT_EQ(gold_of(take(4)), 100);
  move(2, 4, 3);
  EXPECT_EQ(step<proto::KeptContentReply>(3, query).code(), proto::EXPECTED_OTHER) << "it is here again";
}

TEST_F(ReconcileDeskTest, ACharacterThatWasMadeAfterTheBackupIsSettledAsNeverMade) {
  back_up(3);
  auto late = store::creation(9, account);
  ASSERT_EQ(step<proto::StoreReply>(3, late).code(), proto::STORED);
  claim_name(9, late.reservation());
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed());
  ASSERT_EQ(state.notes_size(), 1);
  EXPECT_EQ(state.notes(0), "character " + name_of(9) + " was made after the backup, and is gone");
}

TEST_F(ReconcileDeskTest, AShardThatDoesNotAnswerIsWaitedFor) {
  back_up(3);
  put_back(3);
  away = "shard-4";
  EXPECT_TRUE(run_desk(3).closed());
  EXPECT_EQ(state_of(3).rounds(), 0u) << "half of what is known is no ground to open on";
  stop();
  away.clear();
  EXPECT_FALSE(run_desk(3).closed());
}

}  // namespace
}  // namespace dure

// The desk over real stores: an agent with two shards and the directory on a fake bus. A shard goes back to a backup,
// after accounts have moved from it or to it; the next life of the agent puts it right, or says what it cannot.
#pragma once
#include <sqlite3.h>

#include <algorithm>

#include "common/proto/operator.pb.h"
#include "common/proto/reconcile.pb.h"
#include "dbagent/agent.h"
#include "dbagent/reconcile_desk.h"
#include "dbagent/store/backup.h"
#include "dbagent/store/schema.h"
#include "tests/common/fake_cluster.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/move_fixture.h"

namespace dure {

inline const NodeId kAgent(Role::kDbagent, 1), kTool(Role::kTool, 1);

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
    identity.shards = numbers;
    identity.directory = true;
    agent = std::make_unique<Agent>(identity, routes, Seams{&log, &entropy}, options);
    cluster = std::make_unique<test::FakeCluster>(*agent, routes);
    cluster->wall = WallTime{milliseconds(store::kNow)};
    cluster->on_effect = [this](Outbound& outbound) {
      auto* work = std::get_if<Work>(&outbound);
      if (work == nullptr) return false;
      if (work->queue == away || (lost && lost(*work))) return true;  // never answered
      if (on_work) on_work(*work);
      if (work->queue == Agent::kDirectoryQueue) {
        cluster->in(WorkDone{work->work_id, Bytes(directory->run(work->request.view()))});
        return true;
      }
      const auto number = std::find_if(numbers.begin(), numbers.end(),
                                       [&](std::uint32_t one) { return work->queue == Agent::shard_queue(one); });
      store::ShardStore& store = *shard(*number);
      const std::string reply = store.run(work->request.view());
      EXPECT_TRUE(store.between_commits());
      const bool holds = hold_back && hold_back(*work);
      if (holds)
        held_back.push_back(WorkDone{work->work_id, Bytes(reply)});
      else
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
  template <class Request>
  static int count_of(const Work& work) {
    proto::StoreBatch batch;
    EXPECT_TRUE(batch.ParseFromString(std::string(work.request.view())));
    return static_cast<int>(std::count_if(batch.items().begin(), batch.items().end(), [](const auto& item) {
      return item.message_id() == route_id(Request::descriptor());
    }));
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
    proto::BackupState state;
    for (int i = 0; i < 3 && state.phase() != proto::BACKUP_DONE; ++i) {
      request.set_finish(i > 0);
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
    ASSERT_EQ(store::open_by_hand(folder.file("shard-" + std::to_string(number)).c_str(), &database), SQLITE_OK);
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
  std::function<bool(const Work&)> lost;       // never done
  std::function<void(const Work&)> on_work;    // before it is done
  std::function<bool(const Work&)> hold_back;  // its answer: into held_back
  std::vector<WorkDone> held_back;
  AgentOptions options;
  std::uint64_t agents = 0, backups = 0;
  std::unique_ptr<Agent> agent;
  std::unique_ptr<test::FakeCluster> cluster;
};

}  // namespace dure

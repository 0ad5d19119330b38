// An agent over a real shard: it finds by itself what is off, says it once, and stands still for a backup. Time is
// turned by hand.
#include "dbagent/bookkeeper.h"

#include <sqlite3.h>

#include "common/proto/operator.pb.h"
#include "dbagent/agent.h"
#include "tests/common/fake_cluster.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure {
namespace {

const NodeId kTool(Role::kTool, 1), kGeneral(Role::kGeneral, 1);

class BookkeeperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store = store::open_shard(store::shard_options(folder.file("shard")));
    store::ask<proto::StoreReply>(*store, store::creation(1));
    store::ask<proto::AcquireReply>(*store, store::acquisition(1, 0, 70));
    start();
  }
  void start() {
    NodeIdentity identity;
    identity.id = NodeId(Role::kDbagent, 1);
    identity.name = to_text(identity.id);
    identity.incarnation = {1, 1};
    identity.shards = {3};
    agent = std::make_unique<Agent>(identity, routes, Seams{&log, &entropy}, AgentOptions{});
    cluster = std::make_unique<test::FakeCluster>(*agent, routes);
    cluster->wall = WallTime{milliseconds(store::kNow)};
    cluster->on_effect = [this](Outbound& outbound) {
      auto* work = std::get_if<Work>(&outbound);
      if (work == nullptr) return false;
      cluster->in(WorkDone{work->work_id, Bytes(store->run(work->request.view()))});
      EXPECT_TRUE(store->between_commits());
      return true;
    };
    for (const NodeId peer : {kTool, kGeneral}) cluster->up(peer);
  }
  void earn(std::int64_t gold, const std::string& reason = "kill") {
    store::Ops ops(1, 1);
    ops.op(++pseq).balance("gold", gold);
    ops.request.mutable_operations(0)->set_reason(reason);
    cluster->ask(kGeneral, ops.request);
  }
  void loot(std::uint64_t item) {
    store::Ops ops(1, 1);
    ops.op(++pseq).mint(item);
    cluster->ask(kGeneral, ops.request);
  }
  void damage(const char* sql) {
    store.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(store::open_by_hand(folder.file("shard").c_str(), &db), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
    store = store::open_shard(store::shard_options(folder.file("shard")));
  }
  template <class Reply, class Request>
  Reply ask(const Request& request) {
    const CallId call = cluster->ask(kTool, request);
    cluster->run(milliseconds(100));
    const auto reply = cluster->take_reply<Reply>(kTool, call);
    EXPECT_TRUE(reply);
    return reply ? *reply : Reply();
  }

  store::TempFolder folder;
  std::unique_ptr<store::ShardStore> store;
  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  std::unique_ptr<Agent> agent;
  std::unique_ptr<test::FakeCluster> cluster;
  std::uint64_t pseq = 0;
};

TEST_F(BookkeeperTest, ASoundShardRaisesNoAlarmAndADamagedOneRaisesEachOnce) {
  cluster->run(seconds(65), milliseconds(50));
  earn(100);
  cluster->run(seconds(65), milliseconds(50));
  proto::BooksQuery query;
  query.set_shard(3);
  const auto sound = ask<proto::BooksReply>(query);
  EXPECT_GE(sound.passes(), 2u);
  EXPECT_EQ(sound.entries(), 2u);
  EXPECT_EQ(agent->bookkeeper().ledger_alarms(), 0u);
  damage("UPDATE account SET amount = amount + 5 WHERE kind = 0");
  cluster->run(seconds(130), milliseconds(50));
  EXPECT_EQ(agent->bookkeeper().ledger_alarms(), 1u);
}

TEST_F(BookkeeperTest, ATotalThatIsOffIsSaidOnceHoweverMuchIsEarnedAndHidesNothingElse) {
  loot(7);
  earn(100);
  cluster->run(seconds(1));
  damage("UPDATE account SET amount = amount + 5 WHERE kind = 0 AND currency = 'gold'");
  for (int pass = 0; pass < 25; ++pass) {
    earn(1);
    cluster->run(seconds(61), milliseconds(50));
  }
  EXPECT_EQ(agent->bookkeeper().ledger_alarms(), 1u);
  damage("UPDATE item_holder SET owner = 99 WHERE kind = 0");
  cluster->run(seconds(130), milliseconds(50));
  EXPECT_EQ(agent->bookkeeper().ledger_alarms(), 2u);
}

TEST_F(BookkeeperTest, TheAuditComesUpWithAShardThatIsWrittenFasterThanASliceInAWhileReads) {
  constexpr int kSeconds = 10, kOpsASecond = 10'000;
  cluster->run(seconds(3), milliseconds(1));
  proto::BooksQuery query;
  query.set_shard(3);
  const auto before = ask<proto::BooksReply>(query).entries();
  for (int second = 0; second < kSeconds; ++second) {
    store::Ops ops(1, 1);
    for (int op = 0; op < kOpsASecond; ++op) ops.op(++pseq).balance("gold", 1);
    store::ask<proto::ApplyReply>(*store, ops.request, store::kNow);
    cluster->run(seconds(1), milliseconds(1));
  }
  cluster->run(seconds(2), milliseconds(1));
  const auto after = ask<proto::BooksReply>(query);
  EXPECT_EQ(after.entries() - before, 2u * kSeconds * kOpsASecond);
  EXPECT_EQ(after.behind_ms(), 0u);
}

TEST_F(BookkeeperTest, AFaucetThatRunsAwayIsSaidWithinAMinute) {
  for (int minute = 0; minute < 30; ++minute) {
    earn(150);
    cluster->run(seconds(60), milliseconds(100));
  }
  EXPECT_EQ(agent->bookkeeper().economy_alarms(), 0u);
  for (int second = 0; second < 10; ++second) {
    earn(500);
    cluster->run(seconds(1), milliseconds(50));
  }
  cluster->run(seconds(20), milliseconds(50));
  EXPECT_EQ(agent->bookkeeper().economy_alarms(), 1u);
}

TEST_F(BookkeeperTest, WhoPlaysAgainAfterAnHourInWhichNobodyDidRaisesNoAlarm) {
  const auto play = [&](int minutes) {
    for (int minute = 0; minute < minutes; ++minute) {
      earn(1500);
      cluster->run(seconds(60), milliseconds(100));
      EXPECT_EQ(agent->bookkeeper().economy_alarms(), 0u);
    }
  };
  play(30);
  cluster->run(seconds(61 * 60), milliseconds(100));
  play(20);
}

TEST_F(BookkeeperTest, AnAgentStandsStillForABackupCopiesMeanwhileAndGoesOnByItself) {
  earn(100);
  cluster->run(milliseconds(100));
  proto::ShardBackup step;
  step.set_shard(3);
  step.set_backup_id(9);
  step.set_path(folder.file("copy"));
  ask<proto::BackupState>(step);
  EXPECT_EQ(ask<proto::BackupState>(step).phase(), proto::BACKUP_NEARLY);
  proto::CommitPause pause;
  pause.set_backup_id(9);
  pause.set_for_ms(2000);
  EXPECT_TRUE(ask<proto::CommitPauseReply>(pause).held());
  earn(11);
  step.set_finish(true);
  ask<proto::BackupState>(step);
  EXPECT_EQ(ask<proto::BackupState>(step).phase(), proto::BACKUP_DONE);
  proto::PlayerLedgerQuery balance;
  balance.set_shard(3);
  balance.set_player_id(1);
  EXPECT_EQ(store::ask<proto::PlayerLedgerReply>(*store, balance).accounts(0).value(), 100);
  auto other = pause;
  other.set_backup_id(10);
  EXPECT_EQ(ask<proto::CommitPauseReply>(other).code(), proto::RETRY);
  pause.set_resume(true);
  EXPECT_TRUE(ask<proto::CommitPauseReply>(pause).held());
  cluster->run(milliseconds(100));
  EXPECT_EQ(store::ask<proto::PlayerLedgerReply>(*store, balance).accounts(0).value(), 111);

  pause.set_resume(false);
  EXPECT_TRUE(ask<proto::CommitPauseReply>(pause).held());
  earn(5);
  cluster->run(seconds(3));
  EXPECT_EQ(store::ask<proto::PlayerLedgerReply>(*store, balance).accounts(0).value(), 116);
  pause.set_resume(true);
  EXPECT_FALSE(ask<proto::CommitPauseReply>(pause).held());
}

}  // namespace
}  // namespace dure

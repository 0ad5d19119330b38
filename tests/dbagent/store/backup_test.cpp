// A backup that is taken while the file is written holds exactly what was committed when it was finished.
#include "dbagent/store/backup.h"

#include "common/proto/operator.pb.h"
#include "tests/dbagent/store/store_fixture.h"
#include "tests/dbagent/store/vfs_shim.h"

namespace dure::store {
namespace {

class BackupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    BatchOf all;
    for (std::uint64_t player = 1; player <= kPlayers; ++player) {
      Ops ops(player, 1);
      ops.op(1).balance("gold", 1000).mint(player);
      all.add(creation(player, player)).add(acquisition(player, 0, 70)).add(ops.request);
    }
    all.run(*store);
  }
  proto::BackupState order(bool finish = false, std::uint64_t id = 5, std::int64_t now = kNow) {
    proto::ShardBackup request;
    request.set_shard(3);
    request.set_backup_id(id);
    request.set_path(copy);
    request.set_finish(finish);
    const auto state = ask<proto::BackupState>(*store, request, now);
    EXPECT_TRUE(store->between_commits());
    return state;
  }
  // Until it says that only the last page is left.
  proto::BackupState copied(std::uint64_t id = 5, std::int64_t now = kNow) {
    auto state = order(false, id, now);
    for (int i = 0; i < 100 && state.phase() != proto::BACKUP_NEARLY; ++i) state = order(false, id, now);
    EXPECT_EQ(state.phase(), proto::BACKUP_NEARLY) << state.detail();
    return state;
  }
  // The whole group is rolled back, and done again with savepoints.
  void refuse_after_a_write() {
    Ops ops(1, 1);
    ops.op(2).balance("gold", -1).burn(kPlayers + 1, 0);
    EXPECT_EQ(ask<proto::ApplyReply>(*store, ops.request).code(), proto::REJECTED);
  }
  void change(std::uint64_t player, std::uint64_t pseq, std::int64_t now = kNow) {
    Ops ops(player, 1);
    ops.op(pseq).balance("gold", -1);
    EXPECT_EQ(ask<proto::ApplyReply>(*store, ops.request, now).code(), proto::STORED);
    EXPECT_TRUE(store->between_commits());
  }
  // The copy as a shard of its own.
  std::unique_ptr<ShardStore> opened_copy() {
    Restoring restoring{copy, folder.file("restored"), "shard", "test", 3, 8};
    EXPECT_TRUE(prepare_restore(restoring));
    EXPECT_TRUE(place_restored(restoring));
    auto options = shard_options(folder.file("restored"));
    options.agent_incarnation = {2, 2};
    options.generation = 8;
    return open_shard(options);
  }
  static constexpr std::uint64_t kPlayers = 3000;
  TempFolder folder;
  std::string copy = folder.file("copy");
  std::unique_ptr<ShardStore> store = open_shard(shard_options(folder.file("shard")));
};

TEST_F(BackupTest, WhatIsCommittedWhileItCopiesIsInItAndWhatComesAfterTheFinishIsNot) {
  std::uint64_t pseq = 1;
  int steps = 0;
  auto state = order();
  while (state.phase() != proto::BACKUP_NEARLY && ++steps < 100) {
    ++pseq;
    change(1, pseq);         // a page that is copied already
    change(kPlayers, pseq);  // one that is not
    state = order();
    ASSERT_NE(state.phase(), proto::BACKUP_BROKEN) << state.detail();
  }
  EXPECT_GE(steps, 2);
  // Nearly done, it follows.
  for (int i = 0; i < 20; ++i) change(2, static_cast<std::uint64_t>(2 + i));
  order(true);
  change(3, 2);
  EXPECT_EQ(order(true).phase(), proto::BACKUP_DONE);
  const auto restored = opened_copy();
  const auto gold = [&](std::uint64_t player) {
    proto::PlayerLedgerQuery query;
    query.set_shard(3);
    query.set_player_id(player);
    return ask<proto::PlayerLedgerReply>(*restored, query).accounts(0).value();
  };
  EXPECT_EQ(gold(1), 1000 - static_cast<std::int64_t>(pseq - 1));
  EXPECT_EQ(gold(kPlayers), gold(1));
  EXPECT_EQ(gold(2), 980);
  EXPECT_EQ(gold(3), 1000);
  proto::AuditRequest audit;
  audit.set_shard(3);
  const auto clean = ask<proto::AuditReply>(*restored, audit);
  EXPECT_EQ(clean.ledger_sum(), 0);
  EXPECT_EQ(clean.items(), kPlayers);
  EXPECT_EQ(clean.findings_size(), 0);
}

// What SQLite has to copy again is said, and copied while others commit: not while everybody waits for the cut.
TEST_F(BackupTest, ACopyThatBeginsAnewAfterARolledBackGroupIsNotNearlyWhole) {
  EXPECT_EQ(copied().pages_left(), 1u);
  refuse_after_a_write();
  order();
  const auto behind = order();
  EXPECT_EQ(behind.phase(), proto::BACKUP_COPYING);
  EXPECT_GT(behind.pages_left(), 1u);
  EXPECT_GT(behind.pages_left() + Backup::kPagesAtOnce, behind.pages() - 1) << "a step was made since";
}

TEST_F(BackupTest, WhatHasMoreThanAStepToGoIsNotFinished) {
  copied();
  refuse_after_a_write();
  order(true);
  const auto behind = order(true);
  EXPECT_EQ(behind.phase(), proto::BACKUP_COPYING);
  EXPECT_EQ(behind.pages_left(), behind.pages());
  EXPECT_FALSE(std::filesystem::exists(copy));
  copied();
  order(true);
  EXPECT_EQ(order(true).phase(), proto::BACKUP_DONE);
  proto::AuditRequest audit;
  audit.set_shard(3);
  EXPECT_EQ(ask<proto::AuditReply>(*opened_copy(), audit).items(), kPlayers);
}

TEST_F(BackupTest, ANewBackupTakesThePlaceOfOneThatWasLeft) {
  constexpr std::int64_t kLater = kNow + Backup::kLeftMs;
  order();
  order();
  copied(6, kLater);
  order(true, 6, kLater);
  EXPECT_EQ(order(true, 6, kLater).phase(), proto::BACKUP_DONE);
  EXPECT_FALSE(std::filesystem::exists(copy + ".part"));
  EXPECT_TRUE(std::filesystem::exists(copy));
}

// SQLite would write all that is committed into it, for ever.
TEST_F(BackupTest, ABackupThatWasLeftIsDroppedThoughNobodyAsksForAnother) {
  order();
  order();
  ASSERT_TRUE(std::filesystem::exists(copy + ".part"));
  change(1, 2, kNow + Backup::kLeftMs - 1);
  EXPECT_TRUE(std::filesystem::exists(copy + ".part"));
  change(1, 3, kNow + Backup::kLeftMs);
  EXPECT_FALSE(std::filesystem::exists(copy + ".part"));
  EXPECT_EQ(order(true, 5, kNow + Backup::kLeftMs).phase(), proto::BACKUP_BROKEN) << "none of it is there any more";
  copied(6, kNow + Backup::kLeftMs);
}

// The pause for the last page is of some seconds: no disk writes a whole copy in that time.
TEST_F(BackupTest, ACopyIsOnTheDiskBeforeItIsSaidToBeNearlyWholeAndStaysSoWhileItWaits) {
  constexpr std::uint64_t kPage = 4096, kCache = 3 << 20;
  store->database().script(
      "CREATE TABLE filler(body BLOB); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) "
      "INSERT INTO filler SELECT zeroblob(1000000) FROM n");
  FaultyDisk disk;  // under the copy alone: the shard is open already
  ASSERT_EQ(sqlite3_vfs_register(sqlite3_vfs_find(FaultyDisk::kName), 1), SQLITE_OK);
  order();
  copied();
  EXPECT_GT(disk.bytes, 30u << 20);
  EXPECT_LE(disk.most_unsynced_bytes, (Backup::kPagesASync + Backup::kPagesAtOnce) * kPage + kCache);
  EXPECT_EQ(disk.unsynced_bytes, 0u);
  for (std::uint64_t player = 1; player <= 100; ++player) change(player * 30, 2);
  order(false, 5, kNow + Backup::kSyncAgainMs);
  EXPECT_EQ(disk.unsynced_bytes, 0u);
  order(true, 5, kNow + Backup::kSyncAgainMs);
  EXPECT_EQ(order(true).phase(), proto::BACKUP_DONE);
  store.reset();
}

TEST_F(BackupTest, ACopyThatTheDiskDoesNotTakeIsBroken) {
  FaultyDisk disk;
  ASSERT_EQ(sqlite3_vfs_register(sqlite3_vfs_find(FaultyDisk::kName), 1), SQLITE_OK);
  order();
  disk.fail_sync(1, SQLITE_IOERR_FSYNC);
  auto state = order();
  for (int i = 0; i < 100 && state.phase() == proto::BACKUP_COPYING; ++i) state = order();
  EXPECT_EQ(state.phase(), proto::BACKUP_BROKEN);
  change(1, 2);
}

TEST_F(BackupTest, AnotherBackupIsRefusedWhileOneIsUnderWay) {
  order();
  order(false, 5, kNow + Backup::kLeftMs - 1);
  const auto other = order(false, 6, kNow + Backup::kLeftMs);
  EXPECT_EQ(other.phase(), proto::BACKUP_BROKEN);
  EXPECT_EQ(other.detail(), "another backup is under way");
  copied();
  order(true);
  EXPECT_EQ(order(true).phase(), proto::BACKUP_DONE) << "and goes on";
  order(false, 6);
  EXPECT_NE(order(false, 6).phase(), proto::BACKUP_BROKEN);
}

TEST_F(BackupTest, WhatWasNeverBegunIsNotFinished) {
  EXPECT_EQ(order(true).phase(), proto::BACKUP_BROKEN);
  EXPECT_EQ(order(true).phase(), proto::BACKUP_BROKEN);
  for (const char* part : {"", ".part"}) EXPECT_FALSE(std::filesystem::exists(copy + part));
}

TEST_F(BackupTest, APathThatCannotBeWrittenBreaksTheBackupAndNotTheShard) {
  copy = folder.file("no/such/folder");
  order();
  EXPECT_EQ(order().phase(), proto::BACKUP_BROKEN);
  change(1, 2);
}

TEST_F(BackupTest, ARestoreRefusesAnotherClusterAnotherShardAndAFileInUse) {
  copied();
  order(true);
  ASSERT_EQ(order(true).phase(), proto::BACKUP_DONE);
  Restoring whose{copy, "", "shard", "test", 3, 0};
  EXPECT_EQ(generation_of(copy, whose).value(), 1u);
  whose.cluster_id = "other";
  EXPECT_EQ(generation_of(copy, whose).error().trouble, Trouble::kInvalid);
  whose.cluster_id = "test";
  whose.shard = 4;
  EXPECT_EQ(generation_of(copy, whose).error().trouble, Trouble::kInvalid);
  whose.shard = 3;
  EXPECT_EQ(generation_of(folder.file("shard"), whose).error().trouble, Trouble::kBusy);
  whose.to = folder.file("shard");
  EXPECT_EQ(place_restored(whose).error().trouble, Trouble::kBusy);
}

}  // namespace
}  // namespace dure::store

#include <chrono>
#include <random>

#include "tests/dbagent/store/store_fixture.h"
#include "tests/dbagent/store/vfs_shim.h"

namespace dure::store {
namespace {

class DurabilityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store = open_shard(options);
    BatchOf().add(creation(1)).add(acquisition(1, 0, 1)).run(*store);
  }
  proto::StoreBatchReply give(std::uint64_t pseq) {
    return BatchOf().add(Ops(1, 1).op(pseq).balance("gold", 1).request).run(*store);
  }
  static proto::StoreCode code_of(const proto::StoreBatchReply& reply) {
    proto::ApplyReply applied;
    applied.ParseFromString(reply.items(0).body());
    return applied.code();
  }
  std::int64_t gold_after_restart() {
    disk.heal();
    store.reset();
    store = open_shard(options);
    const auto grant = ask<proto::AcquireReply>(*store, acquisition(1, 0, 1));
    EXPECT_EQ(static_cast<std::int64_t>(grant.last_pseq()), gold_of(grant.aggregate()));
    proto::AuditRequest request;
    request.set_shard(3);
    EXPECT_EQ(ask<proto::AuditReply>(*store, request).findings_size(), 0);
    return gold_of(grant.aggregate());
  }
  TempFolder folder;
  FaultyDisk disk;
  ShardOptions options = shard_options(folder.file("s.db"), FaultyDisk::kName);
  std::unique_ptr<ShardStore> store;
};

TEST_F(DurabilityTest, SavedIsAnsweredOnlyAfterASyncOfEverythingWritten) {
  for (std::uint64_t pseq = 1; pseq <= 20; ++pseq) {
    const auto syncs = disk.syncs, writes = disk.writes;
    EXPECT_EQ(code_of(give(pseq)), proto::STORED);
    EXPECT_GT(disk.writes, writes);
    EXPECT_GT(disk.syncs, syncs) << "SAVED without a sync";
    EXPECT_EQ(disk.unsynced_log_writes, 0u) << "SAVED before the sync of what it stands on";
  }
}

TEST_F(DurabilityTest, TheSyncCounterWouldNoticeAStoreThatDoesNotSync) {
  store.reset();
  options.sync = false;
  store = open_shard(options);
  const auto syncs = disk.syncs;
  give(1);
  EXPECT_EQ(disk.syncs, syncs);
  EXPECT_GT(disk.unsynced_log_writes, 0u);
}

TEST_F(DurabilityTest, ABatchIsOneSyncAndAReadIsNone) {
  BatchOf batch;
  for (std::uint64_t pseq = 1; pseq <= 50; ++pseq) batch.add(Ops(1, 1).op(pseq).balance("gold", 1).request);
  give(1);
  auto syncs = disk.syncs;
  batch.run(*store);
  EXPECT_EQ(disk.syncs, syncs + 1);
  syncs = disk.syncs;
  give(50);
  EXPECT_EQ(disk.syncs, syncs) << "a resend was saved long ago";
}

TEST_F(DurabilityTest, AFullDiskRollsBackSavesNothingAndRecovers) {
  give(1);
  disk.fail_write(1, SQLITE_FULL, true);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto reply = give(2);
    EXPECT_TRUE(reply.retry());
    EXPECT_EQ(code_of(reply), proto::RETRY);
  }
  EXPECT_FALSE(store->failed()) << store->failure();
  disk.heal();
  EXPECT_EQ(code_of(give(2)), proto::STORED);
  EXPECT_EQ(gold_after_restart(), 2);
}

TEST_F(DurabilityTest, AFailedSyncStopsTheStoreForEver) {
  give(1);
  disk.fail_sync(1, SQLITE_IOERR_FSYNC);
  const auto reply = give(2);
  EXPECT_TRUE(reply.retry());
  EXPECT_TRUE(reply.failed());
  EXPECT_EQ(code_of(reply), proto::RETRY);
  EXPECT_TRUE(store->failed());
  const auto syncs = disk.syncs, writes = disk.writes;
  EXPECT_EQ(code_of(give(2)), proto::RETRY);
  EXPECT_EQ(disk.syncs, syncs) << "the sync was tried again";
  EXPECT_EQ(disk.writes, writes);
  EXPECT_GE(gold_after_restart(), 1);
}

// A fault at every write of a run in turn, over checkpoints too: what was answered SAVED is there after a restart.
TEST_F(DurabilityTest, AnIoErrorAtAnyWriteLosesNothingSaved) {
  std::uint64_t saved = 0;
  for (std::uint64_t nth = 1; nth <= 40; ++nth) {
    disk.fail_write(nth, SQLITE_IOERR_WRITE);
    while (!store->failed()) {
      const auto reply = give(saved + 1);
      if (code_of(reply) == proto::STORED) ++saved;
      ASSERT_NE(code_of(reply), proto::REJECTED);
    }
    ASSERT_EQ(gold_after_restart(), static_cast<std::int64_t>(saved)) << nth;
  }
}

TEST_F(DurabilityTest, AFailedSyncOfACheckpointStopsTheStoreToo) {
  std::uint64_t saved = 0;
  bool checkpoint = false;
  for (int round = 0; round < 5000 && !checkpoint; ++round) {
    BatchOf batch;
    for (int i = 0; i < 5; ++i) batch.add(Ops(1, 1).op(++saved).balance("gold", 1).request);
    const auto syncs = disk.syncs;
    disk.fail_sync(2, SQLITE_IOERR_FSYNC);  // a batch syncs once; a second sync is a checkpoint's
    const auto reply = batch.run(*store);
    ASSERT_EQ(code_of(reply), proto::STORED);
    checkpoint = disk.syncs > syncs + 1;
  }
  EXPECT_TRUE(checkpoint);
  EXPECT_TRUE(store->failed());
  EXPECT_EQ(gold_after_restart(), static_cast<std::int64_t>(saved));
}

// A file that was put back, or sealed, has no log yet. SQLite says "wal" also when the file could not be changed, and
// keeps a journal then, the removal of which is not synced.
TEST_F(DurabilityTest, AStoreThatCannotChangeToALogDoesNotOpen) {
  std::uint64_t saved = 0;
  int refused = 0;
  for (std::uint64_t nth = 1; nth <= 8; ++nth) {
    store.reset();
    {
      auto file = Database::open({options.path, FaultyDisk::kName, false, false});
      ASSERT_TRUE(file);
      (*file)->script("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE");
    }
    disk.fail_sync(nth, SQLITE_IOERR_FSYNC);
    auto opened = ShardStore::open(options);
    refused += !opened;
    disk.heal();
    store = opened ? std::move(*opened) : open_shard(options);
    const auto reply = give(saved + 1);
    saved += code_of(reply) == proto::STORED;
    EXPECT_TRUE(std::filesystem::exists(options.path + "-wal")) << nth;
    ASSERT_EQ(gold_after_restart(), static_cast<std::int64_t>(saved)) << nth;
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 8) << "then the last ones failed at nothing";
}

}  // namespace
}  // namespace dure::store

// That a shard which is put back is as it was, closed and with its epochs raised, whatever a power cut does then; and
// what the laws say of one that does not open.
#include "tests/sim/backups.h"

#include <gtest/gtest.h>

#include "dbagent/store/schema.h"
#include "dbagent/store/shard_store.h"
#include "tests/sim/laws.h"

namespace dure::sim {
namespace {

class BackupsTest : public ::testing::Test {
 protected:
  void open() {
    store::ShardOptions options;
    options.path = "shard-3.db";
    options.vfs = disk_.vfs();
    options.cluster_id = "dure";
    options.shard = 3;
    options.agent_incarnation = {1, ++lives_};
    auto store = store::ShardStore::open(options);
    ASSERT_TRUE(store.has_value()) << store.error().detail;
    store_ = std::move(*store);
  }
  void die() {
    disk_.process_died();
    store_.reset();
  }
  void epoch_is(int epoch) {
    store_->database().script(
        "REPLACE INTO player(pid, account_id, realm_id, name, data_version, status, epoch, last_pseq, owner_inc, "
        "reservation, created_at) VALUES(5, 1, 1, 'P', 1, 0, " +
        std::to_string(epoch) + ", 7, x'00000000000000000000000000000001', 1, 1)");
  }
  std::int64_t number(const char* sql) { return store_->database().number(sql).value_or(-1); }

  Disk disk_{1};
  Backups backups_{disk_};
  std::unique_ptr<store::ShardStore> store_;
  std::uint64_t lives_ = 0;
};

TEST_F(BackupsTest, WhatIsPutBackIsAsItWasClosedAndDurable) {
  open();
  epoch_is(4);
  backups_.take(3, store_->database());
  epoch_is(9);
  die();
  backups_.put_back(3, "shard-3.db");
  disk_.power_cut();
  open();
  EXPECT_EQ(number("SELECT epoch FROM player"), 4 + store::kEpochsLeftOut);
  EXPECT_EQ(number("SELECT last_pseq FROM player"), 0);
  EXPECT_EQ(number("SELECT closed FROM restored"), 1);
}

TEST_F(BackupsTest, ALaterOneTakesThePlaceOfTheFirst) {
  open();
  epoch_is(4);
  backups_.take(3, store_->database());
  epoch_is(9);
  backups_.take(3, store_->database());
  die();
  backups_.put_back(3, "shard-3.db");
  open();
  EXPECT_EQ(number("SELECT epoch FROM player"), 9 + store::kEpochsLeftOut);
}

TEST_F(BackupsTest, OfAnAilingDiskItIsReadAllTheSame) {
  open();
  epoch_is(4);
  disk_.set(DiskFault::kErrors, true);
  for (int i = 0; i < 20; ++i) EXPECT_NO_THROW(backups_.take(3, store_->database()));
  EXPECT_EQ(disk_.figures().errors, 0u);
  disk_.heal();
}

TEST(RestoredShard, OpensOrNamesWhomOnlyAPersonCanJudge) {
  Verdict verdict;
  EXPECT_TRUE(restored_shard_opens({}, &verdict));
  Stored named;
  named.shut = {
      "account 8 came from shard 1 after the backup, and cannot be brought back: it has traded with characters of this "
      "shard since the backup",
      "character Anna came from shard 1 after the backup: it is in that shard's backup of then"};
  EXPECT_FALSE(restored_shard_opens(named, &verdict));
  EXPECT_TRUE(verdict.empty());
  named.shut.push_back("shard 1: ledger sum 4");
  EXPECT_FALSE(restored_shard_opens(named, &verdict));
  ASSERT_EQ(verdict.size(), 1u);
  EXPECT_EQ(verdict.front().law, law::kRestoredShardOpens);
}

TEST(RestoredShard, IsMissedByNameOnlyWithAReason) {
  Verdict verdict;
  Stored stored;
  stored.shut = {"character Anna came from shard 1 after the backup: it is in that shard's backup of then"};
  EXPECT_FALSE(restored_shard_opens(stored, &verdict));
  EXPECT_EQ(verdict.size(), 1u);
}

}  // namespace
}  // namespace dure::sim

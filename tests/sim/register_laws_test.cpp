// That what is said once and for ever is remembered: a file that says otherwise later is reported, an honest one never.
#include "tests/sim/register_laws.h"

#include <gtest/gtest.h>

#include "dbagent/store/directory_store.h"
#include "dbagent/store/shard_store.h"

namespace dure::sim {
namespace {

class RegisterLawsTest : public ::testing::Test {
 protected:
  RegisterLawsTest() {
    store::ShardOptions shard;
    open_as(&shard, "shard-1.db");
    shard.shard = 1;
    shard_ = std::move(*store::ShardStore::open(shard));
    store::DirectoryOptions directory;
    open_as(&directory, "directory.db");
    directory_ = std::move(*store::DirectoryStore::open(directory));
    in_directory(
        "INSERT INTO account(account_id, name, password_hash, realm_id, shard, created_at) VALUES(7, 'anna', '', 1, 1, "
        "0)");
  }
  void open_as(store::FileOptions* options, const char* path) {
    options->path = path;
    options->vfs = disk_.vfs();
    options->cluster_id = "dure";
    options->agent_incarnation = {1, 1};
  }
  void in_shard(const std::string& sql) {
    shard_->database().script(sql);
    laws_.look_at_shard(1, shard_->database());
  }
  void in_directory(const std::string& sql) {
    directory_->database().script(sql);
    laws_.look_at_directory(directory_->database());
  }
  static std::string vote(int side, int yes) {
    return "REPLACE INTO trade_vote VALUES(x'00000000000000000000000000000005', " + std::to_string(side) + ", " +
           std::to_string(yes) + ", 70, 1, 1, 1, x'', x'');";
  }
  static std::string decision(int verdict) {
    return "REPLACE INTO decision(txn_id, verdict, swapped, at, swap) VALUES(x'00000000000000000000000000000005', " +
           std::to_string(verdict) + ", 0, 0, x'');";
  }
  static std::string move(int id, int fate) {
    return "REPLACE INTO move VALUES(7, " + std::to_string(id) + ", 1, 2, " + std::to_string(fate) + ", 0);";
  }
  static std::string name(const char* skeleton, int state) {
    return std::string("REPLACE INTO name VALUES(0, '") + skeleton + "', 'N', 70, 7, 1, " + std::to_string(state) +
           ", 0, 0);";
  }
  std::string only_law() const {
    std::string all;
    for (const auto& broken : laws_.broken()) all += broken.law + ": " + broken.detail + "\n";
    return laws_.broken().size() == 1 ? laws_.broken().front().law : all;
  }

  Disk disk_{1};
  RegisterLaws laws_{disk_};
  std::unique_ptr<store::ShardStore> shard_;
  std::unique_ptr<store::DirectoryStore> directory_;
};

TEST_F(RegisterLawsTest, AnHonestLifeBreaksNone) {
  in_shard(vote(0, 1));
  in_shard(vote(1, 1) + decision(1));
  in_directory(move(1, 1) + name("anna", 0));
  in_directory(move(1, 2) + name("anna", 1));
  in_directory(move(2, 1) + "UPDATE account SET session_epoch = 4, map_version = 1");
  in_directory(move(2, 3) + "INSERT INTO place VALUES('town/1', 3, 1, zeroblob(16), 1, 3)");
  EXPECT_EQ(only_law(), "");
  EXPECT_EQ(laws_.remembered(), 3u + 2 + 2 + 1) << "decision and votes, fates, the account, the place";
}

TEST_F(RegisterLawsTest, ADecisionThatChanges) {
  in_shard(vote(0, 1) + vote(1, 1) + decision(1));
  in_shard(decision(2));
  EXPECT_EQ(only_law(), law::kDecidedOnce);
}

TEST_F(RegisterLawsTest, ADecisionThatIsForgotten) {
  in_shard(vote(0, 1) + decision(2));
  in_shard("DELETE FROM decision");
  EXPECT_EQ(only_law(), law::kDecidedOnce);
}

TEST_F(RegisterLawsTest, WhatARestoreTookBackMayBeDecidedAnew) {
  in_shard(vote(0, 1) + vote(1, 1) + decision(1));
  laws_.went_back(1);
  in_shard("DELETE FROM decision; DELETE FROM trade_vote");
  in_shard(decision(2));
  EXPECT_TRUE(laws_.broken().empty()) << only_law();
  in_shard(decision(1) + vote(0, 1) + vote(1, 1));
  EXPECT_EQ(only_law(), law::kDecidedOnce);
}

TEST_F(RegisterLawsTest, AVoteThatChanges) {
  in_shard(vote(0, 1));
  in_shard(vote(0, 0));
  EXPECT_EQ(only_law(), law::kDecidedOnce);
}

TEST_F(RegisterLawsTest, ACommitWithoutTwoVotes) {
  in_shard(vote(0, 1) + vote(1, 0) + decision(1));
  EXPECT_EQ(only_law(), law::kDecidedOnce);
}

TEST_F(RegisterLawsTest, AFateThatChanges) {
  in_directory(move(1, 3));
  in_directory(move(1, 2));
  EXPECT_EQ(only_law(), law::kDecidedOnce);
}

TEST_F(RegisterLawsTest, TwoOpenMovesOfAnAccount) {
  in_directory(move(1, 1) + move(2, 1));
  EXPECT_EQ(only_law(), law::kOneMove);
}

TEST_F(RegisterLawsTest, TwoNamesOfACharacter) {
  in_directory(name("anna", 1) + name("mina", 1));
  EXPECT_EQ(only_law(), law::kOneName);
}

TEST_F(RegisterLawsTest, WhoIsPurgedAndHasSomething) {
  const std::string purged =
      "REPLACE INTO player(pid, account_id, realm_id, name, data_version, status, reservation, created_at, kind) "
      "VALUES(70, 7, 1, 'P', 1, 0, 1, 1, 2);";
  const char* claimed = "REPLACE INTO inbox VALUES(5, 70, 1, 'gm.give', 1, 0, 1, 0, x'', 0, x'');";
  const char* poor = "REPLACE INTO account VALUES(1, 0, 70, '', 'gold', 0, 1, 1, 1);";
  const char* rich = "REPLACE INTO account VALUES(1, 0, 70, '', 'gold', 3, 1, 1, 1);";
  const char* unclaimed = "REPLACE INTO inbox VALUES(6, 70, 0, 'gm.give', 1, 0, 1, 0, x'', 0, x'');";
  const char* item =
      "INSERT INTO item VALUES(x'00000000000000000000000000000007', 'sword', 1, x'');"
      "INSERT INTO item_holder(item_id, kind, owner) VALUES(x'00000000000000000000000000000007', 0, 70);";
  in_shard(purged + claimed + poor);
  EXPECT_EQ(only_law(), "");
  in_shard(rich);
  EXPECT_EQ(only_law(), law::kGoneHasNothing);
  in_shard(std::string(poor) + unclaimed);
  EXPECT_EQ(laws_.broken().size(), 2u);
  in_shard(std::string("DELETE FROM inbox;") + item);
  EXPECT_EQ(laws_.broken().size(), 3u);
  EXPECT_EQ(laws_.broken().back().law, law::kGoneHasNothing);
}

TEST_F(RegisterLawsTest, NumbersThatGoBack) {
  for (const char* number : {"account SET session_epoch", "account SET map_version", "place SET epoch"}) {
    RegisterLaws fresh(disk_);
    directory_->database().script("INSERT OR IGNORE INTO place VALUES('town/1', 3, 1, zeroblob(16), 1, 3)");
    directory_->database().script(std::string("UPDATE ") + number + " = 5");
    fresh.look_at_directory(directory_->database());
    directory_->database().script(std::string("UPDATE ") + number + " = 4");
    fresh.look_at_directory(directory_->database());
    ASSERT_EQ(fresh.broken().size(), 1u) << number;
    EXPECT_EQ(fresh.broken().front().law, law::kEpochsOnlyRise);
  }
}

}  // namespace
}  // namespace dure::sim

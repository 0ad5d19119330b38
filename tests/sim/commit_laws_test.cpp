// That a shard which breaks a law is reported after the very commit that broke it, and one that keeps them never is.
#include "tests/sim/commit_laws.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "common/proto/value.pb.h"
#include "dbagent/store/shard_store.h"
#include "tests/sim/shard_files.h"

namespace dure::sim {
namespace {

class CommitLawsTest : public ::testing::Test {
 protected:
  CommitLawsTest() {
    open(0);
    open(1);
  }
  ~CommitLawsTest() override {
    close(0);
    close(1);
  }
  void open(std::uint32_t shard) {
    store::ShardOptions options;
    options.path = "shard-" + std::to_string(shard) + ".db";
    options.vfs = disk_.vfs();
    options.cluster_id = "dure";
    options.shard = shard;
    options.agent_incarnation = {1, ++lives_};
    auto store = store::ShardStore::open(options);
    ASSERT_TRUE(store.has_value()) << store.error().detail;
    stores_[shard] = std::move(*store);
    laws_.opened(shard, stores_[shard]->database());
  }
  void close(std::uint32_t shard) {
    laws_.closed(shard, stores_[shard]->database());
    stores_[shard].reset();
  }
  void commit(std::uint32_t shard, const std::string& sql) {
    stores_[shard]->database().script("BEGIN; " + sql + "; COMMIT");
    laws_.committed(shard);
  }
  static std::string player(int id, int status, int epoch, int last_pseq, const char* owner) {
    return "REPLACE INTO player(pid, account_id, realm_id, name, data_version, status, epoch, last_pseq, owner_inc, "
           "reservation, created_at) VALUES(" +
           std::to_string(id) + ", 1, 1, 'P', 1, " + std::to_string(status) + ", " + std::to_string(epoch) + ", " +
           std::to_string(last_pseq) + ", x'0000000000000000000000000000000" + owner + "', 1, 1)";
  }
  static std::string account(int id, int kind, const char* currency, int amount) {
    return "REPLACE INTO account VALUES(" + std::to_string(id) + ", " + std::to_string(kind) + ", " +
           std::to_string(id) + ", '', '" + currency + "', " + std::to_string(amount) + ", 1, 1, 1)";
  }
  // An item, of holder_kind: in a player's bag 0, a sink 2, an outbox 3, an inbox 4, a hold 5.
  static std::string sword(int row, int owner, int kind = 0) {
    return "INSERT OR IGNORE INTO item VALUES(x'00000000000000000000000000000007', 'sword', 1, x''); "
           "REPLACE INTO item_holder(rowid, item_id, kind, owner) VALUES(" +
           std::to_string(row) + ", x'00000000000000000000000000000007', " + std::to_string(kind) + ", " +
           std::to_string(owner) + ")";
  }
  static constexpr const char* kNoSword = "DELETE FROM item_holder; DELETE FROM item";
  static std::string letter(const char* box, int message, int player, int state) {
    const std::string head = std::string("REPLACE INTO ") + box + " VALUES(" + std::to_string(message) + ", ";
    const std::string who = std::to_string(player), is = std::to_string(state);
    return box == std::string("outbox") ? head + "1, " + who + ", 6, " + is + ", x'')"
                                        : head + who + ", " + is + ", 'mail', 0, 0, 1, 5, x'', 0, x'')";
  }
  // A leg of the trade in which player 5, of side 0, gives the sword to player 6.
  std::string leg(int side, int player, int verdict) {
    proto::TradeTerms terms;
    terms.set_register_shard(1);
    terms.add_sides()->set_player_id(5);
    terms.mutable_sides(0)->add_items()->mutable_item()->set_low(7);
    terms.add_sides()->set_player_id(6);
    return "REPLACE INTO hold VALUES(x'00000000000000000000000000000009', " + std::to_string(side) + ", " +
           std::to_string(player) + ", 4, 8, 0, 'trade', 1, " + std::to_string(verdict != 0) + ", " +
           std::to_string(verdict) + ", 1, " + literal(terms.SerializeAsString()) + ", 1, 0, x'')";
  }
  static constexpr const char* kCommitted =
      "REPLACE INTO decision VALUES(x'00000000000000000000000000000009', 1, 0, 1, x'', x'', x'')";
  std::string only_law() const {
    return laws_.broken().size() == 1 ? laws_.broken().front().law : to_text(laws_.broken());
  }
  static std::string to_text(const Verdict& verdict) {
    std::string all;
    for (const auto& broken : verdict) all += broken.law + ": " + broken.detail + "\n";
    return all;
  }

  Disk disk_{1};
  CommitLaws laws_{disk_};
  std::map<std::uint32_t, std::unique_ptr<store::ShardStore>> stores_;
  std::uint64_t lives_ = 0;
};

TEST_F(CommitLawsTest, APlayersLifeBreaksNone) {
  commit(0, player(5, 0, 0, 0, "0"));
  commit(0, player(5, 0, 1, 0, "1"));
  commit(0, account(1, 1, "gold", -40) + ";" + account(2, 0, "gold", 40));
  commit(0, sword(1, 5));
  commit(0, player(5, 0, 1, 3, "1"));
  commit(0, player(5, 1, 1, 3, "1"));  // on the move
  commit(1, player(5, 2, 1, 3, "1") + ";" + sword(1, 5));
  commit(1, player(5, 0, 1, 3, "1"));
  commit(0, player(5, 3, 1, 3, "1") + ";" + kNoSword);
  commit(1, player(5, 0, 2, 0, "2"));  // somebody else acquired it
  close(1);
  open(1);
  commit(1, player(5, 0, 2, 1, "2"));
  EXPECT_TRUE(laws_.broken().empty()) << to_text(laws_.broken());
  EXPECT_GE(laws_.looks(), 14u);
}

TEST_F(CommitLawsTest, MoneyOutOfNothingIsSeen) {
  commit(0, account(1, 1, "gold", -40) + ";" + account(2, 0, "gold", 40));
  commit(0, account(2, 0, "gold", 41));
  EXPECT_EQ(only_law(), law::kLedgerSumsToZero);
}

TEST_F(CommitLawsTest, MoneyThatChangesItsCurrencyIsSeen) {
  commit(0, account(1, 1, "gold", -40) + ";" + account(2, 0, "bread", 40));
  EXPECT_EQ(laws_.broken().size(), 2u) << to_text(laws_.broken());
}

TEST_F(CommitLawsTest, AnEpochThatGoesBackIsSeen) {
  commit(0, player(5, 0, 4, 0, "1"));
  commit(0, player(5, 0, 3, 0, "2"));
  EXPECT_EQ(only_law(), law::kEpochsOnlyRise);
}

TEST_F(CommitLawsTest, ASecondOwnerOfOneEpochIsSeen) {
  commit(0, player(5, 0, 4, 0, "1"));
  commit(0, player(5, 0, 4, 0, "2"));
  EXPECT_EQ(only_law(), law::kEpochsOnlyRise);
}

TEST_F(CommitLawsTest, AnOperationThatIsUndoneIsSeen) {
  commit(0, player(5, 0, 4, 7, "1"));
  commit(0, player(5, 0, 4, 6, "1"));
  EXPECT_EQ(only_law(), law::kSavedIsNeverLost);
}

TEST_F(CommitLawsTest, AFileThatComesBackOlderIsSeen) {
  commit(0, player(5, 0, 4, 7, "1"));
  close(0);
  disk_.remove("shard-0.db", true);
  disk_.remove("shard-0.db-wal", true);
  open(0);
  EXPECT_EQ(only_law(), law::kOneActiveRow) << "a row never goes";
  commit(0, player(5, 0, 4, 5, "1"));
  ASSERT_EQ(laws_.broken().size(), 2u);
  EXPECT_EQ(laws_.broken()[1].law, law::kSavedIsNeverLost);
}

TEST_F(CommitLawsTest, APlayerOnTwoShardsIsSeen) {
  commit(0, player(5, 0, 4, 7, "1"));
  commit(1, player(5, 0, 4, 7, "1"));
  EXPECT_EQ(only_law(), law::kOneActiveRow);
}

TEST_F(CommitLawsTest, AnItemInTwoBagsIsSeen) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + sword(1, 5));
  commit(1, player(6, 2, 4, 7, "1") + ";" + sword(1, 6));
  EXPECT_TRUE(laws_.broken().empty()) << "not in use yet: " << to_text(laws_.broken());
  commit(1, player(6, 0, 4, 7, "1"));
  EXPECT_EQ(only_law(), law::kOneHolderPerItem);
}

TEST_F(CommitLawsTest, ALettersItemIsInOnePlaceAllTheWay) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + sword(1, 5));
  commit(1, player(6, 0, 4, 7, "1"));
  commit(0, letter("outbox", 90, 5, 0) + ";" + sword(1, 90, 3));
  commit(1, letter("inbox", 90, 6, 0) + ";" + sword(1, 90, 4));
  commit(1, letter("inbox", 90, 6, 1) + ";" + sword(1, 6));
  commit(1, sword(1, 0, 2));  // burnt before its envelope is thrown away
  commit(0, letter("outbox", 90, 5, 1) + ";" + kNoSword);
  EXPECT_TRUE(laws_.broken().empty()) << to_text(laws_.broken());
}

TEST_F(CommitLawsTest, AnItemInABagAndInALetterIsSeen) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + letter("outbox", 90, 5, 0) + ";" + sword(1, 90, 3));
  commit(1, player(6, 0, 4, 7, "1") + ";" + sword(1, 6));
  EXPECT_EQ(only_law(), law::kOneHolderPerItem);
  EXPECT_NE(laws_.broken()[0].detail.find("is in outbox 90 on shard 0 and in bag 6 on shard 1"), std::string::npos);
}

TEST_F(CommitLawsTest, AnItemInTheInboxesOfTwoIsSeen) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + letter("inbox", 90, 5, 0) + ";" + sword(1, 90, 4));
  commit(1, player(6, 0, 4, 7, "1") + ";" + letter("inbox", 91, 6, 0) + ";" + sword(1, 91, 4));
  EXPECT_EQ(only_law(), law::kOneHolderPerItem);
}

TEST_F(CommitLawsTest, AnItemInALetterThatIsClaimedIsSeen) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + letter("inbox", 90, 5, 1) + ";" + sword(1, 90, 4));
  EXPECT_EQ(only_law(), law::kOneHolderPerItem);
}

TEST_F(CommitLawsTest, AnItemThatIsOnNoShardAnyMoreIsSeen) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + sword(1, 5));
  commit(0, kNoSword);
  EXPECT_EQ(only_law(), law::kOneHolderPerItem);
}

TEST_F(CommitLawsTest, AnItemIsMissedAsSoonAsAllShardsCanBeAsked) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + sword(1, 5));
  close(1);
  commit(0, kNoSword);
  EXPECT_TRUE(laws_.broken().empty()) << "it may be on the other: " << to_text(laws_.broken());
  open(1);
  EXPECT_EQ(only_law(), law::kOneHolderPerItem);
}

TEST_F(CommitLawsTest, WhatABackupHadForgottenIsNotMissed) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + sword(1, 5));
  close(0);
  disk_.remove("shard-0.db", true);
  disk_.remove("shard-0.db-wal", true);
  open(0);
  EXPECT_EQ(laws_.broken().size(), 2u) << "no backup, and a player and an item less: " << to_text(laws_.broken());
  commit(0, player(5, 0, 4, 7, "1") + ";" + sword(1, 5));
  commit(0, "INSERT INTO restored(generation, closed, at) VALUES(2, 1, 1)");
  close(0);
  open(0);
  commit(0, std::string("DELETE FROM player;") + kNoSword);
  commit(0, "UPDATE restored SET closed = 0");
  EXPECT_EQ(laws_.broken().size(), 2u) << to_text(laws_.broken());
}

TEST_F(CommitLawsTest, ATradesItemMayBeNowhereWhileItIsCommitted) {
  commit(0, player(5, 0, 4, 8, "1") + ";" + leg(0, 5, 0) + ";" + sword(1, 5, 5));
  commit(1, player(6, 0, 4, 8, "1") + ";" + leg(1, 6, 0));
  commit(1, kCommitted);
  commit(0, leg(0, 5, 1) + ";" + kNoSword);
  EXPECT_TRUE(laws_.broken().empty()) << to_text(laws_.broken());
  commit(1, leg(1, 6, 1));  // finished, and nothing came
  EXPECT_EQ(only_law(), law::kOneHolderPerItem);
}

TEST_F(CommitLawsTest, ATradesItemMayBeHeldWhileTheOtherHasIt) {
  commit(0, player(5, 0, 4, 8, "1") + ";" + leg(0, 5, 0) + ";" + sword(1, 5, 5));
  commit(1, player(6, 0, 4, 8, "1") + ";" + leg(1, 6, 0) + ";" + kCommitted);
  commit(1, leg(1, 6, 1) + ";" + sword(1, 6));
  commit(0, leg(0, 5, 1) + ";" + kNoSword);
  EXPECT_TRUE(laws_.broken().empty()) << to_text(laws_.broken());
}

TEST_F(CommitLawsTest, AnItemThatIsTakenOutOfATradeWithoutADecisionIsSeen) {
  commit(0, player(5, 0, 4, 8, "1") + ";" + leg(0, 5, 0) + ";" + sword(1, 5, 5));
  commit(1, player(6, 0, 4, 8, "1") + ";" + sword(1, 6));
  EXPECT_EQ(only_law(), law::kOneHolderPerItem);
}

TEST_F(CommitLawsTest, WhatARestoredShardHasCountsWhenItOpens) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + sword(1, 5));
  commit(1, "INSERT INTO restored(generation, closed, at) VALUES(2, 1, 0)");
  commit(1, player(5, 0, 1048579, 0, "0") + ";" + sword(1, 5));
  EXPECT_TRUE(laws_.is_shut(1));
  EXPECT_TRUE(laws_.broken().empty()) << to_text(laws_.broken());
  close(1);
  open(1);
  EXPECT_TRUE(laws_.broken().empty()) << to_text(laws_.broken());
  commit(1, "UPDATE restored SET closed = 0");
  EXPECT_FALSE(laws_.is_shut(1));
  std::set<std::string> laws;
  for (const auto& broken : laws_.broken()) laws.insert(broken.law);
  EXPECT_EQ(laws, (std::set<std::string>{law::kOneActiveRow, law::kOneHolderPerItem}));
}

TEST_F(CommitLawsTest, ItsBooksHoldEvenWhileItIsClosed) {
  commit(1, "INSERT INTO restored(generation, closed, at) VALUES(2, 1, 0)");
  commit(1, account(1, 1, "gold", -40));
  EXPECT_EQ(only_law(), law::kLedgerSumsToZero);
}

TEST_F(CommitLawsTest, AnEpochThatARestoredShardMayGrantAgainIsSeen) {
  commit(0, player(5, 0, 4, 7, "1"));
  commit(0, "INSERT INTO restored(generation, closed, at) VALUES(2, 1, 0)");
  commit(0, "DELETE FROM player");
  commit(0, player(5, 0, 3, 0, "0"));
  EXPECT_TRUE(laws_.broken().empty()) << to_text(laws_.broken());
  commit(0, "UPDATE restored SET closed = 0");
  EXPECT_EQ(only_law(), law::kEpochsOnlyRise);
}

TEST_F(CommitLawsTest, ItsLooksMeetNoFaultOfTheDisk) {
  commit(0, player(5, 0, 4, 7, "1") + ";" + sword(1, 5));
  disk_.set(DiskFault::kErrors, true);
  for (int i = 0; i < 300; ++i) {
    sqlite3_db_release_memory(stores_[0]->database().handle());  // read from the disk again
    EXPECT_NO_THROW(laws_.opened(0, stores_[0]->database()));
  }
  EXPECT_EQ(disk_.figures().errors, 0u);
  disk_.heal();
}

}  // namespace
}  // namespace dure::sim

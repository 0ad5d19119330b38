// That a ledger which hangs together is believed, and that each way in which one may not is told.
#include "tests/sim/ledger_replay.h"

#include <gtest/gtest.h>

#include "common/proto/content.pb.h"
#include "tests/sim/shard_files.h"
#include "tests/sim/stores.h"

namespace dure::sim {
namespace {

class LedgerReplayTest : public ::testing::Test {
 protected:
  LedgerReplayTest() {
    // 40 gold and a sword are looted on two days, 10 are spent, the sword is burnt.
    on(0,
       "INSERT INTO account VALUES(1, 1, 0, 'loot', 'gold', -40, 2, 12, 1), (2, 0, 5, '', 'gold', 30, 2, 13, 1),"
       "(3, 2, 0, 'shop', 'gold', 10, 2, 13, 2);"
       "INSERT INTO ledger_txn VALUES(11, 1, 5, 1, 1, 'loot', 1, 0, 1), (12, 2, 5, 1, 2, 'loot', 1, 0, 2),"
       "(13, 2, 5, 1, 3, 'shop', 1, 0, 3);"
       "INSERT INTO ledger_entry VALUES(1, 11, 1, 1, -15, 0, 0), (1, 11, 2, 2, 15, 0, 0),"
       "(2, 12, 1, 1, -25, 11, 1), (2, 12, 2, 2, 25, 11, 2), (2, 13, 1, 2, -10, 12, 2), (2, 13, 2, 3, 10, 0, 0);"
       "INSERT INTO ledger_opening VALUES(1, 1, 0), (2, 1, 0), (1, 2, -15), (2, 2, 15), (3, 2, 0);"
       "INSERT INTO item_history VALUES(1, 11, 3, x'00000000000000000000000000000007', 0, 5),"
       "(2, 13, 3, x'00000000000000000000000000000007', 2, 0);"
       "INSERT INTO item VALUES(x'00000000000000000000000000000007', 'sword', 1, x'');"
       "INSERT INTO item_holder VALUES(x'00000000000000000000000000000007', 2, 0)");
    auto& row = stored_.players[5];
    row.set_player_id(5);
    auto* gold = row.add_balances();
    gold->set_name("gold");
    gold->set_value(30);
  }
  void on(std::uint32_t shard, const std::string& sql) { files_.on(shard, sql); }
  // What is found, without its law.
  std::string found() {
    LedgerReplay replay;
    files_.read_into(&replay);
    Verdict verdict;
    replay.judge(stored_, &verdict);
    std::string all;
    for (const auto& broken : verdict) {
      EXPECT_EQ(broken.law, law::kLedgerReplays);
      all += broken.detail + "\n";
    }
    return all;
  }
  // Each of `parts` is told.
  void expect_found(const std::vector<std::string>& parts) {
    const std::string all = found();
    for (const auto& part : parts) EXPECT_NE(all.find(part), std::string::npos) << part << " is missing in: " << all;
  }

  ShardFiles files_;
  Stored stored_;
};

TEST_F(LedgerReplayTest, WhatHangsTogetherIsBelieved) { EXPECT_EQ(found(), ""); }

TEST_F(LedgerReplayTest, AnAmountThatNoEntryExplainsIsFound) {
  on(0, "UPDATE account SET amount = 31 WHERE id = 2");
  expect_found({"gold of player 5 '' is 31, by its entries 30"});
}

TEST_F(LedgerReplayTest, ATransactionThatMakesMoneyIsFound) {
  on(0, "UPDATE ledger_entry SET amount = 26 WHERE txn = 12 AND line = 2");
  expect_found({"transaction 12 makes 1 gold", "gold of player 5 '' is 30, by its entries 31"});
}

TEST_F(LedgerReplayTest, AnEntryThatIsLostIsFound) {
  on(0, "DELETE FROM ledger_entry WHERE txn = 11 AND line = 2");
  expect_found({"gold of player 5 '' has no entry in transaction 11, line 2"});
}

TEST_F(LedgerReplayTest, AnEntryThatIsInNoChainIsFound) {
  on(0, "UPDATE ledger_entry SET before_txn = 0, before_line = 0 WHERE txn = 13 AND line = 1");
  expect_found({"gold of player 5 '' knows 1 of its 3 entries"});
}

TEST_F(LedgerReplayTest, ABalanceThatWasOnceBelowZeroIsFound) {
  on(0,
     "UPDATE ledger_entry SET amount = -45 WHERE txn = 13 AND line = 1;"
     "UPDATE ledger_entry SET amount = 45 WHERE txn = 13 AND line = 2");
  expect_found({"gold of player 5 '' falls to -5"});
}

TEST_F(LedgerReplayTest, AWrongOpeningOfADayIsFound) {
  on(0, "UPDATE ledger_opening SET amount = 14 WHERE account = 2 AND day = 2");
  expect_found({"gold of player 5 '' opens day 2 with 14, by its entries it has 15"});
}

TEST_F(LedgerReplayTest, AFaucetOfAnotherReasonIsFound) {
  on(0, "UPDATE ledger_txn SET reason = 'shop' WHERE txn = 12");
  expect_found({"gold of faucet 0 'loot' is moved by reason 'shop'"});
}

TEST_F(LedgerReplayTest, AFaucetThatNoContentKnowsIsFound) {
  proto::ContentGuards guards;
  guards.set_closed(true);
  guards.add_reasons()->set_name("quest");
  guards.mutable_reasons(0)->add_creates()->set_name("gold");
  store::Query insert(files_.database(1), "INSERT INTO content_guard VALUES(1, ?1)",
                      store::Blob{guards.SerializeAsString()});
  insert.row();
  expect_found({"no content knows a faucet 'loot' of gold"});
}

TEST_F(LedgerReplayTest, AnItemThatIsNotWhereItWentIsFound) {
  on(0, "UPDATE item_holder SET kind = 0, owner = 5");
  expect_found({"is held by 0 5, by its history by 2 0"});
  on(0, "DELETE FROM item_holder");
  expect_found({"is held by nobody, by its history it is here"});
}

TEST_F(LedgerReplayTest, AnItemThatComesBackFromASinkIsFound) {
  on(0, "INSERT INTO item_history VALUES(2, 13, 4, x'00000000000000000000000000000007', 0, 5)");
  expect_found({"comes back from a sink"});
}

TEST_F(LedgerReplayTest, AnItemOnTwoShardsIsFound) {
  on(1,
     "INSERT INTO ledger_txn VALUES(11, 1, 6, 1, 1, 'trade', 1, 0, 1);"
     "INSERT INTO item_history VALUES(1, 11, 1, x'00000000000000000000000000000007', 0, 6);"
     "INSERT INTO item VALUES(x'00000000000000000000000000000007', 'sword', 1, x'');"
     "INSERT INTO item_holder VALUES(x'00000000000000000000000000000007', 0, 6)");
  expect_found({"is on shard 0 and on shard 1"});
}

TEST_F(LedgerReplayTest, MoneyThatLeftAndNeverCameIsFound) {
  on(0,
     "INSERT INTO account VALUES(4, 3, 0, '', 'gold', 5, 2, 14, 1);"
     "UPDATE account SET amount = 25, last_txn = 14, last_line = 2 WHERE id = 2;"
     "INSERT INTO ledger_txn VALUES(14, 2, 5, 1, 4, 'mail', 1, 0, 4);"
     "INSERT INTO ledger_entry VALUES(2, 14, 1, 4, 5, 0, 0), (2, 14, 2, 2, -5, 13, 1);"
     "INSERT INTO ledger_opening VALUES(4, 2, 0)");
  stored_.players[5].mutable_balances(0)->set_value(25);
  expect_found({"5 gold is between shards (letters), and nothing is on its way"});
}

TEST_F(LedgerReplayTest, AGrantThatTellsSomethingElseIsFound) {
  stored_.players[5].mutable_balances(0)->set_value(29);
  expect_found({"what player 5 is granted is not what happened to it"});
}

}  // namespace
}  // namespace dure::sim

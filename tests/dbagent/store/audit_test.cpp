#include <sqlite3.h>

#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

// What somebody with the sqlite3 shell would do to a stopped shard.
void by_hand(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(open_by_hand(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

bool mentions(const Audit& audit, const std::string& words) {
  for (const auto& line : audit.findings)
    if (line.find(words) != std::string::npos) return true;
  return false;
}

class AuditTest : public ShardTest {
 protected:
  void SetUp() override {
    ShardTest::SetUp();
    apply(Ops(1, 1).op(1).balance("gold", 100).mint(7).op(2).balance("gold", -40));
    apply(Ops(2, 1).op(1).mint(8));
    store.reset();
  }
  Audit audited() {
    auto result = audit_file(path);
    EXPECT_TRUE(result) << (result ? "" : result.error().detail);
    return result ? *result : Audit{};
  }
};

TEST_F(AuditTest, AnUntouchedShardIsClean) {
  const Audit result = audited();
  EXPECT_EQ(audit_line(result), "ledger sum 0, 2 items, 0 orphans, 0 doubles");
  EXPECT_TRUE(result.clean()) << (result.findings.empty() ? "" : result.findings[0]);
  EXPECT_EQ(result.operations, 3u);
}

TEST_F(AuditTest, ASecondHolderIsNamed) {
  by_hand(path,
          "DROP INDEX item_one_holder;"
          "INSERT INTO item_holder VALUES(x'00000000000000010000000000000007', 0, 2)");
  const Audit result = audited();
  EXPECT_EQ(audit_line(result), "ledger sum 0, 2 items, 0 orphans, 1 doubles");
  EXPECT_TRUE(mentions(result, "item 00000000000000010000000000000007 is held by player 1 and player 2"));
}

TEST_F(AuditTest, ASecondHolderIsRefusedWhileTheIndexStands) {
  sqlite3* db = nullptr;
  ASSERT_EQ(open_by_hand(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, "INSERT INTO item_holder VALUES(x'00000000000000010000000000000007', 0, 2)", nullptr,
                         nullptr, nullptr),
            SQLITE_CONSTRAINT);
  sqlite3_close(db);
}

TEST_F(AuditTest, ALedgerRowTooMuchIsNamed) {
  by_hand(path,
          "INSERT INTO ledger_entry(day, txn, line, account, amount) "
          "SELECT ledger_entry.day, txn, 99, account, 5 FROM ledger_entry "
          "JOIN account ON account.id = account WHERE kind = 0 LIMIT 1");
  const Audit result = audited();
  EXPECT_EQ(result.ledger_sum, 5);
  EXPECT_TRUE(mentions(result, "does not balance: gold sums to 5"));
  EXPECT_TRUE(mentions(result, "gold of player 1 is 60, ledger says 65"));
}

TEST_F(AuditTest, ABalanceRaisedByHandIsNamed) {
  by_hand(path, "UPDATE account SET amount = 1000000 WHERE kind = 0 AND owner = 1");
  EXPECT_TRUE(mentions(audited(), "gold of player 1 is 1000000, ledger says 60"));
}

TEST_F(AuditTest, AnItemOfNobodyIsAnOrphan) {
  by_hand(path, "UPDATE item_holder SET owner = 4711 WHERE owner = 2");
  Audit result = audited();
  EXPECT_EQ(result.orphans, 1u);
  EXPECT_TRUE(mentions(result, "held by player 4711"));
  by_hand(path, "DELETE FROM item_holder WHERE owner = 4711");
  result = audited();
  EXPECT_EQ(result.orphans, 1u);
  EXPECT_TRUE(mentions(result, "has no holder"));
}

TEST_F(AuditTest, AnItemOnTwoShardsIsADouble) {
  auto options = shard_options(folder.file("other.db"));
  options.shard = 4;
  {
    const auto other = open_shard(options);
    auto birth = creation(20), birth_reply = birth;
    birth.set_shard(4);
    ask<proto::StoreReply>(*other, birth);
    auto take = acquisition(20, 0, 1);
    take.set_shard(4);
    ask<proto::AcquireReply>(*other, take);
    auto ops = Ops(20, 1).op(1).mint(7).mint(30).request;
    ops.set_shard(4);
    EXPECT_EQ(ask<proto::ApplyReply>(*other, ops).code(), proto::STORED);
  }
  const Audit merged = merge_audits({audited(), *audit_file(options.path)});
  EXPECT_EQ(audit_line(merged), "ledger sum 0, 4 items, 0 orphans, 1 doubles");
  EXPECT_TRUE(mentions(merged, "item 00000000000000010000000000000007 is on shard 3 and on shard 4"));
}

TEST_F(AuditTest, OpeningBalancesCarryTheLedgerOverDays) {
  store = open_shard(shard_options(path));
  for (int day = 1; day <= 3; ++day)
    ask<proto::ApplyReply>(*store, Ops(1, 1).op(2 + day).balance("gold", day).request, kNow + day * 86'400'000);
  store.reset();
  EXPECT_TRUE(audited().clean());
  by_hand(path,
          "UPDATE ledger_opening SET amount = amount + 1 WHERE account IN "
          "(SELECT id FROM account WHERE kind = 0 AND owner = 1) AND day = 19676");
  EXPECT_TRUE(mentions(audited(), "opening of day 19676"));
}

TEST_F(AuditTest, WhatAKilledAgentLeftInItsLogIsRead) {
  store = open_shard(shard_options(path));
  apply(Ops(1, 1).op(3).mint(9));
  const std::string left = folder.file("left.db");
  std::filesystem::copy_file(path, left);
  std::filesystem::copy_file(path + "-wal", left + "-wal");
  const auto result = audit_file(left);
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(audit_line(*result), "ledger sum 0, 3 items, 0 orphans, 0 doubles");
  EXPECT_TRUE(result->clean());
}

TEST_F(AuditTest, AShardThatAnAgentHasOpenIsBusy) {
  store = open_shard(shard_options(path));
  const auto result = audit_file(path);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().trouble, Trouble::kBusy) << result.error().detail;
}

}  // namespace
}  // namespace dure::store

// What the audit says of trades whose rows somebody has changed by hand.
#include <sqlite3.h>

#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {
namespace {

class AuditTradesTest : public TradeTest {
 protected:
  void hold_and_stop() {
    apply(2, leg(terms, 1));
    stores.clear();
  }
  void by_hand(std::uint32_t shard, const char* sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(open_by_hand(file(shard).c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  std::string file(std::uint32_t shard) const { return folder.file("shard" + std::to_string(shard)); }
  Audit audited(std::uint32_t shard) {
    auto result = audit_file(file(shard));
    EXPECT_TRUE(result) << (result ? "" : result.error().detail);
    return result ? *result : Audit{};
  }
  static bool mentions(const Audit& audit, const std::string& words) {
    for (const auto& line : audit.findings)
      if (line.find(words) != std::string::npos) return true;
    return false;
  }
  proto::TradeTerms terms = terms_of(1, 1, {1, 30, {}}, {3, 20, {30}});
};

TEST_F(AuditTradesTest, AnOpenHoldIsCleanAndCounted) {
  hold_and_stop();
  const Audit result = audited(2);
  EXPECT_TRUE(result.clean()) << (result.findings.empty() ? "" : result.findings[0]);
  EXPECT_EQ(result.open_holds, 1u);
  EXPECT_EQ(result.stuck_holds, 0u);
  EXPECT_EQ(merge_audits({audited(1), result}).items, 3u) << "what is held is counted, once";
}

TEST_F(AuditTradesTest, AHoldOlderThanAMinuteIsStuck) {
  apply(2, leg(terms, 1));
  BatchOf(now + 61'001).add(Ops(3, 1).op(3).balance("gold", 1).request).run(*stores.at(2));
  stores.clear();
  const Audit result = audited(2);
  EXPECT_EQ(result.stuck_holds, 1u);
  EXPECT_TRUE(mentions(result, "stuck: leg 1 of trade"));
}

TEST_F(AuditTradesTest, ValueHeldForNoOpenTradeIsAnOrphan) {
  hold_and_stop();
  by_hand(2, "UPDATE hold SET finished = 1, verdict = 2");
  const Audit result = audited(2);
  EXPECT_EQ(result.orphans, 2u);
  EXPECT_TRUE(mentions(result, "20 gold of player 3 is held, open trades give 0"));
  EXPECT_TRUE(mentions(result, "of player 3 is held for no open trade"));
}

TEST_F(AuditTradesTest, AHoldWithoutItsGoodsOrItsReservationIsNamed) {
  hold_and_stop();
  by_hand(2, "UPDATE item_holder SET kind = 0 WHERE kind = 5");
  EXPECT_TRUE(mentions(audited(2), "of an open trade of player 3 is not held"));
  by_hand(2, "DELETE FROM hold_amount");
  EXPECT_TRUE(mentions(audited(2), "what is reserved for leg 1"));
}

TEST_F(AuditTradesTest, ACommitWithoutTwoVotesIsNamed) {
  apply(1, leg(terms, 0));
  stores.clear();
  by_hand(1, "INSERT INTO decision SELECT txn_id, 1, 0, 0, x'', x'', x'' FROM hold");
  EXPECT_TRUE(mentions(audited(1), "is committed without two votes for it"));
}

TEST_F(AuditTradesTest, ALegThatDidNotEndAsWasDecidedIsNamed) {
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  carry_all();
  stores.clear();
  EXPECT_TRUE(audited(1).clean());
  by_hand(1, "UPDATE decision SET verdict = 2");
  EXPECT_TRUE(mentions(audited(1), "leg 0 of trade"));
}

TEST_F(AuditTradesTest, AnItemOnItsWayBetweenTwoShardsIsNoDouble) {
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  cast(*take_vote());  // player 1 has the item; player 3's side is not finished yet
  stores.clear();
  const Audit merged = merge_audits({audited(1), audited(2)});
  EXPECT_EQ(merged.doubles, 0u);
  EXPECT_EQ(merged.items, 3u);
  EXPECT_TRUE(merged.findings.empty());
}

}  // namespace
}  // namespace dure::store

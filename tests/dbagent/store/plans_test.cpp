// How SQLite finds the rows of what is asked of one account: by an index, each of them. On a shard of a million
// accounts anything else is a look at all of them, in the thread that everybody's commits wait for.
#include <sqlite3.h>

#include "common/proto/reconcile.pb.h"
#include "common/proto/rollback.pb.h"
#include "common/proto/trade.pb.h"
#include "tests/dbagent/store/move_fixture.h"

namespace dure::store {
namespace {

// The rows of a plan, as EXPLAIN QUERY PLAN shows them.
std::vector<std::string> plan_of(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(db, ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
  std::vector<std::string> lines;
  while (sqlite3_step(statement) == SQLITE_ROW)
    lines.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 3)));
  sqlite3_finalize(statement);
  return lines;
}

// Not of as many rows as there are players: a file's own tables, SQLite's, and what a statement has read by then.
bool small(const std::string& line) {
  for (const char* name : {"CONSTANT ROW", "(subquery", "sqlite_", "pragma_table_info", "c VIRTUAL TABLE", "shard_meta",
                           "content_guard", "content_active", "restored", "brought_back", "hold_open"})
    if (line.find(name) != std::string::npos) return true;
  return line == "SCAN m";  // sqlite_schema
}

// All rows of a table, or of an index; or those of a kind or state, which are no fewer.
bool looks_at_all(const std::string& line) {
  if (line.starts_with("SCAN")) return !small(line);
  for (const char* only : {"(kind=?)", "(state=?)", "(status=?)"})
    if (line.find(only) != std::string::npos) return true;
  return false;
}

class PlansTest : public MoveTest {
 protected:
  void put_by_move(std::uint32_t from, std::uint32_t to, std::uint64_t m) {
    const auto content = freeze(from, m);
    ASSERT_EQ(content.code(), proto::STORED) << content.detail();
    proto::BringBack request;
    request.mutable_copy()->set_account_id(account);
    request.mutable_copy()->set_move_id(m);
    request.mutable_copy()->set_offset(0);
    request.mutable_copy()->set_bytes(content.bytes());
    request.mutable_copy()->set_bytes_total(content.bytes_total());
    request.mutable_copy()->set_hash(content.hash());
    shard(to)->database().run("INSERT INTO restored(generation, closed, at) VALUES(1, 1, 0)");
    const auto back = step<proto::BroughtBack>(to, request);
    EXPECT_EQ(back.state(), proto::ACCOUNT_ACTIVE);
    shard(to)->database().run("UPDATE restored SET closed = 0");
    EXPECT_EQ(retire(from, m).code(), proto::STORED);
  }
  void exchange() {
    proto::TradeTerms terms;
    *terms.mutable_txn() = uid(77, 1);
    terms.set_register_shard(3);
    for (const std::uint64_t player : {1, 2}) {
      auto* side = terms.add_sides();
      side->set_player_id(player);
      if (player == 2) continue;
      auto* amount = side->add_give();
      amount->set_name("gold");
      amount->set_value(5);
    }
    for (const std::uint64_t player : {1, 2}) {
      const auto grant = reacquire(3, player, player == 1 ? 1 : 0);
      Ops leg(player, grant.epoch());
      leg.op(1);
      *leg.request.mutable_operations(0)->mutable_trade()->mutable_terms() = terms;
      leg.request.mutable_operations(0)->mutable_trade()->set_side(player == 1 ? 0 : 1);
      EXPECT_EQ(apply(3, leg).code(), proto::STORED);
    }
  }
  // What the agent of this file has asked of it so far.
  std::vector<std::string> statements(std::uint32_t number) {
    sqlite3* db = shard(number)->database().handle();
    std::vector<std::string> all;
    for (sqlite3_stmt* at = sqlite3_next_stmt(db, nullptr); at != nullptr; at = sqlite3_next_stmt(db, at))
      all.emplace_back(sqlite3_sql(at));
    return all;
  }
  std::vector<std::string> findings(std::uint32_t number) {
    sqlite3* db = shard(number)->database().handle();
    std::vector<std::string> found;
    const auto asked = statements(number);
    EXPECT_GT(asked.size(), 40u);
    for (const std::string& sql : asked)
      for (const std::string& line : plan_of(db, sql))
        if (looks_at_all(line)) found.push_back(line + ": " + sql);
    return found;
  }
};

TEST_F(PlansTest, WhatIsAskedOfOneAccountNeverLooksAtAllOfThem) {
  Ops ops(1, 1);
  ops.op(1).balance("gold", 100).mint(7).mint(8).once("met").count("xp", 5, 0).drop(1, 1);
  ops.op(2).send(900, 2, 10, {8});
  ASSERT_EQ(apply(3, ops).code(), proto::STORED);
  auto letter = delivery(2, 901, 10);
  EXPECT_EQ(ask<proto::DeliverReply>(*shard(3), letter).code(), proto::STORED);
  exchange();
  move(1, 3, 4);
  EXPECT_EQ(reacquire(4, 1, 2).code(), proto::STORED);
  EXPECT_EQ(intent(2, 3).code(), proto::STORED);
  const auto content = freeze(4, 2);
  EXPECT_EQ(copy(3, 2, content).state(), proto::ACCOUNT_ARRIVING);
  EXPECT_EQ(abort(2).code(), proto::STORED);
  EXPECT_EQ(discard(3, 2).code(), proto::STORED);
  EXPECT_EQ(unfreeze(4, 2).code(), proto::STORED);
  EXPECT_EQ(intent(3, 3).code(), proto::STORED);
  put_by_move(4, 3, 3);
  proto::ItemTraces traces;
  *traces.add_items() = uid(1, 7);
  EXPECT_EQ(step<proto::ItemTracesReply>(3, traces).traces_size(), 1);
  for (const std::uint32_t number : {3u, 4u})
    for (const std::string& finding : findings(number)) ADD_FAILURE() << "shard " << number << ": " << finding;
}

// Letters stay for ever: a page of them costs what is on it, however many came of this kind and of others.
TEST_F(PlansTest, APageOfOldLettersIsReadInOrderOfAnIndex) {
  proto::InboxQuery query;
  query.set_shard(3);
  query.set_player_id(1);
  query.set_epoch(1);
  *query.mutable_owner_incarnation() = uid(7, 1);
  query.set_claimed_reason("mail.send");
  EXPECT_EQ(ask<proto::InboxReply>(*shard(3), query).code(), proto::STORED);
  int found = 0;
  for (const std::string& sql : statements(3)) {
    if (sql.find("FROM inbox") == std::string::npos || sql.find("reason = ") == std::string::npos) continue;
    ++found;
    const auto plan = plan_of(shard(3)->database().handle(), sql);
    ASSERT_EQ(plan.size(), 1u) << sql << ": sorted, or looked up once more";
    EXPECT_NE(plan.front().find("inbox_claimed (pid=? AND reason=?)"), std::string::npos) << plan.front();
  }
  EXPECT_EQ(found, 1);
}

// Every page of a rollback begins where the one before ended, however much moved before it on that day.
TEST_F(PlansTest, APageOfWhatMovedSinceATimeBeginsAtItsPlace) {
  proto::PlayerAtQuery query;
  query.set_player_id(1);
  EXPECT_EQ(step<proto::PlayerAt>(3, query).code(), proto::STORED);
  int found = 0;
  for (const std::string& sql : statements(3)) {
    if (sql.find("FROM item_history") == std::string::npos || sql.find("ORDER BY day, txn") == std::string::npos)
      continue;
    ++found;
    const auto plan = plan_of(shard(3)->database().handle(), sql);
    ASSERT_EQ(plan.size(), 1u) << sql << ": sorted, or looked up once more";
    EXPECT_NE(plan.front().find("((day,txn,line)>(?,?,?))"), std::string::npos) << plan.front();
  }
  EXPECT_EQ(found, 1);
}

}  // namespace
}  // namespace dure::store

// An audit that finds nothing proves nothing: here it has something to find.
#include <sqlite3.h>

#include <filesystem>
#include <thread>

#include "common/proto/operator.pb.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/process/expectations.h"
#include "tools/config/config.h"
#include "tools/mesh/tool_mesh.h"

namespace dure {
namespace {

using std::chrono::seconds;

void by_hand(const std::string& file, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(store::open_by_hand(file.c_str(), &database), SQLITE_OK);
  char* error = nullptr;
  ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, &error), SQLITE_OK) << file << ": " << error;
  sqlite3_close(database);
}

bool holds_an_item(const std::string& file) {
  sqlite3* database = nullptr;
  sqlite3_stmt* rows = nullptr;
  const bool any = store::open_by_hand(file.c_str(), &database) == SQLITE_OK &&
                   sqlite3_prepare_v2(database, "SELECT 1 FROM item_holder", -1, &rows, nullptr) == SQLITE_OK &&
                   sqlite3_step(rows) == SQLITE_ROW;
  sqlite3_finalize(rows);
  sqlite3_close(database);
  return any;
}

TEST(AuditCommand, NamesASecondHolderALedgerRowTooMuchAndALetterThatNobodyReceived) {
  test::ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "6", "--story", "walk", "--for", test::kUntilEnough});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  bool given = false;
  for (int i = 0; i < 40 && !given; ++i)  // until the bot has made its character
    given = test::run_dure({"gm", "--config", cluster.config(), "give", "Botaaab", "iron_sword"}).exit_code == 0;
  ASSERT_TRUE(given);
  EXPECT_EQ(cluster.enough(), 0) << cluster.output();
  test::expect_audit_clean(cluster.config());

  std::string shard = cluster.path("data/shard-1.db");
  if (!holds_an_item(shard)) shard = cluster.path("data/shard-2.db");
  ASSERT_TRUE(holds_an_item(shard));
  by_hand(shard,
          "DROP INDEX item_one_holder;"
          "INSERT INTO item_holder SELECT item_id, kind, owner + 1 FROM item_holder LIMIT 1;"
          "INSERT INTO ledger_entry(day, txn, line, account, amount) "
          "SELECT ledger_entry.day, txn, 99, account, 5 FROM ledger_entry "
          "JOIN account ON account.id = account WHERE kind = 0 LIMIT 1;"
          "INSERT INTO outbox SELECT 77, 1, pid, pid, 1, x'' FROM player LIMIT 1");
  const test::Finished audit = test::run_dure({"audit", "--config", cluster.config()});
  EXPECT_EQ(audit.exit_code, 1) << audit.output;
  EXPECT_NE(audit.output.find("ledger sum 5"), std::string::npos) << audit.output;
  EXPECT_NE(audit.output.find("is held by "), std::string::npos) << audit.output;
  EXPECT_NE(audit.output.find("does not balance"), std::string::npos) << audit.output;
  EXPECT_NE(audit.output.find("transit: letter 77"), std::string::npos) << audit.output;
}

// Begins a backup, and asks for nothing any more.
class LeavesABackup : public Node {
 public:
  LeavesABackup(NodeIdentity identity, const Routes& routes, Seams seams, std::string path)
      : Node(std::move(identity), routes, seams), path_(std::move(path)) {}
  ~LeavesABackup() override {
    scope().end();
    scope().sweep();
  }
  bool done() const { return begun_; }

 protected:
  void on_peer_up(NodeId peer) override { spawn(begin(peer)); }

 private:
  Task<void> begin(NodeId peer) {
    proto::ShardBackup request;
    request.set_shard(1);
    request.set_backup_id(77);
    request.set_path(path_);
    const auto state = co_await call<proto::BackupState>(peer, request, std::chrono::seconds(10));
    begun_ = begun_ || (state && state->code() == proto::STORED);
  }
  std::string path_;
  bool begun_ = false;
};

void leave_a_backup(const test::ClusterProcess& cluster) {
  const auto config = load_config(cluster.config());
  ASSERT_TRUE(config);
  auto mesh = ToolMesh::open(*config);
  ASSERT_TRUE(mesh);
  LeavesABackup node((*mesh)->identity(), (*mesh)->routes(), (*mesh)->seams(), cluster.path("left.db"));
  ASSERT_TRUE((*mesh)->run(
      node, [&] { return node.done(); }, seconds(20)));
}

TEST(AuditCommand, ALiveShardIsReadInOnePieceOnlyWhenAskedFor) {
  test::ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "4", "--story", "walk", "--for", test::kUntilEnough});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  std::filesystem::create_directories(cluster.path("data/audit-killed"));
  const auto audit = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "audit");
    words.insert(words.end(), {"--config", cluster.config()});
    return test::run_dure(words);
  };
  leave_a_backup(cluster);
  const test::Finished refused = audit({});
  EXPECT_EQ(refused.exit_code, 2) << refused.output;
  EXPECT_NE(refused.output.find("another backup is under way"), std::string::npos) << refused.output;
  EXPECT_NE(refused.output.find("dure audit --watch"), std::string::npos) << refused.output;
  EXPECT_EQ(refused.output.find("ledger sum"), std::string::npos) << refused.output;
  EXPECT_FALSE(std::filesystem::exists(cluster.path("data/audit-killed")));
  const test::Finished asked_for = audit({"--one-by-one"});
  EXPECT_EQ(asked_for.exit_code, 0) << asked_for.output;
  EXPECT_NE(asked_for.output.find("one by one"), std::string::npos) << asked_for.output;
  // The agent drops what nobody asks for, without anybody else's asking.
  for (int i = 0; i < 300 && std::filesystem::exists(cluster.path("left.db.part")); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(std::filesystem::exists(cluster.path("left.db.part")));
  test::expect_audit_clean(cluster.config());
  EXPECT_EQ(cluster.enough(), 0) << cluster.output();
}

}  // namespace
}  // namespace dure

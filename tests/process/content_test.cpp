// Content is changed under everybody: bots that shop in a real cluster see other prices from one moment to the next,
// pay those, and see nothing wrong.
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "tests/dbagent/store/by_hand.h"
#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;
using test::Finished;
using test::run_dure;

constexpr int kBefore = 6, kAfter = 9;  // gold for a bread

// The content of this checkout with another price, in the test's folder.
std::string dearer_content(const ClusterProcess& cluster) {
  const std::filesystem::path folder = cluster.path("dearer");
  std::filesystem::copy(DURE_SOURCE_DIR "/configs/content", folder);
  const std::string items = (folder / "items.toml").string();
  const std::string text = test::replaced(test::text_of(items), "buy_price = " + std::to_string(kBefore),
                                          "buy_price = " + std::to_string(kAfter));
  std::ofstream(items) << text;
  return folder.string();
}

// Purchases of one bread by this content at this price, in the shards of a stopped cluster.
std::int64_t bought(const ClusterProcess& cluster, int version, int price) {
  std::int64_t count = 0;
  for (const char* shard : {"data/shard-1.db", "data/shard-2.db"}) {
    sqlite3* database = nullptr;
    sqlite3_stmt* row = nullptr;
    EXPECT_EQ(store::open_by_hand(cluster.path(shard).c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(
                  database,
                  "SELECT count(*) FROM ledger_txn JOIN ledger_entry USING(txn) JOIN account ON account.id = account "
                  "WHERE reason = 'shop.buy' AND content_version = ?1 AND currency = 'gold' AND kind = 0 "
                  "AND ledger_entry.amount = -?2",
                  -1, &row, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_bind_int(row, 1, version);
    sqlite3_bind_int(row, 2, price);
    if (sqlite3_step(row) == SQLITE_ROW) count += sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(database);
  }
  return count;
}

TEST(ContentChange, BotsThatShopPayTheNewPriceAndSeeNothingWrong) {
  ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "40", "--story", "shop", "--for", "40s", "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  ASSERT_TRUE(cluster.until_players(40)) << cluster.output();
  const Finished loaded = run_dure({"content", "load", dearer_content(cluster), "--config", cluster.config()});
  ASSERT_EQ(loaded.exit_code, 0) << loaded.output;
  // Everybody has a list of prices by now; back and forth, each time under all of them.
  for (const char* version : {"2", "1", "2"}) {
    const Finished done = run_dure({"gm", "--config", cluster.config(), "content", "activate", version});
    EXPECT_EQ(done.exit_code, 0) << done.output;
  }
  EXPECT_EQ(cluster.wait(seconds(120)), 0) << cluster.output();
  const auto report = cluster.report("report.json");
  test::expect_clean(report);
  test::expect_audit_clean(cluster.config());
  EXPECT_GT(bought(cluster, 2, kAfter), 0) << "by the new price";
  EXPECT_GT(bought(cluster, 1, kBefore), 0);
  EXPECT_EQ(bought(cluster, 2, kBefore), 0) << "nobody pays the old price by the new content";
  std::printf("%lld breads at %d gold, %lld at %d\n", static_cast<long long>(bought(cluster, 1, kBefore)), kBefore,
              static_cast<long long>(bought(cluster, 2, kAfter)), kAfter);
}

}  // namespace
}  // namespace dure

// Files of before seals are sealed when they are opened, or put back from a backup; somebody else's are not.
#include "dbagent/store/sealing.h"

#include <sqlite3.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "dbagent/store/backup.h"
#include "tests/dbagent/store/seal_fixture.h"

namespace dure::store {
namespace {

using SealingTest = SealTest;

void must(sqlite3* connection, const std::string& sql) {
  ASSERT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sql << ": " << sqlite3_errmsg(connection);
}

// As they were made: no bytes reserved, no application_id. SQLite takes no reserve back, so row by row.
void strip(const std::string& path) {
  sqlite3* plain = nullptr;
  ASSERT_EQ(sqlite3_open((path + ".old").c_str(), &plain), SQLITE_OK);
  must(plain, "PRAGMA foreign_keys=OFF; ATTACH '" + path + "' AS sealed; BEGIN");
  for (const char* type : {"'table'", "'index', 'trigger'"}) {
    std::vector<std::pair<std::string, std::string>> made;
    sqlite3_exec(
        plain,
        ("SELECT name, sql FROM sealed.sqlite_schema WHERE sql NOT NULL AND type IN (" + std::string(type) + ")")
            .c_str(),
        [](void* to, int, char** row, char**) {
          static_cast<decltype(made)*>(to)->emplace_back(row[0], row[1]);
          return 0;
        },
        &made, nullptr);
    for (const auto& [name, sql] : made) {
      must(plain, sql);
      if (*(type + 1) == 't') must(plain, "INSERT INTO main." + name + " SELECT * FROM sealed." + name);
    }
  }
  must(plain, "COMMIT");
  sqlite3_close(plain);
  std::filesystem::rename(path + ".old", path);
  for (const char* tail : {"-wal", "-shm"}) std::filesystem::remove(path + tail);
  ASSERT_EQ(bytes_of(path)[20], 0);
}

TEST_F(SealingTest, AFileOfBeforeSealsIsSealedWhenItIsOpened) {
  fill(options);
  strip(path);
  EXPECT_EQ(gold(*open_shard(options)), 60);
  const std::string sealed = bytes_of(path);
  for (std::uint64_t page = 0; page < sealed.size() / kPageBytes; ++page)
    ASSERT_TRUE(fits_seal(sealed.data() + page * kPageBytes, page + 1)) << page;
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  EXPECT_EQ(gold(*open_shard(options)), 60);
}

TEST_F(SealingTest, TheLogOfAFileOfBeforeSealsIsNotLeftBehind) {
  fill(options, 3);
  strip(path);
  sqlite3* plain = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &plain), SQLITE_OK);
  must(plain, "PRAGMA journal_mode=WAL; UPDATE account SET amount = 77 WHERE kind = 0");
  const std::string database = bytes_of(path), left = bytes_of(path + "-wal");
  sqlite3_close(plain);
  put_bytes(path, database);
  put_bytes(path + "-wal", left);
  EXPECT_EQ(gold(*open_shard(options)), 77);
  EXPECT_EQ(bytes_of(path)[20], kSealBytes);
}

TEST_F(SealingTest, AFileOfSomebodyElseIsRefusedAndNotSealed) {
  sqlite3* plain = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &plain), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(plain, "CREATE TABLE mine(a)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(plain);
  EXPECT_NE(refusal().detail.find("is not a file of this server"), std::string::npos);
  EXPECT_EQ(bytes_of(path)[20], 0);
}

TEST_F(SealingTest, ABackupOfBeforeSealsIsPutBackWithSeals) {
  fill(options);
  const std::string backup = folder.file("backup.db");
  std::filesystem::rename(path, backup);
  strip(backup);
  const Restoring restoring{backup, path, "shard", "test", 3, 2};
  ASSERT_TRUE(prepare_restore(restoring));
  ASSERT_TRUE(place_restored(restoring));
  EXPECT_EQ(bytes_of(path)[20], kSealBytes);
  EXPECT_EQ(gold(*open_shard(options)), 60);
}

}  // namespace
}  // namespace dure::store

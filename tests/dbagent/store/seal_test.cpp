// What the disk forgets or flips is noticed, in every page and in the log, before it becomes anybody's balance.
#include "dbagent/store/seal.h"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "common/base/random.h"
#include "dbagent/store/backup.h"
#include "dbagent/store/log_walk.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

void flip(std::string* bytes, std::size_t at, int bit = 3) {
  (*bytes)[at] = static_cast<char>((*bytes)[at] ^ (1 << bit));
}

class SealTest : public ::testing::Test {
 protected:
  // A player with gold, and so much besides that there are pages of every kind.
  void fill(const ShardOptions& of, int rounds = 60) {
    auto store = open_shard(of);
    BatchOf().add(creation(1)).add(acquisition(1, 0, 1)).run(*store);
    for (int i = 0; i < rounds; ++i) give(*store);
    BatchOf().add(Ops(1, 1).op(++saved).layout(std::string(20'000, 'l')).request).run(*store);
    ASSERT_FALSE(store->failed()) << store->failure();
  }
  void give(ShardStore& store) {
    Ops ops(1, 1);
    ++saved;
    ops.op(saved).balance("gold", 1).mint(saved);
    ASSERT_FALSE(BatchOf().add(ops.request).run(store).retry());
  }
  std::int64_t gold(ShardStore& store) {
    return gold_of(ask<proto::AcquireReply>(store, acquisition(1, 0, 1)).aggregate());
  }
  // The files as a process left them that was killed: the log beside the database.
  void kill_after(int transactions) {
    auto store = open_shard(options);
    BatchOf().add(creation(1)).add(acquisition(1, 0, 1)).run(*store);
    for (int i = 0; i < transactions; ++i) give(*store);
    log = bytes_of(path + "-wal");
    const std::string database = bytes_of(path);
    store.reset();
    put_bytes(path, database);
    put_bytes(path + "-wal", log);
    frames = (log.size() - kLogHeadBytes) / kFrameBytes;
    ASSERT_GT(frames, 10u);
  }
  static void check_behind_the_start(ShardStore& store) {
    Result<bool> more = true;
    while (more && *more) more = store.check_in_background();
    ASSERT_TRUE(more) << more.error().detail;
  }
  Error refusal() {
    auto opened = ShardStore::open(options);
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }
  char* frame(std::uint64_t number) { return log.data() + frame_at(number); }
  std::uint64_t commit_before_last() {
    std::uint64_t commits_seen = 0;
    for (std::uint64_t number = frames; number > 0; --number)
      if (commits(frame(number)) && ++commits_seen == 2) return number;
    return 0;
  }

  TempFolder folder;
  std::string path = folder.file("s.db");
  ShardOptions options = shard_options(path);
  std::uint64_t saved = 0;
  std::string log;
  std::uint64_t frames = 0;
};

TEST_F(SealTest, ABitFlippedInAnyPageOfAClosedFileIsNoticedWhenItIsOpened) {
  fill(options);
  const std::string sound = bytes_of(path);
  ASSERT_GT(sound.size(), 30u * kPageBytes);
  Rng rng(1, 1);
  for (std::uint64_t page = 0; page < sound.size() / kPageBytes; ++page) {
    std::string rotten = sound;
    flip(&rotten, page * kPageBytes + rng.below(kPageBytes), static_cast<int>(rng.below(8)));
    put_bytes(path, rotten);
    const Error error = refusal();
    ASSERT_EQ(error.trouble, Trouble::kIo) << page;
    ASSERT_NE(error.detail.find("page " + std::to_string(page + 1) + " does not fit its seal"), std::string::npos)
        << error.detail;
    ASSERT_NE(error.detail.find(path), std::string::npos);
    ASSERT_NE(error.detail.find("dure restore"), std::string::npos);
    ASSERT_EQ(bytes_of(path), rotten) << "what was found was overwritten";
  }
  put_bytes(path, sound);
  EXPECT_EQ(gold(*open_shard(options)), 60);
}

// The teeth: without the seals a balance is another one, and nothing says so.
TEST_F(SealTest, WithoutSealsAFlippedBitIsAnotherBalance) {
  fill(options);
  const std::string sound = bytes_of(path);
  options.verify_seals = false;
  int wrong = 0;
  for (std::size_t at = kPageBytes; at < sound.size() && wrong == 0; ++at) {
    if (sound[at] != 60) continue;  // gold, as one byte of a row
    std::string rotten = sound;
    flip(&rotten, at);
    put_bytes(path, rotten);
    if (auto opened = ShardStore::open(options)) wrong += gold(**opened) == (60 ^ 8);
  }
  EXPECT_GT(wrong, 0);
}

TEST_F(SealTest, APageThatWasPutElsewhereDoesNotFit) {
  fill(options);
  std::string rotten = bytes_of(path);
  rotten.replace(5 * kPageBytes, kPageBytes, rotten.substr(6 * kPageBytes, kPageBytes));
  put_bytes(path, rotten);
  EXPECT_NE(refusal().detail.find("page 6 does not fit its seal"), std::string::npos);
}

TEST_F(SealTest, AFileThatWasCutOffIsNoticed) {
  fill(options);
  const std::string sound = bytes_of(path);
  put_bytes(path, sound.substr(0, sound.size() - 4 * kPageBytes));
  EXPECT_EQ(refusal().trouble, Trouble::kIo);
}

TEST_F(SealTest, NeitherMarkOfAFileWithSealsCanBeFlippedAway) {
  fill(options);
  std::string rotten = bytes_of(path);
  flip(&rotten, 20);  // 8 reserved bytes become none, as in a file of before seals
  put_bytes(path, rotten);
  EXPECT_NE(refusal().detail.find("page 1 does not fit its seal"), std::string::npos);
}

TEST_F(SealTest, ARunningStoreThatReadsARottenPageStopsAndServesNothingOfIt) {
  fill(options);
  options.quick_check_bytes_max = 0;  // a large file: it is not read when it is opened
  std::string rotten = bytes_of(path);
  bool stopped = false;
  for (std::size_t page = 1; page < rotten.size() / kPageBytes; ++page) flip(&rotten, page * kPageBytes + 2000);
  put_bytes(path, rotten);
  if (auto opened = ShardStore::open(options)) {
    BatchOf().add(acquisition(1, 0, 1)).run(**opened);
    stopped = (*opened)->failed() && (*opened)->failure().find("does not fit its seal") != std::string::npos;
  } else {
    stopped = opened.error().detail.find("does not fit its seal") != std::string::npos;
  }
  EXPECT_TRUE(stopped);
}

TEST_F(SealTest, ABitFlippedInAnyPageOfALargeFileIsNoticedBehindItsStart) {
  fill(options);
  const std::string sound = bytes_of(path);
  options.quick_check_bytes_max = 0;
  Rng rng(1, 3);
  std::uint64_t late = 0;
  for (std::uint64_t page = 0; page < sound.size() / kPageBytes; ++page) {
    std::string rotten = sound;
    flip(&rotten, page * kPageBytes + rng.below(kPageBytes), static_cast<int>(rng.below(8)));
    put_bytes(path, rotten);
    auto opened = ShardStore::open(options);
    if (!opened) continue;  // it was among the pages that are read to open it
    Result<bool> more = true;
    while (more && *more) more = (*opened)->check_in_background();
    ASSERT_FALSE(more) << page;
    EXPECT_NE(more.error().detail.find("page " + std::to_string(page + 1) + " does not fit its seal"),
              std::string::npos)
        << more.error().detail;
    EXPECT_NE(more.error().detail.find("dure restore"), std::string::npos);
    ++late;
  }
  EXPECT_GT(late, 20u);
}

TEST_F(SealTest, APageThatTheLogMakesWholeIsNoDamageBehindTheStart) {
  fill(options);
  auto store = open_shard(options);
  for (int i = 0; i < 10; ++i) give(*store);
  log = bytes_of(path + "-wal");
  std::string torn = bytes_of(path);
  store.reset();
  // As a checkpoint leaves them that was broken off.
  std::set<std::uint64_t> pages;
  for (std::size_t at = kLogHeadBytes; at < log.size(); at += kFrameBytes)
    pages.insert(static_cast<std::uint8_t>(log[at + 2]) * 256u + static_cast<std::uint8_t>(log[at + 3]));
  for (const std::uint64_t page : pages)
    if (page > 1 && page * kPageBytes <= torn.size()) torn.replace((page - 1) * kPageBytes, 100, std::string(100, 'x'));
  put_bytes(path, torn);
  put_bytes(path + "-wal", log);
  options.quick_check_bytes_max = 0;
  store = open_shard(options);
  EXPECT_NO_FATAL_FAILURE(check_behind_the_start(*store));
  EXPECT_EQ(gold(*store), 70);
}

TEST_F(SealTest, APageThatWasNeverWrittenIsNoDamage) {
  fill(options);
  auto store = open_shard(options);
  store->database().script(
      "BEGIN; CREATE TABLE gone(b BLOB); INSERT INTO gone VALUES(zeroblob(400000)); DROP TABLE gone; COMMIT");
  store.reset();
  // SQLite need not write what it gives back at once.
  std::string whole = bytes_of(path);
  whole.replace(whole.size() - kPageBytes, kPageBytes, std::string(kPageBytes, '\0'));
  put_bytes(path, whole);
  options.quick_check_bytes_max = 0;
  store = open_shard(options);
  EXPECT_NO_FATAL_FAILURE(check_behind_the_start(*store));
}

// ── the log ─────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(SealTest, ALogThatAKilledProcessLeftIsTakenUpWhole) {
  kill_after(10);
  EXPECT_EQ(gold(*open_shard(options)), 10);
}

TEST_F(SealTest, ABitFlippedBeforeTheLastTransactionOfALogIsRotAndNoEnd) {
  kill_after(4);
  const std::string sound = log, database = bytes_of(path);
  const std::uint64_t last = commit_before_last();
  Rng rng(2, 2);
  for (std::uint64_t number = 1; number <= last; ++number) {
    for (const std::size_t within : {std::size_t{1}, std::size_t{6}, std::size_t{9}, std::size_t{17},
                                     static_cast<std::size_t>(kFrameHeadBytes + rng.below(kPageBytes))}) {
      log = sound;
      flip(&log, static_cast<std::size_t>(frame_at(number)) + within);
      put_bytes(path + "-wal", log);
      const Error error = refusal();
      ASSERT_EQ(error.trouble, Trouble::kIo) << number << " " << within;
      ASSERT_NE(error.detail.find("log is damaged: frame " + std::to_string(number) + " of"), std::string::npos)
          << error.detail;
      ASSERT_EQ(bytes_of(path + "-wal"), log) << "the log was overwritten";
      ASSERT_EQ(bytes_of(path), database);
    }
  }
  put_bytes(path + "-wal", sound);
  EXPECT_EQ(gold(*open_shard(options)), 4);
}

// The teeth: SQLite ends such a log without a word, and what was SAVED is gone.
TEST_F(SealTest, WithoutTheLookAFlippedBitInTheLogIsALostTransaction) {
  kill_after(10);
  flip(&log, static_cast<std::size_t>(frame_at(commit_before_last())) + 100);
  put_bytes(path + "-wal", log);
  options.verify_seals = false;
  EXPECT_LT(gold(*open_shard(options)), 10);
}

TEST_F(SealTest, AMarkThatIsFlippedAwayHidesNoCommit) {
  kill_after(10);
  const std::uint64_t last = commit_before_last();
  char* mark = frame(last) + 4;
  // Pages of the database as a power of two, of which one bit makes none: the frames behind are summed anew.
  ASSERT_NE(std::memcmp(mark, "\0\0\0\0", 4), 0);
  std::memcpy(mark, "\0\0\0\x40", 4);
  const LogHead head = *parse_log_head(log.data());
  Chain chain = last == 1 ? head.chain : stored_chain(frame(last - 1));
  for (std::uint64_t number = last; number <= frames; ++number)
    put(chain = chain_of(head, chain, frame(number)), frame(number));
  mark[3] = 0;
  put_bytes(path + "-wal", log);
  EXPECT_NE(refusal().detail.find("log is damaged"), std::string::npos);
}

TEST_F(SealTest, ADamagedHeadAboveFramesIsRot) {
  kill_after(3);
  flip(&log, 17);
  put_bytes(path + "-wal", log);
  EXPECT_NE(refusal().detail.find("its head is damaged"), std::string::npos);
  EXPECT_EQ(bytes_of(path + "-wal"), log);
}

TEST_F(SealTest, ATornLastTransactionIsNoRot) {
  kill_after(10);
  const std::string sound = log, database = bytes_of(path);
  for (std::uint64_t number = commit_before_last() + 1; number <= frames; ++number) {
    log = sound;
    std::memset(frame(number) + 1000, 'x', 512);
    put_bytes(path, database);
    put_bytes(path + "-wal", log);
    ASSERT_EQ(gold(*open_shard(options)), 9) << number;
  }
}

TEST_F(SealTest, WhatAnOlderTornTransactionLeftBehindIsNoRot) {
  kill_after(10);
  const std::uint64_t last = commit_before_last();
  std::memset(frame(last + 1) + 1000, 'x', 512);
  put_bytes(path + "-wal", log);
  const std::string database = bytes_of(path);
  // A shorter one is written over it and torn as well, a third over that: what is behind are pieces of both.
  for (int life = 0; life < 3; ++life) {
    saved = 9;
    auto store = open_shard(options);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(gold(*store), 9);
    std::string now = bytes_of(path + "-wal");
    store.reset();
    std::memset(now.data() + frame_at(last + 1) + 1000, life + 1, 512);
    put_bytes(path, database);
    put_bytes(path + "-wal", now);
  }
}

// Of a longer transaction that was taken back the last frame is torn, and of a shorter one came the sector in which the
// first frame's mark is, and one of its page: beside the mark of a commit stands the checksum that the frames behind go
// on from.
TEST_F(SealTest, AMarkThatWasTornOntoAnOlderTransactionIsNoRot) {
  std::uint64_t first = 0;
  const auto a_sector_ends_in_its_head = [&] {
    return first != 0 && (frame_at(first) % 512 == 496 || frame_at(first) % 512 == 504);
  };
  for (int transactions = 5; transactions < 60 && !a_sector_ends_in_its_head(); ++transactions) {
    std::filesystem::remove(path);
    std::filesystem::remove(path + "-wal");
    saved = 0;
    kill_after(transactions);
    first = commit_before_last() + 1;
  }
  ASSERT_TRUE(a_sector_ends_in_its_head());
  ASSERT_GT(frames, first + 1);
  ASSERT_FALSE(commits(frame(first)));
  const auto gold_before = static_cast<std::int64_t>(saved - 1);
  const std::string database = bytes_of(path), sound = log;
  std::memset(frame(frames) + 1000, 'x', 512);
  const char page_and_mark[] = {0, 0, 0, 1, 0, 0, 0, 9};
  std::memcpy(frame(first), page_and_mark, sizeof page_and_mark);
  std::memset(frame(first) + 2000, 'y', 512);
  put_bytes(path + "-wal", log);
  auto store = open_shard(options);
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(gold(*store), gold_before);
  store.reset();
  // But a bit that is flipped in the page of a commit there is rot.
  const std::uint64_t commit = first - 1;
  ASSERT_TRUE(commits(sound.data() + frame_at(commit)));
  log = sound;
  flip(&log, static_cast<std::size_t>(frame_at(commit)) + 3000);
  put_bytes(path, database);
  put_bytes(path + "-wal", log);
  EXPECT_NE(refusal().detail.find("log is damaged: frame"), std::string::npos);
}

TEST_F(SealTest, AnySqliteThatCopiesALogIntoTheFileCopiesTheSeals) {
  kill_after(10);
  sqlite3* plain = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &plain), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(plain, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(plain);
  EXPECT_EQ(gold(*open_shard(options)), 10);
}

TEST_F(SealTest, ARunningStoreBelievesItsLogOnlyAsItWasWritten) {
  auto store = open_shard(options);
  BatchOf().add(creation(1)).add(acquisition(1, 0, 1)).run(*store);
  for (int i = 0; i < 5; ++i) give(*store);
  log = bytes_of(path + "-wal");
  const std::string database = bytes_of(path);
  frames = (log.size() - kLogHeadBytes) / kFrameBytes;
  for (std::uint64_t number = 1; number <= frames; ++number)
    flip(&log, static_cast<std::size_t>(frame_at(number)) + 999);
  put_bytes(path + "-wal", log);
  std::string said;
  try {
    store->database().script("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const SqlTrouble& trouble) {
    said = trouble.what();
  }
  EXPECT_NE(said.find("log is damaged: frame"), std::string::npos) << said;
  EXPECT_EQ(bytes_of(path), database);
}

// A transaction that is larger than the cache writes pages twice into the log, and its checksums anew.
TEST_F(SealTest, ATransactionThatSpillsIsWholeAfterAKill) {
  {
    auto store = open_shard(options);
    Database& db = store->database();
    db.script("PRAGMA cache_size=10; CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB); BEGIN");
    for (int round = 0; round < 3; ++round)
      for (int i = 0; i < 200; ++i) db.run("INSERT OR REPLACE INTO t VALUES(?1, zeroblob(?2))", i, 1000 + round);
    db.script("COMMIT; UPDATE t SET b = zeroblob(900) WHERE a < 20");
    const std::string database = bytes_of(path);
    log = bytes_of(path + "-wal");
    store.reset();
    put_bytes(path, database);
    put_bytes(path + "-wal", log);
  }
  auto store = open_shard(options);
  EXPECT_EQ(store->database().number("SELECT sum(length(b)) FROM t"), 180 * 1002 + 20 * 900);
  EXPECT_EQ(store->database().number("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

// ── files of before seals ───────────────────────────────────────────────────────────────────────────────────

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

TEST_F(SealTest, AFileOfBeforeSealsIsSealedWhenItIsOpened) {
  fill(options);
  strip(path);
  EXPECT_EQ(gold(*open_shard(options)), 60);
  const std::string sealed = bytes_of(path);
  for (std::uint64_t page = 0; page < sealed.size() / kPageBytes; ++page)
    ASSERT_TRUE(fits_seal(sealed.data() + page * kPageBytes, page + 1)) << page;
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  EXPECT_EQ(gold(*open_shard(options)), 60);
}

TEST_F(SealTest, TheLogOfAFileOfBeforeSealsIsNotLeftBehind) {
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

TEST_F(SealTest, AFileOfSomebodyElseIsRefusedAndNotSealed) {
  sqlite3* plain = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &plain), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(plain, "CREATE TABLE mine(a)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(plain);
  EXPECT_NE(refusal().detail.find("is not a file of this server"), std::string::npos);
  EXPECT_EQ(bytes_of(path)[20], 0);
}

// ── audit, backup, restore ──────────────────────────────────────────────────────────────────────────────────

TEST_F(SealTest, TheAuditOfAFileWithARottenPageNamesIt) {
  fill(options);
  std::string rotten = bytes_of(path);
  for (std::size_t page = 3; page < rotten.size() / kPageBytes; ++page) flip(&rotten, page * kPageBytes + 1234);
  put_bytes(path, rotten);
  const auto audited = audit_file(path, "");
  ASSERT_FALSE(audited);
  EXPECT_NE(audited.error().detail.find("does not fit its seal"), std::string::npos) << audited.error().detail;
}

TEST_F(SealTest, ABackupWithARottenPageIsNotPutBack) {
  fill(options);
  const std::string backup = folder.file("backup.db");
  const std::string sound = bytes_of(path);
  std::string rotten = sound;
  flip(&rotten, rotten.size() / kPageBytes / 2 * kPageBytes + 77);
  put_bytes(backup, rotten);
  const Restoring restoring{backup, path, "shard", "test", 3, 2};
  const auto ready = prepare_restore(restoring);
  ASSERT_FALSE(ready);
  EXPECT_NE(ready.error().detail.find(backup + ": page"), std::string::npos) << ready.error().detail;
  EXPECT_EQ(bytes_of(path), sound);
}

TEST_F(SealTest, ABackupOfBeforeSealsIsPutBackWithSeals) {
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

// What the disk forgets or flips is noticed in every frame of the log, and told from a transaction that was torn.
#include "dbagent/store/sealed_log.h"

#include <sqlite3.h>

#include <cstring>
#include <filesystem>

#include "common/base/random.h"
#include "dbagent/store/log_walk.h"
#include "tests/dbagent/store/seal_fixture.h"

namespace dure::store {
namespace {

class SealedLogTest : public SealTest {
 protected:
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
  char* frame(std::uint64_t number) { return log.data() + frame_at(number); }
  std::uint64_t commit_before_last() {
    std::uint64_t commits_seen = 0;
    for (std::uint64_t number = frames; number > 0; --number)
      if (commits(frame(number)) && ++commits_seen == 2) return number;
    return 0;
  }

  std::string log;
  std::uint64_t frames = 0;
};

TEST_F(SealedLogTest, ALogThatAKilledProcessLeftIsTakenUpWhole) {
  kill_after(10);
  EXPECT_EQ(gold(*open_shard(options)), 10);
}

TEST_F(SealedLogTest, ABitFlippedBeforeTheLastTransactionOfALogIsRotAndNoEnd) {
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
TEST_F(SealedLogTest, WithoutTheLookAFlippedBitInTheLogIsALostTransaction) {
  kill_after(10);
  flip(&log, static_cast<std::size_t>(frame_at(commit_before_last())) + 100);
  put_bytes(path + "-wal", log);
  options.verify_seals = false;
  EXPECT_LT(gold(*open_shard(options)), 10);
}

TEST_F(SealedLogTest, AMarkThatIsFlippedAwayHidesNoCommit) {
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

TEST_F(SealedLogTest, ADamagedHeadAboveFramesIsRot) {
  kill_after(3);
  flip(&log, 17);
  put_bytes(path + "-wal", log);
  EXPECT_NE(refusal().detail.find("its head is damaged"), std::string::npos);
  EXPECT_EQ(bytes_of(path + "-wal"), log);
}

TEST_F(SealedLogTest, ATornLastTransactionIsNoRot) {
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

TEST_F(SealedLogTest, WhatAnOlderTornTransactionLeftBehindIsNoRot) {
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
TEST_F(SealedLogTest, AMarkThatWasTornOntoAnOlderTransactionIsNoRot) {
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

TEST_F(SealedLogTest, AnySqliteThatCopiesALogIntoTheFileCopiesTheSeals) {
  kill_after(10);
  sqlite3* plain = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &plain), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(plain, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(plain);
  EXPECT_EQ(gold(*open_shard(options)), 10);
}

TEST_F(SealedLogTest, ARunningStoreBelievesItsLogOnlyAsItWasWritten) {
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
TEST_F(SealedLogTest, ATransactionThatSpillsIsWholeAfterAKill) {
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

}  // namespace
}  // namespace dure::store

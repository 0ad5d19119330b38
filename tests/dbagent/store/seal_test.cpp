// What the disk forgets or flips is noticed in every page before it becomes anybody's balance.
#include "dbagent/store/seal.h"

#include <set>

#include "common/base/random.h"
#include "dbagent/store/backup.h"
#include "dbagent/store/log_walk.h"
#include "tests/dbagent/store/seal_fixture.h"

namespace dure::store {
namespace {

void check_behind_the_start(ShardStore& store) {
  Result<bool> more = true;
  while (more && *more) more = store.check_in_background();
  ASSERT_TRUE(more) << more.error().detail;
}

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
  const std::string log = bytes_of(path + "-wal");
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

}  // namespace
}  // namespace dure::store

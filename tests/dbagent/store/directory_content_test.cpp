#include <sqlite3.h>

#include "common/proto/content.pb.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"
#include "tests/dbagent/store/vfs_shim.h"

namespace dure::store {
namespace {

class DirectoryContentTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  bool try_open(const char* vfs = "") {
    DirectoryOptions options;
    options.path = folder.file("directory.db");
    options.cluster_id = "test";
    options.agent_incarnation = {1, 1};
    options.vfs = vfs;
    auto opened = DirectoryStore::open(options);
    why = opened ? "" : opened.error().detail;
    if (opened) directory = std::move(*opened);
    return opened.has_value();
  }
  void open(const char* vfs = "") { ASSERT_TRUE(try_open(vfs)) << why; }
  proto::ContentLoaded load(std::uint64_t hash, bool first = false, bool always = false, std::size_t bytes = 3) {
    proto::ContentLoad request;
    request.set_hash(hash);
    auto* file = request.add_files();
    file->set_name("items.toml");
    file->set_text(std::string(bytes, 'x'));
    request.mutable_guards()->set_closed(hash % 2 == 1);
    request.set_activate_first(first);
    request.set_activate_always(always);
    return ask<proto::ContentLoaded>(*directory, request);
  }
  proto::ContentDone activate(std::uint32_t version) {
    proto::ContentActivate request;
    request.set_version(version);
    return ask<proto::ContentDone>(*directory, request);
  }
  proto::ContentReply state(std::uint32_t version = 0) {
    proto::ContentQuery query;
    query.set_files(true);
    query.set_guards(true);
    query.set_version(version);
    return ask<proto::ContentReply>(*directory, query);
  }
  std::vector<std::uint32_t> told(bool guards) {
    proto::ContentQuery query;
    query.set_guards(guards);
    const auto reply = ask<proto::ContentReply>(*directory, query);
    std::vector<std::uint32_t> numbers;
    for (const auto& version : reply.versions()) numbers.push_back(version.version());
    return numbers;
  }
  // As the schema before the last one left it.
  void make_it_older() {
    directory.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(open_by_hand(folder.file("directory.db").c_str(), &db), SQLITE_OK);
    ASSERT_EQ(
        sqlite3_exec(
            db, "DROP TABLE content; ALTER TABLE name DROP COLUMN given_up; UPDATE shard_meta SET schema_version = 2",
            nullptr, nullptr, nullptr),
        SQLITE_OK);
    sqlite3_close(db);
  }
  TempFolder folder;
  std::unique_ptr<DirectoryStore> directory;
  std::string why;
};

TEST_F(DirectoryContentTest, TheFirstVersionIsActiveIfThatWasAsked) {
  EXPECT_EQ(state().active(), 0u);
  EXPECT_EQ(load(11).version(), 1u);
  EXPECT_EQ(state().active(), 0u);
  const auto again = load(11, true);
  EXPECT_FALSE(again.fresh());
  EXPECT_EQ(again.active(), 1u);
  EXPECT_EQ(state().versions(0).files(0).text(), "xxx");
  EXPECT_TRUE(state().versions(0).guards().closed());
}

TEST_F(DirectoryContentTest, AVersionThatNobodyPlayedIsReplacedAPlayedOneNever) {
  load(11, true);
  EXPECT_EQ(load(12).version(), 2u);
  EXPECT_EQ(load(13).version(), 2u);
  EXPECT_EQ(state(2).versions(0).hash(), 13u);
  EXPECT_EQ(activate(2).code(), proto::STORED);
  EXPECT_EQ(load(14).version(), 3u);
  EXPECT_EQ(load(13).version(), 2u) << "it is there";
  EXPECT_EQ(load(11).version(), 3u) << "what was before comes back as a new version";
}

// Its number may still go to other content: owners may read it, shards must not judge by it.
TEST_F(DirectoryContentTest, TheGuardsOfWhatWasNeverActiveAreNotGivenOut) {
  using Numbers = std::vector<std::uint32_t>;
  load(11, true);
  load(12);
  EXPECT_EQ(told(false), (Numbers{1, 2}));
  EXPECT_EQ(told(true), Numbers{1});
  load(13);
  activate(2);
  EXPECT_EQ(told(true), (Numbers{1, 2}));
  activate(1);
  EXPECT_EQ(told(true), (Numbers{1, 2})) << "whoever has not heard of the step back goes on with it";
}

TEST_F(DirectoryContentTest, ActivationGoesOneStepAtATimeEitherWay) {
  load(11, true);
  load(12);
  EXPECT_EQ(activate(2).code(), proto::STORED);
  load(13);
  EXPECT_EQ(activate(1).code(), proto::STORED);
  const auto far = activate(3);
  EXPECT_EQ(far.code(), proto::EXPECTED_OTHER);
  EXPECT_NE(far.detail().find("version 1 is active"), std::string::npos);
  EXPECT_EQ(activate(1).code(), proto::STORED) << "asked again";
  EXPECT_EQ(activate(2).code(), proto::STORED);
  EXPECT_EQ(activate(4).code(), proto::NO_SUCH);
  EXPECT_EQ(activate(0).code(), proto::NO_SUCH);
  EXPECT_EQ(activate(3).code(), proto::STORED);
  directory.reset();
  open();
  EXPECT_EQ(state().active(), 3u);
  EXPECT_EQ(state().versions_size(), 2) << "the active one and the one before";
}

TEST_F(DirectoryContentTest, ADeveloperPlaysWhatIsLoaded) {
  load(11, true);
  EXPECT_EQ(load(12, true, true).active(), 2u);
  EXPECT_EQ(load(12, true, true).active(), 2u);
}

TEST_F(DirectoryContentTest, ADirectoryOfTheSchemaBeforeIsBroughtUpWhereItIsOpened) {
  make_it_older();
  open();
  EXPECT_EQ(load(11, true).active(), 1u);
}

// A process that dies writes nothing any more: at each write of what it does in turn.
class KilledContentTest : public DirectoryContentTest {
 protected:
  static constexpr std::uint64_t kWritesMost = 200;
  void die_at_write(std::uint64_t nth) {
    disk.heal();
    disk.fail_write(nth, SQLITE_IOERR_WRITE, true);
  }
  void live_again() {
    directory.reset();
    disk.heal();
    open(FaultyDisk::kName);
  }
  void expect_whole(std::uint32_t version, std::uint64_t hash) {
    const auto kept = state(version);
    ASSERT_EQ(kept.versions_size(), 1);
    EXPECT_EQ(kept.versions(0).hash(), hash);
    ASSERT_EQ(kept.versions(0).files_size(), 1);
    EXPECT_EQ(kept.versions(0).files(0).text(), "xxx");
    EXPECT_EQ(kept.versions(0).guards().closed(), hash % 2 == 1);
  }
  FaultyDisk disk;  // outlives no store: TearDown
  void TearDown() override { directory.reset(); }
};

TEST_F(KilledContentTest, AKilledLoadLeavesTheOldContentAndHalfOfNothing) {
  load(11, true);
  live_again();
  std::uint64_t nth = 1;
  for (bool through = false; !through && nth < kWritesMost; ++nth) {
    die_at_write(nth);
    through = load(12).code() == proto::STORED;
    live_again();
    EXPECT_EQ(state().active(), 1u);
    expect_whole(1, 11);
    if (state(2).versions_size() > 0) expect_whole(2, 12);
  }
  EXPECT_LT(nth, kWritesMost);
  EXPECT_GT(nth, 2u) << "nothing was in the way";
  expect_whole(2, 12);
}

TEST_F(KilledContentTest, AnActivationThatIsKilledLeavesOneOfTheTwoActiveAndIsAskedForAgain) {
  load(11, true);
  load(12);
  live_again();  // killed between the two: loaded, not active
  EXPECT_EQ(state().active(), 1u);
  std::uint64_t nth = 1;
  for (bool through = false; !through && nth < kWritesMost; ++nth) {
    die_at_write(nth);
    through = activate(2).code() == proto::STORED;
    live_again();
    const std::uint32_t active = state().active();
    EXPECT_TRUE(active == 2 || (!through && active == 1)) << active;
    expect_whole(1, 11);
    expect_whole(2, 12);
  }
  EXPECT_LT(nth, kWritesMost);
  EXPECT_GT(nth, 2u) << "nothing was in the way";
  EXPECT_EQ(activate(2).code(), proto::STORED);
  EXPECT_EQ(state().active(), 2u);
}

TEST_F(KilledContentTest, AKilledMigrationIsDoneAgainByTheNextLife) {
  make_it_older();
  std::uint64_t nth = 1;
  for (bool through = false; !through && nth < kWritesMost; ++nth) {
    die_at_write(nth);
    through = try_open(FaultyDisk::kName);
    directory.reset();
  }
  EXPECT_LT(nth, kWritesMost);
  EXPECT_GT(nth, 2u) << "nothing was in the way";
  live_again();
  EXPECT_EQ(load(11, true).active(), 1u);
}

TEST_F(DirectoryContentTest, ContentBeyondItsLimitIsRefused) {
  EXPECT_EQ(load(11, true, false, 2 << 20).code(), proto::REJECTED);
  EXPECT_EQ(state().active(), 0u);
}

}  // namespace
}  // namespace dure::store

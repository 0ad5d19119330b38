#include <sqlite3.h>

#include <fstream>

#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

Error refusal(const ShardOptions& options) {
  auto store = ShardStore::open(options);
  EXPECT_FALSE(store);
  return store ? Error{} : store.error();
}

TEST(StoreFile, AFileOfAnotherClusterIsRefusedByName) {
  TempFolder folder;
  auto options = shard_options(folder.file("s.db"));
  open_shard(options).reset();
  options.cluster_id = "live";
  const Error error = refusal(options);
  EXPECT_EQ(error.trouble, Trouble::kInvalid);
  EXPECT_EQ(error.detail, "shard file " + options.path + " belongs to cluster 'test', not 'live'");
}

TEST(StoreFile, AnotherShardAnotherKindAndANewerSchemaAreRefused) {
  TempFolder folder;
  auto options = shard_options(folder.file("s.db"));
  open_shard(options).reset();
  auto other = options;
  other.shard = 1;
  EXPECT_EQ(refusal(other).detail, "shard file " + options.path + " is shard 3, not 1");
  DirectoryOptions directory;
  static_cast<FileOptions&>(directory) = options;
  EXPECT_EQ(DirectoryStore::open(directory).error().trouble, Trouble::kInvalid);
  sqlite3* db = nullptr;
  open_by_hand(options.path.c_str(), &db);
  sqlite3_exec(db, "UPDATE shard_meta SET schema_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  EXPECT_NE(refusal(options).detail.find("schema version 99"), std::string::npos);
}

TEST(StoreFile, AnOlderSchemaIsRefusedAndNotGuessedAt) {
  TempFolder folder;
  const auto options = shard_options(folder.file("s.db"));
  open_shard(options).reset();
  sqlite3* db = nullptr;
  open_by_hand(options.path.c_str(), &db);
  sqlite3_exec(db, "UPDATE shard_meta SET schema_version = 0", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  EXPECT_EQ(refusal(options).trouble, Trouble::kInvalid);
  EXPECT_NE(refusal(options).detail.find("schema version 0"), std::string::npos);
}

TEST(StoreFile, AFileOfAnotherGenerationIsRefused) {
  TempFolder folder;
  auto options = shard_options(folder.file("s.db"));
  options.generation = 3;
  open_shard(options).reset();
  open_shard(options).reset();
  options.generation = 4;
  EXPECT_EQ(refusal(options).trouble, Trouble::kInvalid);
  EXPECT_NE(refusal(options).detail.find("is generation 3, not 4"), std::string::npos);
}

TEST(StoreFile, AMissingFileIsRefusedUnlessAFreshOneIsAllowed) {
  TempFolder folder;
  auto options = shard_options(folder.file("s.db"));
  options.fresh_ok = false;
  EXPECT_EQ(refusal(options).trouble, Trouble::kIo);
}

TEST(StoreFile, GarbageIsRefused) {
  TempFolder folder;
  const auto options = shard_options(folder.file("s.db"));
  std::ofstream(options.path) << std::string(8192, 'x');
  EXPECT_EQ(refusal(options).trouble, Trouble::kIo);
}

TEST(StoreFile, TwoStoresNeverShareAFile) {
  TempFolder folder;
  const auto options = shard_options(folder.file("s.db"));
  const auto first = open_shard(options);
  EXPECT_NE(refusal(options).detail.find("locked"), std::string::npos);
}

TEST(StoreFile, ShardTimeNeverGoesBack) {
  TempFolder folder;
  const auto options = shard_options(folder.file("s.db"));
  auto store = open_shard(options);
  EXPECT_EQ(BatchOf(kNow).add(creation(1)).run(*store).shard_time(), static_cast<std::uint64_t>(kNow));
  EXPECT_EQ(BatchOf(kNow - 5000).add(creation(2)).run(*store).shard_time(), static_cast<std::uint64_t>(kNow));
  store.reset();
  store = open_shard(options);
  EXPECT_EQ(BatchOf(5).add(creation(3)).run(*store).shard_time(), static_cast<std::uint64_t>(kNow));
}

TEST(StoreFile, ALargeFileIsCheckedSomePagesAtATimeLater) {
  TempFolder folder;
  auto options = shard_options(folder.file("s.db"));
  {
    const auto store = open_shard(options);
    BatchOf().add(creation(1)).add(acquisition(1, 0, 1)).run(*store);
    BatchOf().add(Ops(1, 1).op(1).layout(std::string(1'000'000, 'l')).request).run(*store);
  }
  ASSERT_FALSE(open_shard(options)->check_in_background().value()) << "a small one is checked when it is opened";
  options.quick_check_bytes_max = 0;
  const auto store = open_shard(options);
  int times = 1;
  while (store->check_in_background().value()) ++times;
  EXPECT_EQ(times, static_cast<int>(std::filesystem::file_size(options.path) / 4096 / 128) + 1);
  EXPECT_FALSE(store->check_in_background().value()) << "once";
}

TEST(StoreFile, AnUnknownMessageAndAMalformedBodyHarmNobody) {
  TempFolder folder;
  const auto store = open_shard(shard_options(folder.file("s.db")));
  proto::StoreBatch batch;
  batch.add_items()->set_message_id(9);
  auto* malformed = batch.add_items();
  malformed->set_message_id(route_id(proto::CreatePlayerRequest::descriptor()));
  malformed->set_body("\xff\xff");
  auto* good = batch.add_items();
  good->set_message_id(malformed->message_id());
  good->set_body(creation(1).SerializeAsString());
  proto::StoreBatchReply reply;
  reply.ParseFromString(store->run(batch.SerializeAsString()));
  EXPECT_EQ(reply.items(0).body(), "");
  proto::StoreReply second, third;
  second.ParseFromString(reply.items(1).body());
  third.ParseFromString(reply.items(2).body());
  EXPECT_EQ(second.code(), proto::REJECTED);
  EXPECT_EQ(third.code(), proto::STORED);
}

}  // namespace
}  // namespace dure::store

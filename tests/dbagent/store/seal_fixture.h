// A shard's file in which a test flips bits, and what is there when it is opened again. Its bytes are read and written
// past SQLite.
#pragma once
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "dbagent/store/seal.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void put_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline void flip(std::string* bytes, std::size_t at, int bit = 3) {
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
  Error refusal() {
    auto opened = ShardStore::open(options);
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }

  TempFolder folder;
  std::string path = folder.file("s.db");
  ShardOptions options = shard_options(path);
  std::uint64_t saved = 0;
};

}  // namespace dure::store

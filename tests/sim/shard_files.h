// Two shards' files, empty but for their schema, for tests that make rows up. One thread.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "dbagent/store/shard_store.h"
#include "tests/sim/disk.h"

namespace dure::sim {

class ShardFiles {
 public:
  ShardFiles() {
    for (const std::uint32_t shard : {0, 1}) {
      store::ShardOptions options;
      options.path = "shard-" + std::to_string(shard) + ".db";
      options.vfs = disk_.vfs();
      options.cluster_id = "dure";
      options.shard = shard;
      options.agent_incarnation = {1, shard + 1};
      auto store = store::ShardStore::open(options);
      EXPECT_TRUE(store.has_value()) << store.error().detail;
      stores_[shard] = std::move(*store);
    }
  }
  store::Database& database(std::uint32_t shard) { return stores_[shard]->database(); }
  void on(std::uint32_t shard, const std::string& sql) { database(shard).script(sql); }
  // Each of them, for a law to read.
  template <class Law>
  void read_into(Law* law) {
    for (auto& [shard, store] : stores_) law->read(shard, store->database());
  }

 private:
  Disk disk_{1};
  std::map<std::uint32_t, std::unique_ptr<store::ShardStore>> stores_;
};

// A blob as SQL writes it.
inline std::string literal(const std::string& bytes) {
  std::string all = "x'";
  for (const unsigned char c : bytes) {
    all += "0123456789abcdef"[c >> 4];
    all += "0123456789abcdef"[c & 15];
  }
  return all + "'";
}

}  // namespace dure::sim

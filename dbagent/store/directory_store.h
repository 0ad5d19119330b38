// The directory database file: accounts, sessions, names, places, GM commands, switches. One thread at a time; runs
// batches as a ShardStore does (shard_store.h).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "dbagent/store/store_file.h"

namespace dure::store {

struct DirectoryOptions : FileOptions {
  std::uint32_t first_shard = 0;  // new accounts go to so many shards from this one on
  std::uint32_t shards = 1;
};

class DirectoryStore {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DirectoryStore>> open(const DirectoryOptions& options);
  ~DirectoryStore();

  // Requests 550–564 of dbagent.proto.
  std::string run(std::string_view batch);
  bool failed() const;
  const std::string& failure() const;
  std::uint64_t faults() const;
  // After each batch: a backup that is under way copies some pages.
  [[nodiscard]] Result<> between_commits();
  [[nodiscard]] Result<bool> check_in_background();
  // False: a row of the GM audit was changed or cut out.
  bool audit_chain_whole();
  // Of whoever looks at what was committed, between batches and on their thread; it changes nothing.
  Database& database();

 private:
  struct Parts;
  explicit DirectoryStore(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace dure::store

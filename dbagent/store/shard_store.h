// One shard database file: the only thing that changes what players own. One thread at a time; opening, running and
// closing may take as long as the disk. Two stores never share a file: the second open is refused.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "dbagent/store/store_file.h"

namespace dure::store {

struct ShardOptions : FileOptions {
  std::uint32_t characters_max = 8;  // of one account
  bool content_guards = true;        // false: an operator fills a file that nobody plays on
};

class ShardStore {
 public:
  // kInvalid: the file is another cluster's, another shard's, or newer than this program (exit 78). kIo: locked or
  // damaged.
  [[nodiscard]] static Result<std::unique_ptr<ShardStore>> open(const ShardOptions& options);
  ~ShardStore();

  // An encoded proto::StoreBatch → an encoded proto::StoreBatchReply. One transaction, committed and synced before it
  // returns. Requests 500–516 of dbagent.proto, those of trade.proto and operator.proto; others are answered with an
  // empty body.
  std::string run(std::string_view batch);
  // The file can no longer be trusted: the agent has to stop. Every later batch is answered RETRY.
  bool failed() const;
  const std::string& failure() const;
  // Items taken back because of a bug of ours.
  std::uint64_t faults() const;

  // Of whoever looks at what was committed, between batches and on their thread; it changes nothing.
  Database& database();

  // After each batch: what is looked at a slice at a time (books.h). An error: the file can no longer be trusted.
  [[nodiscard]] Result<> between_commits();
  // A large file is not checked at open. Call this between batches until it answers false; each call checks some pages.
  [[nodiscard]] Result<bool> check_in_background();

 private:
  struct Parts;
  explicit ShardStore(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace dure::store

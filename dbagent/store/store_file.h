// One database file that belongs to one cluster and one agent process: opening it with the settings without which SAVED
// means nothing, refusing a foreign one, and its clock and counters (shard_meta). One thread at a time.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "dbagent/store/statement.h"

namespace dure::store {

struct FileOptions {
  std::string path;
  std::string cluster_id;
  std::uint32_t shard = 0;
  std::uint32_t realm_id = 1;
  Incarnation agent_incarnation;
  std::string vfs;       // empty: SQLite's default
  bool fresh_ok = true;  // make the file when it is missing
  // A restore of a whole cluster raises it; a file of another one is from before or after. 0: whatever it is.
  std::uint64_t generation = 0;
  bool sync = true;  // false where a file is filled, or a test has no power to lose
  std::uint64_t quick_check_bytes_max = 256ull << 20;
  bool verify_seals = true;  // false shows what they are for
};

class StoreFile {
 public:
  // `kind` is "shard" or "directory"; `schema` makes its tables. A file of another cluster, shard or kind, or of
  // another schema or generation, is kInvalid; a damaged or locked one kIo. One of before seals is sealed (sealing.h).
  [[nodiscard]] static Result<std::unique_ptr<StoreFile>> open(const FileOptions& options, const char* kind,
                                                               const char* schema);

  Database& database() { return *database_; }
  const FileOptions& options() const { return options_; }

  // Inside a transaction: loads the meta row and moves shard_time up to `wall_unix_ms`, never back; while that is
  // behind (a clock was ahead once), at half its pace. False: another agent process has taken the file since.
  [[nodiscard]] bool begin(std::int64_t wall_unix_ms);
  // Inside the same transaction, when it changed anything.
  void keep();
  std::int64_t shard_time() const { return shard_time_; }
  std::int64_t stored_shard_time() const { return stored_shard_time_; }
  std::int64_t day() const;
  // Numbers that no two rows of this file share (ledger transactions, outbox order, accounts).
  std::int64_t next_number() { return next_number_++; }
  void count_operation() { ++operations_; }
  std::int64_t operations() const { return operations_; }

  // True when the file was too large to be checked at open and has not been checked since.
  bool check_is_due() const { return check_is_due_; }
  // Holds some more pages against their seals, within a millisecond where they are in memory; call it between batches.
  // What lies wrong in pages that are whole is left to the checks of copies (backup.h). False: all are checked.
  [[nodiscard]] Result<bool> check_next_pages();

 private:
  [[nodiscard]] Result<> connect(const char* kind, const char* schema);
  [[nodiscard]] Result<> prepare(const char* kind, const char* schema);
  [[nodiscard]] Result<> verify_settings();
  [[nodiscard]] Result<> take_over(const char* kind);
  [[nodiscard]] Result<> quick_check();
  void create_tables(const char* kind, const char* schema);

  FileOptions options_;
  std::unique_ptr<Database> database_;
  std::int64_t shard_time_ = 0;
  std::int64_t stored_shard_time_ = 0;
  std::int64_t slow_since_wall_ = 0, slow_since_ = 0;  // both clocks when this one began to wait; 0: it does not
  std::int64_t wall_before_ = 0;                       // the other one when it was last looked at while this one waits
  std::int64_t next_number_ = 1;
  std::int64_t operations_ = 0;
  bool check_is_due_ = false;
  std::uint64_t next_page_ = 1;  // to be checked
};

Key16 key_of(const Incarnation& incarnation);
// Inside a transaction: brings a file of the version before this one up to it.
void upgrade(Database& database, std::string_view kind);

}  // namespace dure::store

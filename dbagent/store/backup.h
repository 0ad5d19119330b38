// A copy of a database file while it is written, by SQLite's backup interface on the file's own connection, some pages
// between two commits. Pages that are copied already and change then are written into the copy by SQLite at once. The
// last page is kept back until `finish`: so the copy follows every commit until the one instant that the caller chooses
// for all files (Agent::pause()), and only then it is whole, synced and renamed to its path. Whatever makes it fall
// behind again (the file grows; SQLite begins anew after a batch that was rolled back) is copied outside of that
// instant: what has more than a step to go is not finished but COPYING.
//
// A disk takes its time to make a copy durable, so that is done outside of that instant, too: some MiB at a time,
// before the copy is said to be nearly whole, and as long as it waits so.
//
// Lives with one file; one backup at a time: another one (another id) is told BROKEN until this one is whole or
// broken, or nobody asked for it for kLeftMs: then it was left, and is dropped with its copy. A step that fails leaves
// the file itself untouched: BROKEN, and no copy. What was never begun here is not finished: that would be the whole
// file at once.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "dbagent/store/statement.h"

struct sqlite3_backup;

namespace dure::proto {
class BackupState;
}

namespace dure::store {

class Backup {
 public:
  // Some hundred microseconds of copying.
  static constexpr int kPagesAtOnce = 256;
  // Between two syncs of the copy: while one goes on, nothing is committed.
  static constexpr int kPagesASync = 1024;
  static constexpr std::int64_t kSyncAgainMs = 1000;  // of one that waits, nearly whole
  static constexpr std::int64_t kLeftMs = 10'000;

  explicit Backup(Database& database) : database_(database) {}
  ~Backup() { drop(); }
  // Inside a batch at the file's time `now`: says how it stands, and what between_commits() does next.
  proto::BackupState answer(std::int64_t now, std::uint64_t id, const std::string& path, bool finish, bool cancel);
  // After the batch of the file's time `now` was committed.
  void between_commits(std::int64_t now);

 private:
  enum class Order { kNone, kStep, kFinish, kCancel };
  enum class Phase { kNone, kCopying, kNearly, kDone, kBroken };
  bool under_way() const { return phase_ == Phase::kCopying || phase_ == Phase::kNearly; }
  void start();
  void step(int pages);
  void sync(std::int64_t now);
  void finish();
  void drop();
  void broken(const std::string& why);
  void broken_by(int code);

  Database& database_;
  Order order_ = Order::kNone;
  Phase phase_ = Phase::kNone;
  std::uint64_t id_ = 0;
  std::int64_t asked_at_ = 0;  // for id_, the last time
  std::string path_, why_;
  std::unique_ptr<Database> copy_;
  sqlite3_backup* backup_ = nullptr;
  int pages_ = 0, pages_left_ = 0;
  int unsynced_ = 0;  // pages of the copy
  std::int64_t synced_at_ = 0;
};

// Puts a copy into the place of a stopped cluster's file. The backup's own file stays as it is.
struct Restoring {
  std::string from, to;
  std::string kind;  // "shard", "directory"
  std::string cluster_id;
  std::uint32_t shard = 0;
  std::uint64_t generation = 0;  // written into it
  bool alone = false;            // a shard, while the others go on: closed, its epochs raised (reconcile.h)
};
// The generation of a file; kInvalid: it is not this cluster's, or not this shard's; kBusy: somebody has it open.
[[nodiscard]] Result<std::uint64_t> generation_of(const std::string& path, const Restoring& whose);
// Beside its place first, checked and synced; then renamed: a crash leaves the old file or the new one. Two steps, so
// that all files of a cluster are ready before the first is put into its place.
[[nodiscard]] Result<> prepare_restore(const Restoring& restoring);
[[nodiscard]] Result<> place_restored(const Restoring& restoring);
// The mark in a folder whose files are of two cuts: durable before the first is put into its place, gone after the
// last. Nobody opens them while it is there.
[[nodiscard]] Result<> mark_unfinished(const std::string& mark);
[[nodiscard]] Result<> remove_mark(const std::string& mark);

}  // namespace dure::store

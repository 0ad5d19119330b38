#include "dbagent/store/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/proto/operator.pb.h"
#include "dbagent/store/schema.h"
#include "dbagent/store/seal.h"
#include "dbagent/store/sealing.h"
#include "dbagent/store/store_file.h"

namespace dure::store {
namespace {

// Whoever owned somebody here is fenced, and no epoch that was granted after the backup is granted again, nor a number
// that it gave: a record of whoever has no owner then has no version that another one had.
void close_and_fence(Database& db, std::uint64_t generation) {
  db.run(
      "UPDATE player SET epoch = epoch + ?1, owner_inc = zeroblob(16), owner_node = 0, last_pseq = 0, acquire_id = 0, "
      "acquire_epoch = 0",
      kEpochsLeftOut);
  db.run("UPDATE shard_meta SET next_number = next_number + ?1", kEpochsLeftOut);
  db.run("INSERT INTO restored(generation, closed, at) SELECT ?1, 1, shard_time FROM shard_meta", generation);
}

proto::BackupState refused(const char* why) {
  proto::BackupState state;
  state.set_phase(proto::BACKUP_BROKEN);
  state.set_detail(why);
  return state;
}

}  // namespace

proto::BackupState Backup::answer(std::int64_t now, std::uint64_t id, const std::string& path, bool finish,
                                  bool cancel) {
  proto::BackupState state;
  if (cancel) {
    if (id == id_) order_ = Order::kCancel;
    return state;
  }
  if (id != id_ && under_way() && now - asked_at_ < kLeftMs) return refused("another backup is under way");
  if (finish && (id != id_ || phase_ == Phase::kNone)) return refused("its copy is not there any more");
  asked_at_ = now;
  if (id != id_) {
    drop();
    id_ = id;
    path_ = path;
    phase_ = Phase::kNone;
    why_.clear();
    pages_ = pages_left_ = 0;
  }
  order_ = finish ? Order::kFinish : Order::kStep;
  state.set_phase(static_cast<proto::BackupPhase>(phase_));
  state.set_detail(why_);
  state.set_pages(static_cast<std::uint64_t>(pages_));
  state.set_pages_left(static_cast<std::uint64_t>(pages_left_));
  return state;
}

void Backup::between_commits(std::int64_t now) {
  const Order order = std::exchange(order_, Order::kNone);
  // As long as it is attached SQLite writes all that is committed a second time, and begins it anew after a rollback.
  const bool left = order == Order::kNone && under_way() && now - asked_at_ >= kLeftMs;
  if (order == Order::kCancel || left) {
    drop();
    phase_ = Phase::kNone;
    id_ = 0;
  }
  if (order != Order::kStep && order != Order::kFinish) return;
  if (phase_ == Phase::kNone && order == Order::kStep) start();
  // How far it has to go is not what the last step said: the file grows, and a batch that was rolled back has SQLite
  // begin from the first page again.
  if (under_way()) step(0);
  if (!under_way()) return;
  if (order == Order::kFinish && pages_left_ <= kPagesAtOnce) return finish();
  if (order == Order::kStep && pages_left_ > 1) step(std::min(kPagesAtOnce, pages_left_ - 1));
  const bool nearly = under_way() && pages_left_ <= 1;
  // What is committed while a copy that is nearly whole waits for the others is written into it uncounted.
  const bool of_a_while = phase_ == Phase::kNearly && now - synced_at_ >= kSyncAgainMs;
  if ((nearly && (phase_ == Phase::kCopying || of_a_while)) || (under_way() && unsynced_ >= kPagesASync)) sync(now);
  if (phase_ != Phase::kBroken) phase_ = pages_left_ > 1 ? Phase::kCopying : Phase::kNearly;
}

void Backup::start() {
  remove_database(part_of(path_));
  auto copy = Database::open({part_of(path_), "", false, true});
  if (!copy) return broken("cannot be written");
  copy_ = std::move(*copy);
  backup_ = sqlite3_backup_init(copy_->handle(), "main", database_.handle(), "main");
  if (backup_ == nullptr) return broken(sqlite3_errmsg(copy_->handle()));
  unsynced_ = 0;
  phase_ = Phase::kCopying;
}

void Backup::step(int pages) {
  const int code = sqlite3_backup_step(backup_, pages);
  pages_ = sqlite3_backup_pagecount(backup_);
  pages_left_ = sqlite3_backup_remaining(backup_);
  unsynced_ += pages;
  if (code != SQLITE_OK) broken_by(code);
}

void Backup::sync(std::int64_t now) {
  unsynced_ = 0;
  synced_at_ = now;
  // What SQLite keeps in its cache goes to the disk with the last page: that is bounded.
  sqlite3_file* file = nullptr;
  int code = sqlite3_file_control(copy_->handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code == SQLITE_OK && file->pMethods != nullptr)
    code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
  if (code != SQLITE_OK) broken_by(code);
}

void Backup::finish() {
  const int code = sqlite3_backup_step(backup_, -1);
  pages_ = sqlite3_backup_pagecount(backup_);
  pages_left_ = sqlite3_backup_remaining(backup_);
  if (code != SQLITE_DONE) return broken_by(code);
  const int ended = sqlite3_backup_finish(std::exchange(backup_, nullptr));
  copy_.reset();
  if (ended != SQLITE_OK) return broken(sqlite3_errstr(ended));
  if (!rename_part(path_)) return broken("cannot be renamed");
  phase_ = Phase::kDone;
}

void Backup::drop() {
  if (backup_ != nullptr) sqlite3_backup_finish(std::exchange(backup_, nullptr));
  if (copy_ == nullptr) return;
  copy_.reset();
  remove_database(part_of(path_));
}

void Backup::broken(const std::string& why) {
  why_ = path_ + ": " + why;
  drop();
  phase_ = Phase::kBroken;
}

// What cannot be read is of the file, not of its copy.
void Backup::broken_by(int code) {
  const std::string damage = code == SQLITE_IOERR_DATA ? database_.seal_trouble() : "";
  broken(damage.empty() ? sqlite3_errstr(code)
                        : "no copy of " + std::string(sqlite3_db_filename(database_.handle(), "main")) + ": " + damage);
}

Result<std::uint64_t> generation_of(const std::string& path, const Restoring& whose) try {
  auto database = Database::open({path, "", true, false});
  if (!database) return tl::unexpected<Error>(database.error());
  Database& db = **database;
  if (!db.number("SELECT 1 FROM sqlite_schema WHERE name = 'shard_meta'"))
    return fail(Trouble::kInvalid, path + " is not a file of this server");
  Query meta(db, "SELECT kind, cluster_id, shard_id, generation FROM shard_meta");
  if (!meta.row() || meta.bytes(0) != whose.kind || meta.u32(2) != whose.shard)
    return fail(Trouble::kInvalid, path + " is not the file of " + whose.kind + " " + std::to_string(whose.shard));
  if (meta.bytes(1) != whose.cluster_id)
    return fail(Trouble::kInvalid, path + " belongs to cluster '" + meta.text(1) + "', not '" + whose.cluster_id + "'");
  return meta.u64(3);
} catch (const SqlTrouble& trouble) {
  return fail(trouble.busy() ? Trouble::kBusy : Trouble::kIo, path + ": " + trouble.what());
}

Result<> prepare_restore(const Restoring& restoring) try {
  const std::string part = part_of(restoring.to);
  remove_database(part);
  {
    auto from = Database::open({restoring.from, "", true, false});
    if (!from) return tl::unexpected<Error>(from.error());
    if (!(*from)->sealed()) {
      copy_with_seals(**from, part);
    } else {
      auto to = Database::open({part, "", false, true});
      if (!to) return tl::unexpected<Error>(to.error());
      sqlite3_backup* copying = sqlite3_backup_init((*to)->handle(), "main", (*from)->handle(), "main");
      if (copying == nullptr) return fail(Trouble::kIo, part + ": " + sqlite3_errmsg((*to)->handle()));
      const int code = sqlite3_backup_step(copying, -1);
      const int ended = sqlite3_backup_finish(copying);
      if (code == SQLITE_IOERR_DATA) return fail(Trouble::kIo, restoring.from + ": " + (*from)->seal_trouble());
      if (code != SQLITE_DONE || ended != SQLITE_OK) return fail(Trouble::kIo, part + ": " + sqlite3_errstr(code));
    }
  }
  {
    // A rollback journal for this one write: what is renamed into its place is one file, with no log beside it.
    auto copy = Database::open({part, "", false, false});
    if (!copy) return tl::unexpected<Error>(copy.error());
    (*copy)->script("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;");
    (*copy)->run("BEGIN IMMEDIATE");
    (*copy)->script("PRAGMA application_id=" + std::to_string(kSealedApplication));
    upgrade(**copy, restoring.kind);
    (*copy)->run("UPDATE shard_meta SET generation = ?1", restoring.generation);
    if (restoring.alone) close_and_fence(**copy, restoring.generation);
    (*copy)->run("COMMIT");
    Query check(**copy, "PRAGMA quick_check(1)");
    if (!check.row() || check.bytes(0) != "ok") return fail(Trouble::kIo, restoring.from + " is damaged");
  }
  return {};
} catch (const SqlTrouble& trouble) {
  return fail(trouble.busy() ? Trouble::kBusy : Trouble::kIo, restoring.from + ": " + trouble.what());
}

Result<> place_restored(const Restoring& restoring) {
  // The old file's log must not be taken for the new one's. First into the old file with it, as long as that is one.
  auto old = Database::open({restoring.to, "", false, false});
  if (!old && old.error().trouble == Trouble::kBusy) return tl::unexpected<Error>(old.error());
  if (old) {
    try {
      (*old)->script("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (const SqlTrouble& trouble) {
      if (trouble.busy()) return fail(Trouble::kBusy, restoring.to + ": " + trouble.what());
    }
  }
  remove_logs(restoring.to);
  if (!rename_part(restoring.to)) return fail(Trouble::kIo, restoring.to + ": cannot be renamed");
  return {};
}

Result<> mark_unfinished(const std::string& mark) {
  const int fd = ::open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return fail(Trouble::kIo, mark + ": " + std::strerror(errno));
  ::close(fd);
  if (!sync_folder(mark)) return fail(Trouble::kIo, mark + ": its name is not durable");
  return {};
}

Result<> remove_mark(const std::string& mark) {
  if (::unlink(mark.c_str()) != 0 && errno != ENOENT) return fail(Trouble::kIo, mark + ": " + std::strerror(errno));
  if (!sync_folder(mark)) return fail(Trouble::kIo, mark + ": may come back");
  return {};
}

}  // namespace dure::store

#include "dbagent/store/sealing.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>

#include "dbagent/store/seal.h"

namespace dure::store {
namespace {

// Two may begin at once: who comes second holds the lock of a file that is in no folder any more.
bool was_replaced(Database& db) {
  int moved = 0;
  return sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

}  // namespace

std::string part_of(const std::string& path) { return path + ".part"; }

bool sync_folder(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  return synced;
}

bool rename_part(const std::string& path) {
  return std::rename(part_of(path).c_str(), path.c_str()) == 0 && sync_folder(path);
}

void remove_logs(const std::string& path) {
  for (const char* tail : {"-wal", "-shm", "-journal"}) ::unlink((path + tail).c_str());
}

void remove_database(const std::string& path) {
  ::unlink(path.c_str());
  remove_logs(path);
}

void copy_with_seals(Database& from, const std::string& path) {
  std::string quoted;
  for (const char c : path) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  from.script("VACUUM INTO '" + quoted + "'");
}

Result<> seal_file(const std::string& path, const std::string& vfs) try {
  const std::string part = part_of(path);
  auto old = Database::open({path, vfs, false, false});
  if (!old) return tl::unexpected(old.error());
  Database& db = **old;
  if (db.sealed()) return {};
  db.script("PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; BEGIN EXCLUSIVE; COMMIT;");
  if (was_replaced(db)) return fail(Trouble::kBusy, path + " is being sealed by another process");
  db.write_again();
  remove_database(part);
  copy_with_seals(db, part);
  {
    auto copy = Database::open({part, vfs, false, false});
    if (!copy) return tl::unexpected(copy.error());
    (*copy)->script("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; BEGIN IMMEDIATE; PRAGMA application_id=" +
                    std::to_string(kSealedApplication) + "; COMMIT;");
    Query check(**copy, "PRAGMA quick_check(1)");
    if (!check.row() || check.bytes(0) != "ok") return fail(Trouble::kIo, part + " was not written as it was meant");
  }
  // The old log must not be taken for the new file's: into the old file with it. The lock is held until the end.
  db.script("PRAGMA journal_mode=DELETE");
  remove_logs(path);
  if (!rename_part(path)) return fail(Trouble::kIo, path + ": its sealed copy cannot be renamed");
  return {};
} catch (const SqlTrouble& trouble) {
  return fail(trouble.busy() ? Trouble::kBusy : Trouble::kIo, path + " cannot be sealed: " + trouble.what());
}

}  // namespace dure::store

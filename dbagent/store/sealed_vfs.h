// The layer between SQLite and the VFS that a store was given: the pages of its database file are sealed where they are
// written and verified where they are read (seal.h), its log likewise (sealed_log.h). What does not fit is
// SQLITE_IOERR_DATA, never data; why is said by seal_trouble(). Other files (journals, temporary ones) pass through.
//
// A file without seals, from before there were any, is read and written as it is: seal_file() (sealing.h) copies it
// into one that has them. An empty file gets seals from its first page on, so whoever makes one reserves their bytes
// (SQLITE_FCNTL_RESERVE_BYTES, Database::open); a first page that does not is refused.
//
// Not verified: pieces of the first page. SQLite reads its first 100 bytes before it looks for a log, when a checkpoint
// that a crash broke off may have left the page torn and the log has it whole. It believes them only until it reads the
// page.
//
// One object a connection, registered while it lives, under a name of its own; the connection is closed before.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace dure::store {

class SealedVfs {
 public:
  // Over the VFS of that name, which outlives it; empty: SQLite's default. `verify`: false shows what seals are for.
  explicit SealedVfs(const std::string& below, bool verify = true);
  ~SealedVfs();
  SealedVfs(const SealedVfs&) = delete;
  SealedVfs& operator=(const SealedVfs&) = delete;
  // nullptr: there is no VFS of that name below.
  const char* name() const { return below_ == nullptr ? nullptr : name_.c_str(); }
  sqlite3_vfs* beneath() const { return below_; }
  bool verifies() const { return verify_; }

 private:
  sqlite3_vfs* below_;
  const bool verify_;
  std::string name_;
  sqlite3_vfs vfs_{};
};

// Of connections over a SealedVfs; on others they say no, nothing, and SQLITE_NOTFOUND.
bool is_sealed(sqlite3* connection);
// What did not fit last, and what helps; empty: everything did.
std::string seal_trouble(sqlite3* connection);
// Makes durable what the log and the first page hold as they are read, whatever earlier syncs said of them.
int write_again(sqlite3* connection);

// Reads pages of the database's file as they lie there, past every cache, and holds them against their seals.
struct PagesLookedAt {
  std::uint64_t first = 1;
  std::uint32_t most = 0;
  bool believed = false;        // what does not fit is SQLITE_IOERR_DATA; else the log may hold what it should be
  std::uint32_t looked_at = 0;  // fewer than `most`: the file ends there, or one does not fit
  std::uint64_t misfit = 0;     // the first that does not; 0: none
};
int look_at_pages(sqlite3* connection, PagesLookedAt* pages);

}  // namespace dure::store

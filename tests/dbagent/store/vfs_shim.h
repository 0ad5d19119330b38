// A VFS over SQLite's default one that counts what a store asks of the disk and can make the n-th call fail. One at a
// time; single-threaded, as a store is. Without shared memory, so it also proves that a store needs none.
#pragma once
#include <sqlite3.h>

#include <cstdint>

namespace dure::store {

class FaultyDisk {
 public:
  FaultyDisk();   // registers kName
  ~FaultyDisk();  // after every store on it is closed
  static constexpr const char* kName = "faulty-disk";

  std::uint64_t syncs = 0;
  std::uint64_t writes = 0;
  std::uint64_t unsynced_log_writes = 0;  // writes to a write-ahead log since its last sync

  // The `nth` write or sync from now (1: the next) fails with `code`; every later one too while `lasting`.
  void fail_write(std::uint64_t nth, int code, bool lasting = false);
  void fail_sync(std::uint64_t nth, int code);
  void heal();

  int on_write(bool log);
  int on_sync(bool log);

 private:
  sqlite3_vfs vfs_;
  std::uint64_t write_to_fail_ = 0;
  std::uint64_t sync_to_fail_ = 0;
  int code_ = SQLITE_OK;
  bool lasting_ = false;
};

}  // namespace dure::store

// A VFS over SQLite's default one that counts what stores ask of the disk, can make the n-th call fail, and can make
// each sync take longer. One at a time; stores of several threads may be on it. Without shared memory, so it also
// proves that a store needs none.
#pragma once
#include <sqlite3.h>

#include <atomic>
#include <cstdint>

namespace dure::store {

// Read as a number; a copy is the number it was.
class Count {
 public:
  Count() = default;
  Count(const Count& other) : value_(other.value_.load()) {}
  Count& operator=(const Count& other) { return value_ = other.value_.load(), *this; }
  Count& operator=(std::uint64_t value) { return value_ = value, *this; }
  operator std::uint64_t() const { return value_; }
  std::uint64_t operator++() { return ++value_; }
  void add(std::uint64_t more) { value_ += more; }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class FaultyDisk {
 public:
  FaultyDisk();   // registers kName
  ~FaultyDisk();  // after every store on it is closed
  static constexpr const char* kName = "faulty-disk";

  Count syncs;
  Count writes;
  Count bytes;
  Count unsynced_bytes, most_unsynced_bytes;  // of all files together, since the last sync of any
  Count unsynced_log_writes;                  // writes to a write-ahead log since its last sync
  // What every sync takes beyond what the disk below takes.
  std::atomic<std::uint32_t> sync_delay_us{0};

  // The `nth` write or sync from now (1: the next) fails with `code`; every later one too while `lasting`.
  void fail_write(std::uint64_t nth, int code, bool lasting = false);
  void fail_sync(std::uint64_t nth, int code);
  void heal();

  int on_write(bool log, std::uint64_t size);
  int on_sync(bool log);

 private:
  sqlite3_vfs vfs_;
  std::uint64_t write_to_fail_ = 0;
  std::uint64_t sync_to_fail_ = 0;
  int code_ = SQLITE_OK;
  bool lasting_ = false;
};

}  // namespace dure::store

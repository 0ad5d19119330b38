#include "tests/dbagent/store/vfs_shim.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

namespace dure::store {
namespace {

FaultyDisk* disk = nullptr;

struct File {
  sqlite3_file base;
  bool log;
  sqlite3_file* real;  // the memory behind this struct
};

sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real; }
bool is_log(sqlite3_file* file) { return reinterpret_cast<File*>(file)->log; }
sqlite3_vfs* below(sqlite3_vfs* vfs) { return static_cast<sqlite3_vfs*>(vfs->pAppData); }

int close(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), to, n, at); }
int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  if (const int code = disk->on_write(is_log(f), static_cast<std::uint64_t>(n)); code != SQLITE_OK) return code;
  return real(f)->pMethods->xWrite(real(f), from, n, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 n) { return real(f)->pMethods->xTruncate(real(f), n); }
int sync(sqlite3_file* f, int flags) {
  if (const int code = disk->on_sync(is_log(f)); code != SQLITE_OK) return code;
  if (const auto delay = disk->sync_delay_us.load(); delay > 0)
    std::this_thread::sleep_for(std::chrono::microseconds(delay));
  return real(f)->pMethods->xSync(real(f), flags);
}
int size(sqlite3_file* f, sqlite3_int64* n) { return real(f)->pMethods->xFileSize(real(f), n); }
int lock(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
int unlock(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
int reserved(sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
int control(sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); }
int sector(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int traits(sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }

const sqlite3_io_methods kMethods = {1,       close,   read,     write,   truncate, sync,   size,
                                     lock,    unlock,  reserved, control, sector,   traits, nullptr,
                                     nullptr, nullptr, nullptr,  nullptr, nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* out_flags) {
  File* file = reinterpret_cast<File*>(out);
  file->real = reinterpret_cast<sqlite3_file*>(file + 1);
  file->log = (flags & SQLITE_OPEN_WAL) != 0;
  file->base.pMethods = nullptr;
  const int code = below(vfs)->xOpen(below(vfs), name, file->real, flags, out_flags);
  if (code == SQLITE_OK) file->base.pMethods = &kMethods;
  return code;
}

}  // namespace

FaultyDisk::FaultyDisk() {
  sqlite3_vfs* original = sqlite3_vfs_find(nullptr);
  vfs_ = *original;
  vfs_.pNext = nullptr;
  vfs_.zName = kName;
  vfs_.szOsFile = original->szOsFile + static_cast<int>(sizeof(File));
  vfs_.pAppData = original;
  vfs_.xOpen = open;
  // The other methods of the default VFS look into their own pAppData; call them on the original.
  vfs_.xDelete = [](sqlite3_vfs* v, const char* name, int dir) { return below(v)->xDelete(below(v), name, dir); };
  vfs_.xAccess = [](sqlite3_vfs* v, const char* name, int f, int* out) {
    return below(v)->xAccess(below(v), name, f, out);
  };
  vfs_.xFullPathname = [](sqlite3_vfs* v, const char* name, int n, char* out) {
    return below(v)->xFullPathname(below(v), name, n, out);
  };
  disk = this;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&vfs_);
  disk = nullptr;
}

void FaultyDisk::fail_write(std::uint64_t nth, int code, bool lasting) {
  write_to_fail_ = writes + nth;
  code_ = code;
  lasting_ = lasting;
}
void FaultyDisk::fail_sync(std::uint64_t nth, int code) {
  sync_to_fail_ = syncs + nth;
  code_ = code;
}
void FaultyDisk::heal() { write_to_fail_ = sync_to_fail_ = 0; }

int FaultyDisk::on_write(bool log, std::uint64_t size) {
  const std::uint64_t nth = ++writes;
  if (write_to_fail_ != 0 && (nth == write_to_fail_ || (lasting_ && nth > write_to_fail_))) return code_;
  bytes.add(size);
  unsynced_bytes.add(size);
  most_unsynced_bytes = std::max<std::uint64_t>(most_unsynced_bytes, unsynced_bytes);
  if (log) ++unsynced_log_writes;
  return SQLITE_OK;
}
int FaultyDisk::on_sync(bool log) {
  if (++syncs == sync_to_fail_) return code_;
  unsynced_bytes = 0;
  if (log) unsynced_log_writes = 0;
  return SQLITE_OK;
}

}  // namespace dure::store

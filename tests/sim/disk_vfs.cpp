// What SQLite calls, over a Disk: no shared memory, no clock, no chance but the disk's.
#include <algorithm>
#include <cstring>

#include "tests/sim/disk.h"

namespace dure::sim {
namespace {

struct Handle {
  sqlite3_file base;
  Disk* disk;
  Disk::File* file;
  std::uint32_t life;
};

Handle& handle(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
Disk& disk_of(sqlite3_vfs* vfs) { return *static_cast<Disk*>(vfs->pAppData); }
bool dead(const Handle& h) { return h.life != h.disk->life(); }

int close(sqlite3_file* f) {
  Handle& h = handle(f);
  h.file->locks.erase(&h);
  return SQLITE_OK;
}
int read(sqlite3_file* f, void* to, int length, sqlite3_int64 at) {
  Handle& h = handle(f);
  if (dead(h)) return SQLITE_IOERR_READ;
  std::string_view bytes;
  const auto wanted = static_cast<std::size_t>(length);
  if (const int code = h.disk->read(*h.file, static_cast<std::uint64_t>(at), &bytes, wanted); code != SQLITE_OK)
    return code;
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  if (bytes.size() == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + bytes.size(), 0, wanted - bytes.size());
  return SQLITE_IOERR_SHORT_READ;
}
int write(sqlite3_file* f, const void* from, int length, sqlite3_int64 at) {
  Handle& h = handle(f);
  if (dead(h)) return SQLITE_IOERR_WRITE;
  return h.disk->write(*h.file, static_cast<std::uint64_t>(at),
                       {static_cast<const char*>(from), static_cast<std::size_t>(length)});
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
  Handle& h = handle(f);
  if (dead(h)) return SQLITE_IOERR_TRUNCATE;
  h.disk->truncate(*h.file, static_cast<std::uint64_t>(size));
  return SQLITE_OK;
}
int sync(sqlite3_file* f, int) {
  Handle& h = handle(f);
  return dead(h) ? SQLITE_IOERR_FSYNC : h.disk->sync(*h.file);
}
int size(sqlite3_file* f, sqlite3_int64* bytes) {
  Handle& h = handle(f);
  if (dead(h)) return SQLITE_IOERR_FSTAT;
  *bytes = static_cast<sqlite3_int64>(h.file->live.size());
  return SQLITE_OK;
}
// The greatest level that another one holds.
int others(const Handle& h) {
  int level = SQLITE_LOCK_NONE;
  for (const auto& [who, held] : h.file->locks)
    if (who != &h) level = std::max(level, held);
  return level;
}
int lock(sqlite3_file* f, int level) {
  Handle& h = handle(f);
  if (dead(h)) return SQLITE_IOERR_LOCK;
  int& mine = h.file->locks[&h];
  if (mine >= level) return SQLITE_OK;
  const int most = level == SQLITE_LOCK_SHARED     ? SQLITE_LOCK_RESERVED
                   : level == SQLITE_LOCK_RESERVED ? SQLITE_LOCK_SHARED
                                                   : SQLITE_LOCK_NONE;
  if (others(h) > most) return SQLITE_BUSY;
  mine = level;
  return SQLITE_OK;
}
int unlock(sqlite3_file* f, int level) {
  Handle& h = handle(f);
  int& mine = h.file->locks[&h];
  mine = std::min(mine, level);
  return SQLITE_OK;
}
int reserved(sqlite3_file* f, int* out) {
  *out = others(handle(f)) >= SQLITE_LOCK_RESERVED;
  return SQLITE_OK;
}
int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector(sqlite3_file*) { return 4096; }
int traits(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

const sqlite3_io_methods kMethods = {1,       close,   read,     write,   truncate, sync,   size,
                                     lock,    unlock,  reserved, control, sector,   traits, nullptr,
                                     nullptr, nullptr, nullptr,  nullptr, nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* out_flags) {
  Handle& h = handle(out);
  h.base.pMethods = nullptr;
  h.disk = &disk_of(vfs);
  h.life = h.disk->life();
  h.file = h.disk->open(name == nullptr ? "" : name, (flags & SQLITE_OPEN_CREATE) != 0);
  if (h.file == nullptr) return SQLITE_CANTOPEN;
  h.base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

}  // namespace

void make_vfs(Disk* disk, const char* name, sqlite3_vfs* vfs) {
  vfs->iVersion = 1;
  vfs->szOsFile = sizeof(Handle);
  vfs->mxPathname = 512;
  vfs->zName = name;
  vfs->pAppData = disk;
  vfs->xOpen = open;
  vfs->xDelete = [](sqlite3_vfs* v, const char* path, int sync_folder) {
    disk_of(v).remove(path, sync_folder != 0);
    return SQLITE_OK;
  };
  vfs->xAccess = [](sqlite3_vfs* v, const char* path, int, int* out) {
    *out = disk_of(v).exists(path);
    return SQLITE_OK;
  };
  vfs->xFullPathname = [](sqlite3_vfs*, const char* path, int room, char* out) {
    sqlite3_snprintf(room, out, "%s", path);
    return SQLITE_OK;
  };
  vfs->xRandomness = [](sqlite3_vfs*, int length, char* out) {
    std::memset(out, 0x5a, static_cast<std::size_t>(length));
    return length;
  };
  vfs->xSleep = [](sqlite3_vfs*, int us) { return us; };
  vfs->xCurrentTime = [](sqlite3_vfs*, double* julian_day) {
    *julian_day = 2460000.0;
    return SQLITE_OK;
  };
}

}  // namespace dure::sim

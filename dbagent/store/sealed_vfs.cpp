#include "dbagent/store/sealed_vfs.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "dbagent/store/seal.h"
#include "dbagent/store/sealed_log.h"

namespace dure::store {
namespace {

constexpr int kAskSealed = 0x44555201, kAskTrouble = 0x44555202, kWriteAgain = 0x44555203, kLookAtPages = 0x44555204;

struct File {
  sqlite3_file base;
  sqlite3_file* below;  // the memory behind this struct
  SealedPages* pages;   // owned by the database's file, seen by the log's
  SealedLog* log;       // owned, by the log's file; the database's knows it while it is open
  bool is_log;
  File* database;  // of a log
};

File& file_of(sqlite3_file* f) { return *reinterpret_cast<File*>(f); }
sqlite3_file* below(sqlite3_file* f) { return file_of(f).below; }
const SealedVfs& layer_of(sqlite3_vfs* vfs) { return *static_cast<const SealedVfs*>(vfs->pAppData); }
sqlite3_vfs* below(sqlite3_vfs* vfs) { return layer_of(vfs).beneath(); }
bool is_page(int length, sqlite3_int64 at) { return length == kPageBytes && at % kPageBytes == 0; }

int refuse_page(SealedPages& pages, std::uint64_t number, const char* what) {
  pages.trouble = "page " + std::to_string(number) + " " + what;
  return SQLITE_IOERR_DATA;
}

int read_page(File& file, char* to, sqlite3_int64 at) {
  const auto number = static_cast<std::uint64_t>(at / kPageBytes) + 1;
  const int code = file.below->pMethods->xRead(file.below, to, kPageBytes, at);
  if (!file.pages->sealed || !file.pages->verify || (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)) return code;
  if (code == SQLITE_IOERR_SHORT_READ) {
    sqlite3_int64 size = 0;
    if (const int told = file.below->pMethods->xFileSize(file.below, &size); told != SQLITE_OK) return told;
    if (size == 0) return code;
    return refuse_page(*file.pages, number, "is beyond the end of the file, which has been cut off");
  }
  return fits_seal(to, number) ? SQLITE_OK : refuse_page(*file.pages, number, "does not fit its seal");
}

int read(sqlite3_file* f, void* to, int length, sqlite3_int64 at) {
  File& file = file_of(f);
  if (file.is_log) return file.log->read(static_cast<char*>(to), length, at);
  if (is_page(length, at)) return read_page(file, static_cast<char*>(to), at);
  const bool piece_of_first = at + length <= kHeadBytes;
  if (file.pages->sealed && file.pages->verify && !piece_of_first) return SQLITE_IOERR_READ;
  return file.below->pMethods->xRead(file.below, to, length, at);
}

int write(sqlite3_file* f, const void* from, int length, sqlite3_int64 at) {
  File& file = file_of(f);
  if (file.is_log) return file.log->write(static_cast<const char*>(from), length, at);
  if (file.pages->condemned) return SQLITE_IOERR_WRITE;
  if (!file.pages->sealed) return file.below->pMethods->xWrite(file.below, from, length, at);
  if (!is_page(length, at)) return SQLITE_IOERR_WRITE;
  if (at == 0 && !reserves_seal(static_cast<const char*>(from))) {
    file.pages->trouble = "page 1 has no room for a seal";
    return SQLITE_IOERR_WRITE;
  }
  char page[kPageBytes];
  std::memcpy(page, from, kPageBytes);
  seal(page, static_cast<std::uint64_t>(at / kPageBytes) + 1);
  return file.below->pMethods->xWrite(file.below, page, kPageBytes, at);
}

int truncate(sqlite3_file* f, sqlite3_int64 size) {
  File& file = file_of(f);
  if (file.is_log) return file.log->truncate(size);
  if (file.pages->condemned) return SQLITE_IOERR_TRUNCATE;
  if (size == 0) file.pages->sealed = true;
  return file.below->pMethods->xTruncate(file.below, size);
}

// A first page that does not fit was torn by a checkpoint, which the log will do again, and is left as it is: SQLite
// has read it by now, from the log.
int write_first_page_again(File& file) {
  sqlite3_int64 size = 0;
  if (const int code = file.below->pMethods->xFileSize(file.below, &size); code != SQLITE_OK) return code;
  if (size < kPageBytes) return SQLITE_OK;
  char page[kPageBytes];
  bool fits = false;
  for (int look = 0; look < 2 && !fits; ++look) {
    if (const int code = file.below->pMethods->xRead(file.below, page, kPageBytes, 0); code != SQLITE_OK) return code;
    fits = !file.pages->sealed || !file.pages->verify || fits_seal(page, 1);
  }
  if (fits)
    if (const int code = file.below->pMethods->xWrite(file.below, page, kPageBytes, 0); code != SQLITE_OK) return code;
  return file.below->pMethods->xSync(file.below, SQLITE_SYNC_FULL);
}

// A page that SQLite gave back before it was ever written to the file is a hole in it.
bool is_hole(const char* page) {
  return std::all_of(page, page + kPageBytes, [](char byte) { return byte == 0; });
}

int look_at_pages(File& file, PagesLookedAt& pages) {
  sqlite3_int64 size = 0;
  if (const int code = file.below->pMethods->xFileSize(file.below, &size); code != SQLITE_OK) return code;
  const std::uint64_t in_file = static_cast<std::uint64_t>(size) / kPageBytes;
  for (std::uint64_t number = pages.first; number <= in_file && pages.looked_at < pages.most; ++number) {
    char page[kPageBytes];
    const auto at = static_cast<sqlite3_int64>((number - 1) * kPageBytes);
    if (const int code = file.below->pMethods->xRead(file.below, page, kPageBytes, at); code != SQLITE_OK) return code;
    ++pages.looked_at;
    if (!file.pages->sealed || !file.pages->verify || fits_seal(page, number) || is_hole(page)) continue;
    pages.misfit = number;
    return pages.believed ? refuse_page(*file.pages, number, "does not fit its seal") : SQLITE_OK;
  }
  return SQLITE_OK;
}

int control(sqlite3_file* f, int op, void* argument) {
  File& file = file_of(f);
  switch (op) {
    case kAskSealed:
      *static_cast<bool*>(argument) = file.pages->sealed;
      return SQLITE_OK;
    case kAskTrouble:
      *static_cast<std::string*>(argument) = file.pages->trouble;
      return SQLITE_OK;
    case kLookAtPages:
      return look_at_pages(file, *static_cast<PagesLookedAt*>(argument));
    case kWriteAgain: {
      const int code = file.log != nullptr ? file.log->write_again() : SQLITE_OK;
      return code != SQLITE_OK ? code : write_first_page_again(file);
    }
    default:
      return file.below->pMethods->xFileControl(file.below, op, argument);
  }
}

int close(sqlite3_file* f) {
  File& file = file_of(f);
  const int code = file.below->pMethods->xClose(file.below);
  if (file.is_log) {
    file.database->log = nullptr;
    delete file.log;
  } else {
    delete file.pages;
  }
  return code;
}

int sync(sqlite3_file* f, int flags) {
  return file_of(f).is_log ? file_of(f).log->sync(flags) : below(f)->pMethods->xSync(below(f), flags);
}
int size(sqlite3_file* f, sqlite3_int64* n) { return below(f)->pMethods->xFileSize(below(f), n); }
int lock(sqlite3_file* f, int level) { return below(f)->pMethods->xLock(below(f), level); }
int unlock(sqlite3_file* f, int level) { return below(f)->pMethods->xUnlock(below(f), level); }
int reserved(sqlite3_file* f, int* out) { return below(f)->pMethods->xCheckReservedLock(below(f), out); }
int sector(sqlite3_file* f) { return below(f)->pMethods->xSectorSize(below(f)); }
int traits(sqlite3_file* f) { return below(f)->pMethods->xDeviceCharacteristics(below(f)); }
int shm_map(sqlite3_file* f, int page, int length, int extend, void volatile** out) {
  file_of(f).pages->shared = true;
  return below(f)->pMethods->xShmMap(below(f), page, length, extend, out);
}
int shm_lock(sqlite3_file* f, int at, int n, int flags) { return below(f)->pMethods->xShmLock(below(f), at, n, flags); }
void shm_barrier(sqlite3_file* f) { below(f)->pMethods->xShmBarrier(below(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return below(f)->pMethods->xShmUnmap(below(f), remove); }

// Without and with shared memory; never mapped into memory, where nobody would verify it.
const sqlite3_io_methods kAlone = {1,       close,   read,     write,   truncate, sync,   size,
                                   lock,    unlock,  reserved, control, sector,   traits, nullptr,
                                   nullptr, nullptr, nullptr,  nullptr, nullptr};
const sqlite3_io_methods kShared = {2,        close,       read,      write,   truncate, sync,   size,
                                    lock,     unlock,      reserved,  control, sector,   traits, shm_map,
                                    shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};

// Whether a database file that was opened just now has seals.
int look_at_head(sqlite3_file* opened, bool* sealed) {
  sqlite3_int64 bytes = 0;
  *sealed = true;
  if (const int code = opened->pMethods->xFileSize(opened, &bytes); code != SQLITE_OK) return code;
  if (bytes < kHeadBytes) return SQLITE_OK;
  char head[kHeadBytes];
  if (const int code = opened->pMethods->xRead(opened, head, kHeadBytes, 0); code != SQLITE_OK) return code;
  *sealed = !is_of_before_seals(head);
  return SQLITE_OK;
}

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* out_flags) {
  const bool database = (flags & SQLITE_OPEN_MAIN_DB) != 0, log = (flags & SQLITE_OPEN_WAL) != 0;
  if (!database && !log) return below(vfs)->xOpen(below(vfs), name, out, flags, out_flags);
  File& file = file_of(out);
  file.base.pMethods = nullptr;
  file.below = reinterpret_cast<sqlite3_file*>(&file + 1);
  file.below->pMethods = nullptr;
  file.log = nullptr;
  file.is_log = log;
  file.database = nullptr;
  int code = below(vfs)->xOpen(below(vfs), name, file.below, flags, out_flags);
  bool sealed = true;
  if (code == SQLITE_OK && database) code = look_at_head(file.below, &sealed);
  if (code != SQLITE_OK) {
    if (file.below->pMethods != nullptr) file.below->pMethods->xClose(file.below);
    return code;
  }
  if (database) {
    file.pages = new SealedPages;
    file.pages->sealed = sealed;
    file.pages->verify = layer_of(vfs).verifies();
  } else {
    file.database = &file_of(sqlite3_database_file_object(name));
    file.pages = file.database->pages;
    file.log = file.database->log = new SealedLog(file.below, file.pages);
  }
  file.base.pMethods =
      file.below->pMethods->iVersion >= 2 && file.below->pMethods->xShmMap != nullptr ? &kShared : &kAlone;
  return SQLITE_OK;
}

}  // namespace

SealedVfs::SealedVfs(const std::string& below_name, bool verify)
    : below_(sqlite3_vfs_find(below_name.empty() ? nullptr : below_name.c_str())),
      verify_(verify),
      name_("sealed-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))) {
  if (below_ == nullptr) return;
  vfs_.iVersion = below_->iVersion >= 2 && below_->xCurrentTimeInt64 != nullptr ? 2 : 1;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + below_->szOsFile;
  vfs_.mxPathname = below_->mxPathname;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = open;
  vfs_.xDelete = [](sqlite3_vfs* v, const char* path, int dir) { return below(v)->xDelete(below(v), path, dir); };
  vfs_.xAccess = [](sqlite3_vfs* v, const char* path, int f, int* out) {
    return below(v)->xAccess(below(v), path, f, out);
  };
  vfs_.xFullPathname = [](sqlite3_vfs* v, const char* path, int n, char* out) {
    return below(v)->xFullPathname(below(v), path, n, out);
  };
  vfs_.xRandomness = [](sqlite3_vfs* v, int n, char* out) { return below(v)->xRandomness(below(v), n, out); };
  vfs_.xSleep = [](sqlite3_vfs* v, int us) { return below(v)->xSleep(below(v), us); };
  vfs_.xCurrentTime = [](sqlite3_vfs* v, double* now) { return below(v)->xCurrentTime(below(v), now); };
  vfs_.xGetLastError = [](sqlite3_vfs* v, int n, char* out) {
    return below(v)->xGetLastError == nullptr ? 0 : below(v)->xGetLastError(below(v), n, out);
  };
  vfs_.xCurrentTimeInt64 = [](sqlite3_vfs* v, sqlite3_int64* now) {
    return below(v)->xCurrentTimeInt64(below(v), now);
  };
  sqlite3_vfs_register(&vfs_, 0);
}

SealedVfs::~SealedVfs() {
  if (below_ != nullptr) sqlite3_vfs_unregister(&vfs_);
}

bool is_sealed(sqlite3* connection) {
  bool sealed = false;
  sqlite3_file_control(connection, "main", kAskSealed, &sealed);
  return sealed;
}

std::string seal_trouble(sqlite3* connection) {
  std::string text;
  sqlite3_file_control(connection, "main", kAskTrouble, &text);
  if (text.empty()) return text;
  return text +
         ": these are not the bytes that this server wrote. If it stays so, put the file back from a backup (dure "
         "restore)";
}

int write_again(sqlite3* connection) { return sqlite3_file_control(connection, "main", kWriteAgain, nullptr); }

int look_at_pages(sqlite3* connection, PagesLookedAt* pages) {
  return sqlite3_file_control(connection, "main", kLookAtPages, pages);
}

}  // namespace dure::store

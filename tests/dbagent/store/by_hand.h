// A store's file in the hands of a test, which may write what no store would: over the seals, as whoever writes it has
// to be. Header only.
#pragma once
#include <sqlite3.h>

#include "dbagent/store/sealed_vfs.h"

namespace dure::store {

inline int open_by_hand(const char* path, sqlite3** connection) {
  static const SealedVfs seals("");
  return sqlite3_open_v2(path, connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, seals.name());
}

}  // namespace dure::store

// What may have to be taken back alone: an item of a batch, an operation of a request, a fact of reconciling. One
// thread at a time.
//
// Inside a savepoint of SQLite each page is copied before it is changed first, and that costs a fifth of a group, for
// refusals that hardly ever come. So a batch is run without savepoints first. What has written nothing needs none to be
// taken back; if anything else is, NeedsSavepoints ends the run, and the batch is rolled back and run again with them.
// Both runs begin with the same rows and the same requests, so they end with the same.
#pragma once
#include "dbagent/store/statement.h"

namespace dure::store {

struct NeedsSavepoints {};

class Savepoint {
 public:
  explicit Savepoint(Database& db) : db_(db), changes_(db.total_changes()) {
    if (db_.savepoints()) db_.run("SAVEPOINT point");
  }
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;

  // Ends it, with either. If SQLite fails, the transaction is over anyway.
  void keep() {
    if (db_.savepoints()) db_.run("RELEASE point");
  }
  void take_back() {
    if (db_.savepoints()) {
      db_.run("ROLLBACK TO point");
      db_.run("RELEASE point");
    } else if (db_.total_changes() != changes_) {
      throw NeedsSavepoints();
    }
  }

 private:
  Database& db_;
  std::int64_t changes_;
};

}  // namespace dure::store

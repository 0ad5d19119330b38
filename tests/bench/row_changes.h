// What a store wrote, row by row, and a program that writes the same rows again with prepared statements and nothing
// else: no guards, no messages, no savepoints. The measure of what guards cost. One thread a file.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace dure::bench {

struct Bytes {
  std::string data;
};
using Value = std::variant<std::monostate, std::int64_t, std::string, Bytes>;

// The rows of some groups, a transaction each.
struct RowChanges {
  std::vector<std::string> statements;
  struct Change {
    std::uint32_t statement;
    std::uint32_t first;  // of its values
    std::uint32_t count;
  };
  std::vector<Change> changes;
  std::vector<Value> values;
  std::vector<std::size_t> groups;  // where each ends in `changes`
};

// Listens to every connection that is opened while it lives; one at a time.
class RowRecorder {
 public:
  RowRecorder();
  ~RowRecorder();
  // Of the connection opened last, from now on.
  void start();
  RowChanges stop();

 private:
  static int opened(sqlite3* connection, const char** error, const void*);
  static void changed(void* self, sqlite3* db, int op, const char*, const char* table, sqlite3_int64 before,
                      sqlite3_int64 after);
  static int committed(void* self);
  struct Table {
    std::vector<std::string> columns;
    std::vector<int> key;  // empty: its rowid
  };
  const Table& table(sqlite3* db, const std::string& name);
  std::uint32_t statement(const std::string& sql);
  void insert(sqlite3* db, const std::string& name);
  void update(sqlite3* db, const std::string& name, sqlite3_int64 rowid);
  void remove(sqlite3* db, const std::string& name, sqlite3_int64 rowid);
  std::string where(sqlite3* db, const Table& table, sqlite3_int64 rowid);

  sqlite3* connection_ = nullptr;
  RowChanges found_;
  std::map<std::string, Table> tables_;
  std::map<std::string, std::uint32_t> known_;
};

// The same rows into another file, with the settings and the checkpoints of a store.
class RawWriter {
 public:
  RawWriter(const std::string& path, const std::string& vfs, const RowChanges& changes);
  ~RawWriter();
  void write_group(std::size_t group);

 private:
  void run(const char* sql);
  const RowChanges& changes_;
  sqlite3* connection_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  int log_pages_ = 0;
};

// Over every row of every table: equal files have equal sums.
std::string content_sum(const std::string& path);

}  // namespace dure::bench

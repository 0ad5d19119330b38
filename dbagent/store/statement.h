// One SQLite connection and its cached statements: the only wrapper around sqlite3 in the project. Used by one thread
// at a time. An SQL error is thrown as SqlTrouble and never leaves dbagent/store: the batch turns it into RETRY (the
// world) or, for a violated constraint, into a refusal.
#pragma once
#include <compare>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace dure::proto {
class Uid;
}

namespace dure::store {

class SealedVfs;

class SqlTrouble : public std::runtime_error {
 public:
  SqlTrouble(int extended_code, const std::string& what) : std::runtime_error(what), code_(extended_code) {}
  bool constraint() const;
  bool busy() const;
  // The disk or the file can no longer be trusted (I/O, sync, corruption): nothing may be tried again on it.
  bool fatal() const;

 private:
  int code_;
};

struct Blob {
  std::string_view bytes;
};
// 128-bit ids are stored as 16 bytes, big-endian, so that hex() shows them as to_text() does.
struct Key16 {
  char bytes[16] = {};
  bool zero() const;
  friend bool operator==(const Key16&, const Key16&) = default;
  // As unsigned bytes, which is SQLite's order and that of the numbers themselves.
  friend std::strong_ordering operator<=>(const Key16& one, const Key16& other) {
    return std::memcmp(one.bytes, other.bytes, sizeof one.bytes) <=> 0;
  }
};
Key16 key_of(const proto::Uid& uid);
Key16 key_of(std::string_view blob);
void put(const Key16& key, proto::Uid* uid);
std::string hex(const Key16& key);

class Database {
 public:
  struct Place {
    std::string path;
    std::string vfs;  // empty: SQLite's default
    bool read_only = false;
    bool create = false;  // refuse a missing file otherwise
    bool verify = true;   // the seals of its pages (sealed_vfs.h)
  };
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const Place& place);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void script(const std::string& sql);
  // Runs a statement to its end; the number of rows it changed.
  template <class... Args>
  std::int64_t run(const char* sql, const Args&... args);
  // A statement that is put together at run time: kept for the connection's life, as its cache expects of literals.
  const char* literal(std::string sql) { return literals_.insert(std::move(sql)).first->c_str(); }
  // The first column of the first row; nothing when there is no row.
  template <class... Args>
  std::optional<std::int64_t> number(const char* sql, const Args&... args);
  // Rows changed since the connection was opened.
  std::int64_t total_changes() const;
  bool in_transaction() const;
  // Whether a Savepoint (savepoint.h) is one of SQLite.
  void use_savepoints(bool use) { savepoints_ = use; }
  bool savepoints() const { return savepoints_; }
  // SQLite's own checkpoints swallow their errors; after this call only these make any: each time that so many pages of
  // the log are filled, or at once.
  static constexpr int kCheckpointPages = 2000;
  void checkpoint_by_hand();
  void checkpoint_if_due();
  void checkpoint();
  sqlite3* handle() const { return connection_; }
  // False: a file of before seals (sealing.h).
  bool sealed() const;
  // Of a damaged page or log, and what helps; empty: none was read.
  std::string seal_trouble() const;
  // So many pages of the file from `first` on (counted from 1) are read and fit their seals; how many there were.
  // Throws at one that does not, unless the log makes it whole.
  std::uint32_t verify_pages(std::uint64_t first, std::uint32_t most);
  // Makes durable what the log and the file's head hold as they are read, whatever earlier syncs said of them.
  void write_again();

 private:
  friend class Query;
  Database();
  sqlite3_stmt* cached(const char* sql);
  std::unique_ptr<SealedVfs> vfs_;
  sqlite3* connection_ = nullptr;
  int wal_pages_ = 0;
  bool savepoints_ = true;
  std::unordered_map<const void*, sqlite3_stmt*> statements_;  // by the address of the SQL literal
  std::set<std::string> literals_;
};

// One execution of a cached statement; reset when it leaves its scope. `sql` must be a literal (Database::literal).
class Query {
 public:
  template <class... Args>
  Query(Database& database, const char* sql, const Args&... args) : Query(database, Texts::kCopied, sql, args...) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Parameters whose number only the database knows; numbered from 1, unset ones are NULL.
  template <class T>
  void set(int at, const T& value) {
    bind(at, value);
  }
  bool row();  // steps; false at the end
  std::int64_t i64(int column) const;
  std::uint64_t u64(int column) const { return static_cast<std::uint64_t>(i64(column)); }
  std::uint32_t u32(int column) const { return static_cast<std::uint32_t>(i64(column)); }
  std::string_view bytes(int column) const;  // text or blob; valid until the next row()
  std::string text(int column) const { return std::string(bytes(column)); }
  Key16 key(int column) const { return key_of(bytes(column)); }
  // Of rows whose columns only the database knows.
  enum class Type { kNull, kInteger, kText, kBlob };
  int columns() const;
  std::string column_name(int column) const;
  Type type(int column) const;

 private:
  friend class Database;
  // Borrowed: whoever made the query keeps what is bound until it is over.
  enum class Texts : bool { kCopied, kBorrowed };
  template <class... Args>
  Query(Database& database, Texts texts, const char* sql, const Args&... args)
      : statement_(database.cached(sql)), texts_(texts) {
    int at = 0;
    (bind(++at, args), ...);
  }
  template <class T>
  requires std::is_integral_v<T>
  void bind(int at, T value) { bind_integer(at, static_cast<std::int64_t>(value)); }
  void bind_integer(int at, std::int64_t value);
  void bind(int at, std::string_view text);
  void bind(int at, const std::string& text) { bind(at, std::string_view(text)); }
  void bind(int at, const char* text) { bind(at, std::string_view(text)); }
  void bind(int at, Blob blob);
  void bind(int at, const Key16& key) { bind(at, Blob{{key.bytes, sizeof key.bytes}}); }
  sqlite3_stmt* statement_;
  Texts texts_;
};

template <class... Args>
std::int64_t Database::run(const char* sql, const Args&... args) {
  const std::int64_t before = total_changes();
  Query query(*this, Query::Texts::kBorrowed, sql, args...);
  while (query.row()) {
  }
  return total_changes() - before;
}

template <class... Args>
std::optional<std::int64_t> Database::number(const char* sql, const Args&... args) {
  Query query(*this, Query::Texts::kBorrowed, sql, args...);
  if (!query.row()) return std::nullopt;
  return query.i64(0);
}

}  // namespace dure::store

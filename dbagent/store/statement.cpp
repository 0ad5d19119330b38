#include "dbagent/store/statement.h"

#include <sqlite3.h>

#include <cstring>

#include "common/base/check.h"
#include "common/proto/value.pb.h"
#include "dbagent/store/seal.h"
#include "dbagent/store/sealed_vfs.h"

namespace dure::store {
namespace {

// After a failed sync a checkpoint, which closing makes, would copy into the database what the log on the disk may
// lack.
[[noreturn]] void throw_last(sqlite3* connection) {
  const int code = sqlite3_extended_errcode(connection);
  const SqlTrouble trouble(code,
                           code == SQLITE_IOERR_DATA ? store::seal_trouble(connection) : sqlite3_errmsg(connection));
  if (trouble.fatal()) sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  throw trouble;
}

void expect_ok(sqlite3_stmt* statement, int code) {
  if (code != SQLITE_OK) throw_last(sqlite3_db_handle(statement));
}

// SQLite counts its memory in use under one mutex, which every allocation of every shard's thread takes; nobody reads
// the count, and without it an agent does a sixth to a third more trades a second (`tools/bench --only trades`). Of the
// whole process, before its first connection: after it SQLite refuses, and counts on.
void count_no_memory() {
  static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)once;
}

std::uint64_t big_endian(std::uint64_t value) { return __builtin_bswap64(value); }

}  // namespace

bool SqlTrouble::constraint() const { return (code_ & 0xff) == SQLITE_CONSTRAINT; }

bool SqlTrouble::busy() const { return (code_ & 0xff) == SQLITE_BUSY || (code_ & 0xff) == SQLITE_LOCKED; }

bool SqlTrouble::fatal() const {
  switch (code_ & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
      return true;
    default:
      return false;
  }
}

bool Key16::zero() const { return *this == Key16{}; }

Key16 key_of(const proto::Uid& uid) {
  Key16 key;
  const std::uint64_t high = big_endian(uid.high()), low = big_endian(uid.low());
  std::memcpy(key.bytes, &high, 8);
  std::memcpy(key.bytes + 8, &low, 8);
  return key;
}

Key16 key_of(std::string_view blob) {
  Key16 key;
  if (blob.size() == sizeof key.bytes) std::memcpy(key.bytes, blob.data(), sizeof key.bytes);
  return key;
}

void put(const Key16& key, proto::Uid* uid) {
  std::uint64_t high, low;
  std::memcpy(&high, key.bytes, 8);
  std::memcpy(&low, key.bytes + 8, 8);
  uid->set_high(big_endian(high));
  uid->set_low(big_endian(low));
}

std::string hex(const Key16& key) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : key.bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[c & 15];
  }
  return out;
}

Result<std::unique_ptr<Database>> Database::open(const Place& place) {
  count_no_memory();
  std::unique_ptr<Database> database(new Database);
  int flags = place.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (place.create) flags |= SQLITE_OPEN_CREATE;
  flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  database->vfs_ = std::make_unique<SealedVfs>(place.vfs, place.verify);
  int code = SQLITE_ERROR;
  if (database->vfs_->name() != nullptr)
    code = sqlite3_open_v2(place.path.c_str(), &database->connection_, flags, database->vfs_->name());
  // Of a file that is empty yet; another one has what it was made with.
  int reserved = kSealBytes;
  if (code == SQLITE_OK)
    code = sqlite3_file_control(database->connection_, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  if (code != SQLITE_OK)
    return fail(Trouble::kIo,
                "cannot open " + place.path + ": " +
                    (database->connection_ ? sqlite3_errmsg(database->connection_) : "no memory, or no such VFS"));
  return database;
}

Database::Database() = default;

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

bool Database::sealed() const { return is_sealed(connection_); }
std::string Database::seal_trouble() const { return store::seal_trouble(connection_); }

void Database::write_again() {
  const int code = store::write_again(connection_);
  if (code == SQLITE_OK) return;
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  throw SqlTrouble(code, "writing again what may not be on the disk: " +
                             (code == SQLITE_IOERR_DATA ? seal_trouble() : sqlite3_errstr(code)));
}

std::uint32_t Database::verify_pages(std::uint64_t first, std::uint32_t most) {
  PagesLookedAt pages{first, most};
  int code = store::look_at_pages(connection_, &pages);
  if (code == SQLITE_OK && pages.misfit != 0) {
    // A checkpoint that a power cut broke off leaves such pages, and the log does it again.
    checkpoint();
    pages = {first, most, true};
    code = store::look_at_pages(connection_, &pages);
  }
  if (code == SQLITE_OK) return pages.looked_at;
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  throw SqlTrouble(code, code == SQLITE_IOERR_DATA ? seal_trouble() : sqlite3_errstr(code));
}

void Database::script(const std::string& sql) {
  if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) throw_last(connection_);
}

std::int64_t Database::total_changes() const { return sqlite3_total_changes64(connection_); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

void Database::checkpoint_by_hand() {
  sqlite3_wal_hook(
      connection_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Database*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

void Database::checkpoint_if_due() {
  if (wal_pages_ >= kCheckpointPages) checkpoint();
}

void Database::checkpoint() {
  if (sqlite3_wal_checkpoint_v2(connection_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr) != SQLITE_OK)
    throw_last(connection_);
  wal_pages_ = 0;
}

sqlite3_stmt* Database::cached(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    if (sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
      throw_last(connection_);
  }
  CHECK_MSG(sqlite3_stmt_busy(statement) == 0, sql);
  return statement;
}

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Query::row() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) throw_last(sqlite3_db_handle(statement_));
  return false;
}

std::int64_t Query::i64(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Query::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

int Query::columns() const { return sqlite3_column_count(statement_); }

std::string Query::column_name(int column) const { return sqlite3_column_name(statement_, column); }

Query::Type Query::type(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return Type::kInteger;
    case SQLITE_TEXT:
      return Type::kText;
    case SQLITE_BLOB:
      return Type::kBlob;
    default:
      CHECK(sqlite3_column_type(statement_, column) == SQLITE_NULL);  // STRICT tables without REAL columns
      return Type::kNull;
  }
}

void Query::bind_integer(int at, std::int64_t value) {
  expect_ok(statement_, sqlite3_bind_int64(statement_, at, value));
}

void Query::bind(int at, std::string_view text) {
  // An empty view may hold a null pointer, which SQLite would take for NULL.
  const char* data = text.data() != nullptr ? text.data() : "";
  expect_ok(statement_, sqlite3_bind_text(statement_, at, data, static_cast<int>(text.size()),
                                          texts_ == Texts::kBorrowed ? SQLITE_STATIC : SQLITE_TRANSIENT));
}

void Query::bind(int at, Blob blob) {
  const char* data = blob.bytes.data() != nullptr ? blob.bytes.data() : "";
  expect_ok(statement_, sqlite3_bind_blob(statement_, at, data, static_cast<int>(blob.bytes.size()),
                                          texts_ == Texts::kBorrowed ? SQLITE_STATIC : SQLITE_TRANSIENT));
}

}  // namespace dure::store

#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include "tests/bench/row_changes.h"

#include "common/base/hash.h"
#include "dbagent/store/statement.h"
#include "tests/bench/world.h"

namespace dure::bench {
namespace {

RowRecorder* recorder = nullptr;

void expect(int code, sqlite3* db) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) give_up(sqlite3_errmsg(db));
}

Value value_of(sqlite3_value* value) {
  const auto data = [&] {
    return std::string(static_cast<const char*>(sqlite3_value_blob(value)),
                       static_cast<std::size_t>(sqlite3_value_bytes(value)));
  };
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      return sqlite3_value_int64(value);
    case SQLITE_TEXT:
      return data();
    case SQLITE_BLOB:
      return Bytes{data()};
    default:
      return {};
  }
}

bool same(const Value& one, const Value& other) {
  if (one.index() != other.index()) return false;
  if (const auto* bytes = std::get_if<Bytes>(&one)) return bytes->data == std::get<Bytes>(other).data;
  if (const auto* text = std::get_if<std::string>(&one)) return *text == std::get<std::string>(other);
  if (const auto* number = std::get_if<std::int64_t>(&one)) return *number == std::get<std::int64_t>(other);
  return true;
}

Value before(sqlite3* db, int column) {
  sqlite3_value* value = nullptr;
  expect(sqlite3_preupdate_old(db, column, &value), db);
  return value_of(value);
}

Value after(sqlite3* db, int column) {
  sqlite3_value* value = nullptr;
  expect(sqlite3_preupdate_new(db, column, &value), db);
  return value_of(value);
}

}  // namespace

// ── recording ───────────────────────────────────────────────────────────────────────────────────────────────

RowRecorder::RowRecorder() {
  recorder = this;
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(&RowRecorder::opened));
}
RowRecorder::~RowRecorder() {
  sqlite3_reset_auto_extension();
  recorder = nullptr;
}

int RowRecorder::opened(sqlite3* connection, const char**, const void*) {
  recorder->connection_ = connection;
  return SQLITE_OK;
}

void RowRecorder::start() {
  found_ = {};
  tables_.clear();
  known_.clear();
  sqlite3_preupdate_hook(connection_, &RowRecorder::changed, this);
  sqlite3_commit_hook(connection_, &RowRecorder::committed, this);
}

RowChanges RowRecorder::stop() {
  sqlite3_preupdate_hook(connection_, nullptr, nullptr);
  sqlite3_commit_hook(connection_, nullptr, nullptr);
  return std::move(found_);
}

int RowRecorder::committed(void* self) {
  RowChanges& found = static_cast<RowRecorder*>(self)->found_;
  found.groups.push_back(found.changes.size());
  return 0;
}

void RowRecorder::changed(void* self, sqlite3* db, int op, const char*, const char* table, sqlite3_int64 before_rowid,
                          sqlite3_int64) {
  auto* me = static_cast<RowRecorder*>(self);
  if (op == SQLITE_INSERT) me->insert(db, table);
  if (op == SQLITE_UPDATE) me->update(db, table, before_rowid);
  if (op == SQLITE_DELETE) me->remove(db, table, before_rowid);
}

const RowRecorder::Table& RowRecorder::table(sqlite3* db, const std::string& name) {
  const auto [at, fresh] = tables_.try_emplace(name);
  if (!fresh) return at->second;
  sqlite3_stmt* info = nullptr;
  const std::string sql = "SELECT name, pk, (SELECT wr FROM pragma_table_list('" + name +
                          "')) FROM pragma_table_info('" + name + "') ORDER BY cid";
  expect(sqlite3_prepare_v2(db, sql.c_str(), -1, &info, nullptr), db);
  while (sqlite3_step(info) == SQLITE_ROW) {
    if (sqlite3_column_int(info, 1) > 0 && sqlite3_column_int(info, 2) == 1)
      at->second.key.push_back(static_cast<int>(at->second.columns.size()));
    at->second.columns.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(info, 0)));
  }
  sqlite3_finalize(info);
  return at->second;
}

std::uint32_t RowRecorder::statement(const std::string& sql) {
  const auto [at, fresh] = known_.try_emplace(sql, found_.statements.size());
  if (fresh) found_.statements.push_back(sql);
  return at->second;
}

void RowRecorder::insert(sqlite3* db, const std::string& name) {
  const Table& in = table(db, name);
  const auto first = static_cast<std::uint32_t>(found_.values.size());
  std::string marks;
  for (std::size_t i = 0; i < in.columns.size(); ++i) {
    found_.values.push_back(after(db, static_cast<int>(i)));
    marks += i == 0 ? "?" : ", ?";
  }
  found_.changes.push_back({statement("INSERT INTO " + name + " VALUES(" + marks + ")"), first,
                            static_cast<std::uint32_t>(in.columns.size())});
}

std::string RowRecorder::where(sqlite3* db, const Table& in, sqlite3_int64 rowid) {
  if (in.key.empty()) {
    found_.values.emplace_back(std::int64_t{rowid});
    return " WHERE rowid = ?";
  }
  std::string text;
  for (const int column : in.key) {
    found_.values.push_back(before(db, column));
    text += (text.empty() ? " WHERE " : " AND ") + in.columns[static_cast<std::size_t>(column)] + " = ?";
  }
  return text;
}

void RowRecorder::update(sqlite3* db, const std::string& name, sqlite3_int64 rowid) {
  const Table& in = table(db, name);
  const auto first = static_cast<std::uint32_t>(found_.values.size());
  std::string sets;
  for (std::size_t i = 0; i < in.columns.size(); ++i) {
    Value now = after(db, static_cast<int>(i));
    if (same(now, before(db, static_cast<int>(i)))) continue;
    found_.values.push_back(std::move(now));
    sets += (sets.empty() ? "" : ", ") + in.columns[i] + " = ?";
  }
  if (sets.empty()) return;
  const std::string sql = "UPDATE " + name + " SET " + sets + where(db, in, rowid);
  found_.changes.push_back({statement(sql), first, static_cast<std::uint32_t>(found_.values.size()) - first});
}

void RowRecorder::remove(sqlite3* db, const std::string& name, sqlite3_int64 rowid) {
  const Table& in = table(db, name);
  const auto first = static_cast<std::uint32_t>(found_.values.size());
  const std::string sql = "DELETE FROM " + name + where(db, in, rowid);
  found_.changes.push_back({statement(sql), first, static_cast<std::uint32_t>(found_.values.size()) - first});
}

// ── writing them again ──────────────────────────────────────────────────────────────────────────────────────

RawWriter::RawWriter(const std::string& path, const std::string& vfs, const RowChanges& changes) : changes_(changes) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &connection_, flags, vfs.empty() ? nullptr : vfs.c_str()) != SQLITE_OK)
    give_up("cannot open " + path);
  run("PRAGMA locking_mode=EXCLUSIVE");
  run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;");
  sqlite3_wal_hook(
      connection_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<RawWriter*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  const auto prepare = [&](const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    expect(sqlite3_prepare_v3(connection_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr),
           connection_);
    return statement;
  };
  for (const auto& sql : changes.statements) statements_.push_back(prepare(sql));
  begin_ = prepare("BEGIN IMMEDIATE");
  commit_ = prepare("COMMIT");
}

RawWriter::~RawWriter() {
  for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  sqlite3_finalize(begin_);
  sqlite3_finalize(commit_);
  sqlite3_close(connection_);
}

void RawWriter::run(const char* sql) { expect(sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr), connection_); }

void RawWriter::write_group(std::size_t group) {
  const auto step = [&](sqlite3_stmt* statement) {
    expect(sqlite3_step(statement), connection_);
    sqlite3_reset(statement);
  };
  step(begin_);
  for (std::size_t i = group == 0 ? 0 : changes_.groups[group - 1]; i < changes_.groups[group]; ++i) {
    const RowChanges::Change& change = changes_.changes[i];
    sqlite3_stmt* statement = statements_[change.statement];
    for (std::uint32_t v = 0; v < change.count; ++v) {
      const Value& value = changes_.values[change.first + v];
      const int at = static_cast<int>(v) + 1;
      if (const auto* number = std::get_if<std::int64_t>(&value))
        sqlite3_bind_int64(statement, at, *number);
      else if (const auto* text = std::get_if<std::string>(&value))
        sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()), SQLITE_STATIC);
      else if (const auto* bytes = std::get_if<Bytes>(&value))
        sqlite3_bind_blob(statement, at, bytes->data.data(), static_cast<int>(bytes->data.size()), SQLITE_STATIC);
      else
        sqlite3_bind_null(statement, at);
    }
    step(statement);
  }
  step(commit_);
  if (log_pages_ < store::Database::kCheckpointPages) return;
  expect(sqlite3_wal_checkpoint_v2(connection_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr), connection_);
  log_pages_ = 0;
}

std::string content_sum(const std::string& path) {
  auto opened = store::Database::open({path, {}, false, false, false});
  if (!opened) give_up(opened.error().detail);
  store::Database& db = **opened;
  db.script("PRAGMA locking_mode=EXCLUSIVE");
  std::vector<std::string> tables;
  {
    store::Query names(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (names.row()) tables.push_back(names.text(0));
  }
  std::uint64_t sum = 0, rows = 0;
  for (const auto& table : tables) {
    store::Query row(db, db.literal("SELECT * FROM " + table));
    for (; row.row(); ++rows) {
      std::string all = table;
      for (int i = 0; i < row.columns(); ++i) all += "|" + row.text(i);
      sum += fnv1a(all);
    }
  }
  return std::to_string(rows) + " rows, sum " + std::to_string(sum);
}

}  // namespace dure::bench

#include "dbagent/store/store_file.h"

#include <sqlite3.h>

#include <algorithm>

#include "common/proto/value.pb.h"
#include "dbagent/store/schema.h"
#include "dbagent/store/seal.h"
#include "dbagent/store/sealing.h"

namespace dure::store {
namespace {

constexpr std::uint32_t kPagesAtOnce = 128;

// The first line of a check's answer that is not "ok"; empty: sound. SQLite says of a page that could not be read only
// that it could not.
std::string first_damage(const Database& db, Query& check) {
  while (check.row())
    if (check.bytes(0) != "ok") return db.seal_trouble().empty() ? check.text(0) : db.seal_trouble();
  return {};
}

}  // namespace

Key16 key_of(const Incarnation& incarnation) {
  proto::Uid uid;
  uid.set_high(incarnation.high);
  uid.set_low(incarnation.low);
  return key_of(uid);
}

void upgrade(Database& db, std::string_view kind) {
  const auto version = db.number("SELECT schema_version FROM shard_meta");
  if (!version || *version < kSchemaVersionLeast || *version >= kSchemaVersion) return;
  if (*version == kSchemaVersionLeast) db.script(kind == "shard" ? kShardUpgrade3 : kDirectoryUpgrade3);
  if (kind == "shard" && *version <= 3) db.script(kShardUpgrade4);
  if (*version <= 4) db.script(kind == "shard" ? kShardUpgrade5 : kDirectoryUpgrade5);
  if (kind == "shard" && *version <= 5) db.script(kShardUpgrade6);
  if (kind == "shard" && *version <= 6) db.script(kShardUpgrade7);
  if (kind == "shard") db.script(kShardUpgrade8);
  db.run("UPDATE shard_meta SET schema_version = ?1", kSchemaVersion);
}

Result<std::unique_ptr<StoreFile>> StoreFile::open(const FileOptions& options, const char* kind, const char* schema) {
  auto file = std::make_unique<StoreFile>();
  file->options_ = options;
  if (auto ready = file->connect(kind, schema); !ready) return tl::unexpected(ready.error());
  if (!file->database_->sealed()) {
    // It is ours and sound: take_over() and the checks have said so. Its lock is given up for a moment; who takes it
    // over then is noticed when it is taken over again.
    file->database_.reset();
    if (auto sealed = seal_file(options.path, options.vfs); !sealed) return tl::unexpected(sealed.error());
    if (auto ready = file->connect(kind, schema); !ready) return tl::unexpected(ready.error());
  }
  return file;
}

Result<> StoreFile::connect(const char* kind, const char* schema) try {
  auto database = Database::open({options_.path, options_.vfs, false, options_.fresh_ok, options_.verify_seals});
  if (!database) return tl::unexpected(database.error());
  database_ = std::move(*database);
  return prepare(kind, schema);
} catch (const SqlTrouble& trouble) {
  return fail(Trouble::kIo, options_.path + ": " + trouble.what());
}

Result<> StoreFile::prepare(const char* kind, const char* schema) {
  Database& db = *database_;
  // Exclusive before the first access: the WAL index then lives in our memory, and a second process gets "locked".
  db.script("PRAGMA locking_mode=EXCLUSIVE");
  db.script("PRAGMA mmap_size=0; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;");
  db.script("PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384;");
  // Nothing is copied out of the log, not even by closing, before it is known to be on the disk.
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // To the statement's end: what it answers is what it is about to do, and the file may fail to be changed.
  db.script("PRAGMA journal_mode=WAL");
  db.script(options_.sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF");
  db.script("PRAGMA journal_size_limit=67108864;");
  db.checkpoint_by_hand();
  // A sync that failed in an earlier life is told once: what it left out counts as written since, is read back, and is
  // not on the disk; what is appended to it would be lost with it. The lock is ours since the first access above.
  if (options_.sync) db.write_again();
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  if (auto kept = verify_settings(); !kept) return kept;
  const bool fresh = db.number("SELECT count(*) FROM sqlite_schema").value_or(0) == 0;
  if (fresh) {
    if (!options_.fresh_ok) return fail(Trouble::kInvalid, options_.path + " is empty");
    if (!db.sealed()) return fail(Trouble::kInvalid, options_.path + " is empty, and not made by this server");
    create_tables(kind, schema);
  }
  if (auto ours = take_over(kind); !ours) return ours;
  const auto pages = db.number("PRAGMA page_count").value_or(0);
  const auto page_bytes = db.number("PRAGMA page_size").value_or(0);
  check_is_due_ = static_cast<std::uint64_t>(pages * page_bytes) > options_.quick_check_bytes_max;
  return check_is_due_ || fresh ? Result<>{} : quick_check();
}

// A PRAGMA that this build of SQLite does not know, or a file system that cannot do it, says nothing: so each is read
// back. Without any one of them SAVED would be a promise that a power cut breaks.
Result<> StoreFile::verify_settings() {
  struct Setting {
    const char* query;
    std::int64_t wanted;
    const char* name;
  };
  const Setting settings[] = {{"PRAGMA synchronous", options_.sync ? 2 : 0, "synchronous"},
                              {"PRAGMA foreign_keys", 1, "foreign_keys"},
                              {"PRAGMA trusted_schema", 0, "trusted_schema"},
                              {"PRAGMA cell_size_check", 1, "cell_size_check"},
                              {"PRAGMA mmap_size", 0, "mmap_size"}};
  for (const Setting& setting : settings) {
    const auto is = database_->number(setting.query);
    // A build without memory mapping has no such setting.
    if (!is && setting.wanted == 0) continue;
    if (is != setting.wanted)
      return fail(Trouble::kIo, options_.path + ": SQLite did not take the setting " + setting.name);
  }
  struct Mode {
    const char* query;
    std::string_view wanted;
    const char* name;
  };
  const Mode modes[] = {{"PRAGMA locking_mode", "exclusive", "locking_mode"},
                        {"PRAGMA journal_mode", options_.sync ? "wal" : "", "journal_mode"}};
  for (const Mode& mode : modes) {
    Query is(*database_, mode.query);
    if (!is.row() || (!mode.wanted.empty() && is.bytes(0) != mode.wanted))
      return fail(Trouble::kIo, options_.path + ": SQLite did not take the setting " + mode.name);
  }
  return {};
}

void StoreFile::create_tables(const char* kind, const char* schema) {
  Database& db = *database_;
  db.script("BEGIN IMMEDIATE");
  db.script("PRAGMA application_id=" + std::to_string(kSealedApplication));
  db.script(kMetaSchema);
  db.script(schema);
  db.run("INSERT INTO shard_meta VALUES(1, ?1, ?2, ?3, ?4, ?5, ?7, ?6, 0, 1, 0)", kind, options_.cluster_id,
         options_.shard, options_.realm_id, kSchemaVersion, key_of(options_.agent_incarnation),
         std::max<std::uint64_t>(1, options_.generation));
  db.script("COMMIT");
}

Result<> StoreFile::take_over(const char* kind) {
  Database& db = *database_;
  const std::string file = std::string(kind) + " file " + options_.path;
  db.script("BEGIN IMMEDIATE");
  std::string refusal;
  if (!db.number("SELECT 1 FROM sqlite_schema WHERE name = 'shard_meta'")) {
    refusal = file + " is not a file of this server";
  } else {
    Query meta(db, "SELECT kind, cluster_id, shard_id, schema_version, shard_time, generation FROM shard_meta");
    if (!meta.row())
      refusal = file + " does not say whose it is";
    else if (meta.bytes(0) != kind)
      refusal = file + " is a " + meta.text(0) + " file";
    else if (meta.bytes(1) != options_.cluster_id)
      refusal = file + " belongs to cluster '" + meta.text(1) + "', not '" + options_.cluster_id + "'";
    else if (meta.u32(2) != options_.shard)
      refusal = file + " is shard " + std::to_string(meta.u32(2)) + ", not " + std::to_string(options_.shard);
    else if (meta.i64(3) < kSchemaVersionLeast || meta.i64(3) > kSchemaVersion)
      refusal = file + " has schema version " + std::to_string(meta.i64(3)) + ", this program knows " +
                std::to_string(kSchemaVersion) + " only";
    else if (options_.generation != 0 && meta.u64(5) != options_.generation)
      refusal = file + " is generation " + std::to_string(meta.u64(5)) + ", not " +
                std::to_string(options_.generation) + ": it was put back, or left out of a restore";
    else
      stored_shard_time_ = meta.i64(4);
  }
  if (refusal.empty()) {
    upgrade(db, kind);
    db.run("UPDATE shard_meta SET agent_inc = ?1", key_of(options_.agent_incarnation));
  }
  db.script(refusal.empty() ? "COMMIT" : "ROLLBACK");
  if (!refusal.empty()) return fail(Trouble::kInvalid, refusal);
  return {};
}

bool StoreFile::begin(std::int64_t wall_unix_ms) {
  Query meta(*database_, "SELECT agent_inc, shard_time, next_number, operations FROM shard_meta");
  if (!meta.row() || meta.key(0) != key_of(options_.agent_incarnation)) return false;
  stored_shard_time_ = meta.i64(1);
  shard_time_ = wall_unix_ms;
  next_number_ = meta.i64(2);
  operations_ = meta.i64(3);
  // If it stood still, what is settled only after a while would wait until the other clock has caught up.
  if (wall_unix_ms >= stored_shard_time_) {
    slow_since_wall_ = 0;
    return true;
  }
  if (slow_since_wall_ == 0 || wall_unix_ms < wall_before_) {
    slow_since_wall_ = wall_unix_ms;
    slow_since_ = stored_shard_time_;
  }
  wall_before_ = wall_unix_ms;
  shard_time_ = std::max(stored_shard_time_, slow_since_ + (wall_unix_ms - slow_since_wall_) / 2);
  return true;
}

void StoreFile::keep() {
  database_->run("UPDATE shard_meta SET shard_time = ?1, next_number = ?2, operations = ?3", shard_time_, next_number_,
                 operations_);
}

std::int64_t StoreFile::day() const { return shard_time_ / kDayMs; }

Result<> StoreFile::quick_check() {
  Query check(*database_, "PRAGMA quick_check(1)");
  if (const std::string damage = first_damage(*database_, check); !damage.empty())
    return fail(Trouble::kIo, options_.path + " is damaged: " + damage);
  return {};
}

Result<bool> StoreFile::check_next_pages() try {
  if (!check_is_due_) return false;
  const std::uint32_t looked_at = database_->verify_pages(next_page_, kPagesAtOnce);
  next_page_ += looked_at;
  check_is_due_ = looked_at == kPagesAtOnce;
  return check_is_due_;
} catch (const SqlTrouble& trouble) {
  return fail(Trouble::kIo, options_.path + ": " + trouble.what());
}

}  // namespace dure::store

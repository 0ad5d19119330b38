#include "tests/sim/long_batch.h"

#include <sqlite3.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "common/base/hash.h"

namespace dure::sim {
namespace {

constexpr int kWaitForOthersMs = 60'000;
const char kSchema[] =
    "CREATE TABLE IF NOT EXISTS piece(code TEXT PRIMARY KEY, next_seed INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS count(code TEXT, name TEXT, times INTEGER NOT NULL, PRIMARY KEY(code, name)) STRICT;"
    "CREATE TABLE IF NOT EXISTS failure(code TEXT NOT NULL, replay TEXT NOT NULL, law TEXT NOT NULL) STRICT;";

}  // namespace

Result<std::unique_ptr<LongBatch>> LongBatch::open(const std::string& path, std::string code) {
  auto file = store::Database::open({path, "", false, true});
  if (!file) return tl::unexpected(file.error());
  try {
    sqlite3_busy_timeout((*file)->handle(), kWaitForOthersMs);
    (*file)->script(kSchema);
  } catch (const store::SqlTrouble& trouble) {
    return fail(Trouble::kIo, path + ": " + trouble.what());
  }
  return std::unique_ptr<LongBatch>(new LongBatch(std::move(*file), std::move(code)));
}

std::uint64_t LongBatch::take_piece() {
  const auto next = file_->number(
      "INSERT INTO piece VALUES(?1, 1 + ?2) ON CONFLICT(code) DO UPDATE SET next_seed = next_seed + ?2 "
      "RETURNING next_seed",
      code_, kSeedsOfAPiece);
  return static_cast<std::uint64_t>(next.value_or(1)) - kSeedsOfAPiece;
}

void LongBatch::put(const Table::Counts& counts, const std::vector<Failure>& failures) {
  file_->script("BEGIN IMMEDIATE");
  for (const auto& [name, times] : counts)
    file_->run(
        "INSERT INTO count VALUES(?1, ?2, ?3) ON CONFLICT(code, name) DO UPDATE SET times = times + excluded.times",
        code_, name, times);
  for (const auto& failure : failures)
    file_->run("INSERT INTO failure VALUES(?1, ?2, ?3)", code_, failure.replay, failure.law);
  file_->script("COMMIT");
}

Table::Counts LongBatch::counts() {
  Table::Counts counts;
  store::Query query(*file_, "SELECT name, times FROM count WHERE code = ?1", code_);
  while (query.row()) counts[query.text(0)] = query.u64(1);
  return counts;
}

std::vector<LongBatch::Failure> LongBatch::failures() {
  std::vector<Failure> failures;
  store::Query query(*file_, "SELECT replay, law FROM failure WHERE code = ?1 ORDER BY rowid", code_);
  while (query.row()) failures.push_back({query.text(0), query.text(1)});
  return failures;
}

Result<std::string> code_hash() {
  std::ostringstream program;
  if (!(program << std::ifstream("/proc/self/exe", std::ios::binary).rdbuf()))
    return fail(Trouble::kIo, "the program's own file cannot be read");
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(fnv1a(program.str())));
  return std::string(text);
}

}  // namespace dure::sim

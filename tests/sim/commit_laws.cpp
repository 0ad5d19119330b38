#include "tests/sim/commit_laws.h"

#include <sqlite3.h>

#include <string_view>

#include "dbagent/store/schema.h"

namespace dure::sim {
namespace {

using store::Query;

constexpr auto kActive = static_cast<std::int64_t>(store::Status::kActive);
constexpr auto kPurged = static_cast<std::int64_t>(store::RootKind::kPurged);

std::string who(std::int64_t player) { return "player " + std::to_string(player); }

}  // namespace

CommitLaws::CommitLaws(Disk& disk)
    : disk_(disk),
      items_([this](std::uint32_t shard, const std::string& what) { report(law::kOneHolderPerItem, shard, what); }) {}

void CommitLaws::touch(void* touched, int, const char*, const char* table, sqlite3_int64 row) {
  auto& rows = *static_cast<Touched*>(touched);
  const std::string_view name = table;
  if (name == "player")
    rows.players.insert(row);
  else if (name == "account")
    rows.accounts.insert(row);
  else if (name == "item_holder")
    rows.holders.insert(row);
  else if (name == "restored")
    rows.restored = true;
}

void CommitLaws::opened(std::uint32_t shard, store::Database& database) {
  Shard& seen = shards_[shard];
  seen.database = &database;
  seen.touched.restored = true;
  // What was there and what is there now: all of it is looked at.
  for (const auto& [id, row] : seen.players) seen.touched.players.insert(id);
  for (const auto& [id, account] : seen.accounts) seen.touched.accounts.insert(id);
  items_.rows_of(shard, &seen.touched.holders);
  const Disk::Calm calm(disk_);
  items_.opened(shard, database);
  const auto all = [&](const char* sql, std::set<std::int64_t>* into) {
    Query row(database, sql);
    while (row.row()) into->insert(row.i64(0));
  };
  all("SELECT pid FROM player", &seen.touched.players);
  all("SELECT id FROM account", &seen.touched.accounts);
  all("SELECT rowid FROM item_holder", &seen.touched.holders);
  sqlite3_update_hook(database.handle(), &CommitLaws::touch, &seen.touched);
  look(shard);
}

void CommitLaws::committed(std::uint32_t shard) {
  if (shards_[shard].database != nullptr) look(shard);
}

void CommitLaws::closed(std::uint32_t shard, const store::Database& database) {
  sqlite3_update_hook(database.handle(), nullptr, nullptr);
  Shard& seen = shards_[shard];
  if (seen.database != &database) return;
  seen.database = nullptr;
  items_.closed(shard);
}

void CommitLaws::look(std::uint32_t shard) {
  ++looks_;
  Shard& seen = shards_[shard];
  Touched touched = std::exchange(seen.touched, {});
  std::set<std::string> currencies;
  ItemPlaces::Items items;
  const Disk::Calm calm(disk_);
  if (touched.restored) look_whether_shut(shard, &touched);
  for (const std::int64_t id : touched.accounts) read_account(shard, id, &currencies);
  for (const std::int64_t row : touched.holders) items_.touched(shard, row, &items);
  for (const std::int64_t id : touched.players) read_player(shard, id, &items);
  for (const auto& currency : currencies)
    if (const std::int64_t sum = seen.sums[currency]; sum != 0)
      report(law::kLedgerSumsToZero, shard, "its accounts of " + currency + " sum to " + std::to_string(sum));
  items_.judge(shard, items);
}

// Once it opens, all that it has counts again.
void CommitLaws::look_whether_shut(std::uint32_t shard, Touched* touched) {
  Shard& seen = shards_[shard];
  const bool was_shut =
      std::exchange(seen.shut, seen.database->number("SELECT 1 FROM restored WHERE closed = 1").has_value());
  if (!was_shut || seen.shut) return;
  for (const auto& [id, row] : seen.players) touched->players.insert(id);
  items_.rows_of(shard, &touched->holders);
}

bool CommitLaws::is_shut(std::uint32_t shard) const {
  const auto at = shards_.find(shard);
  return at != shards_.end() && at->second.shut;
}

std::set<std::uint64_t> CommitLaws::players_of(std::uint32_t shard) const {
  std::set<std::uint64_t> players;
  const auto at = shards_.find(shard);
  if (at == shards_.end()) return players;
  for (const auto& [id, row] : at->second.players)
    if (row.status != static_cast<std::int64_t>(store::Status::kMoved)) players.insert(static_cast<std::uint64_t>(id));
  return players;
}

void CommitLaws::read_account(std::uint32_t shard, std::int64_t id, std::set<std::string>* changed) {
  Shard& seen = shards_[shard];
  if (const auto before = seen.accounts.find(id); before != seen.accounts.end()) {
    seen.sums[before->second.currency] -= before->second.amount;
    changed->insert(before->second.currency);
    seen.accounts.erase(before);
  }
  Query row(*seen.database, "SELECT currency, amount FROM account WHERE id = ?1", id);
  if (!row.row()) return;
  const Account account{row.text(0), row.i64(1)};
  seen.sums[account.currency] += account.amount;
  changed->insert(account.currency);
  seen.accounts[id] = account;
}

void CommitLaws::read_player(std::uint32_t shard, std::int64_t id, ItemPlaces::Items* items) {
  Shard& seen = shards_[shard];
  const bool was_active = active(shard, id);
  Row now;
  {
    Query row(*seen.database, "SELECT status, epoch, last_pseq, owner_inc, kind FROM player WHERE pid = ?1", id);
    if (!row.row()) {
      // A tombstone stays for ever. Only a backup may not have known it.
      if (seen.players.erase(id) != 0 && !seen.database->number("SELECT 1 FROM restored"))
        report(law::kOneActiveRow, shard, "the row of " + who(id) + " is gone");
      return;
    }
    now = {row.i64(0), row.i64(1), row.i64(2), row.key(3), row.i64(4) == kPurged};
  }
  seen.players[id] = now;
  if (now.status != kActive || seen.shut) return;
  judge_row(shard, id, now);
  if (!was_active) items_.activated(shard, id, items);
}

void CommitLaws::judge_row(std::uint32_t shard, std::int64_t id, const Row& row) {
  for (const auto& [other, seen] : shards_)
    if (other != shard && active(other, id))
      report(law::kOneActiveRow, shard, who(id) + " is ACTIVE here and on shard " + std::to_string(other));
  // Nobody acquires it ever again; whether it was made at all a restore may have undone.
  if (row.purged) return;
  const auto [at, first] = newest_.emplace(id, row);
  const Row before = std::exchange(at->second, row);
  if (first) return;
  const std::string here = who(id) + " of epoch " + std::to_string(before.epoch);
  if (row.epoch < before.epoch)
    report(law::kEpochsOnlyRise, shard, here + " is of epoch " + std::to_string(row.epoch) + " again");
  if (row.epoch != before.epoch) return;
  if (row.owner != before.owner) report(law::kEpochsOnlyRise, shard, here + " has two owners");
  if (row.last_pseq < before.last_pseq)
    report(law::kSavedIsNeverLost, shard,
           here + " goes back from operation " + std::to_string(before.last_pseq) + " to " +
               std::to_string(row.last_pseq));
}

bool CommitLaws::active(std::uint32_t shard, std::int64_t player) const {
  const Shard& seen = shards_.at(shard);
  const auto at = seen.players.find(player);
  return !seen.shut && at != seen.players.end() && at->second.status == kActive;
}

void CommitLaws::report(const char* law, std::uint32_t shard, const std::string& what) {
  const std::string text = "after a commit of shard " + std::to_string(shard) + ": " + what;
  if (told_.insert(law + text).second) broken_.push_back({law, text});
}

}  // namespace dure::sim

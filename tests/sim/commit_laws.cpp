#include "tests/sim/commit_laws.h"

#include <sqlite3.h>

#include <string_view>

#include "dbagent/store/schema.h"

namespace dure::sim {
namespace {

using store::Query;

constexpr auto kActive = static_cast<std::int64_t>(store::Status::kActive);
constexpr auto kPurged = static_cast<std::int64_t>(store::RootKind::kPurged);
constexpr auto kByPlayer = static_cast<std::int64_t>(store::HolderKind::kPlayer);

std::string who(std::int64_t player) { return "player " + std::to_string(player); }

}  // namespace

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
  for (const auto& [row, held] : seen.holders) seen.touched.holders.insert(row);
  const Disk::Calm calm(disk_);
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
  if (Shard& seen = shards_[shard]; seen.database == &database) seen.database = nullptr;
}

void CommitLaws::look(std::uint32_t shard) {
  ++looks_;
  Shard& seen = shards_[shard];
  Touched touched = std::exchange(seen.touched, {});
  std::set<std::string> currencies;
  std::set<store::Key16> items;
  const Disk::Calm calm(disk_);
  if (touched.restored) look_whether_shut(seen, &touched);
  for (const std::int64_t id : touched.accounts) read_account(shard, id, &currencies);
  for (const std::int64_t row : touched.holders) read_holder(shard, row, &items);
  for (const std::int64_t id : touched.players) read_player(shard, id, &items);
  for (const auto& currency : currencies)
    if (const std::int64_t sum = seen.sums[currency]; sum != 0)
      report(law::kLedgerSumsToZero, shard, "its accounts of " + currency + " sum to " + std::to_string(sum));
  for (const auto& item : items) judge_item(item);
}

// Once it opens, all that it has counts again.
void CommitLaws::look_whether_shut(Shard& seen, Touched* touched) {
  const bool was_shut =
      std::exchange(seen.shut, seen.database->number("SELECT 1 FROM restored WHERE closed = 1").has_value());
  if (!was_shut || seen.shut) return;
  for (const auto& [id, row] : seen.players) touched->players.insert(id);
  for (const auto& [row, held] : seen.holders) touched->holders.insert(row);
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

void CommitLaws::read_player(std::uint32_t shard, std::int64_t id, std::set<store::Key16>* items) {
  Shard& seen = shards_[shard];
  const bool was_active = active(shard, id);
  Row now;
  {
    Query row(*seen.database, "SELECT status, epoch, last_pseq, owner_inc, kind FROM player WHERE pid = ?1", id);
    if (!row.row()) {
      seen.players.erase(id);
      return;
    }
    now = {row.i64(0), row.i64(1), row.i64(2), row.key(3), row.i64(4) == kPurged};
  }
  seen.players[id] = now;
  if (now.status != kActive || seen.shut) return;
  judge_row(shard, id, now);
  if (was_active) return;
  for (const auto& [row, held] : seen.holders)
    if (held.owner == id) items->insert(held.item);
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

void CommitLaws::drop_holder(std::uint32_t shard, std::int64_t row) {
  Shard& seen = shards_[shard];
  const auto at = seen.holders.find(row);
  if (at == seen.holders.end()) return;
  holders_of_[at->second.item].erase({shard, row});
  seen.holders.erase(at);
}

void CommitLaws::read_holder(std::uint32_t shard, std::int64_t row_id, std::set<store::Key16>* items) {
  drop_holder(shard, row_id);
  Shard& seen = shards_[shard];
  Query row(*seen.database, "SELECT item_id, kind, owner FROM item_holder WHERE rowid = ?1", row_id);
  if (!row.row()) return;
  const Held held{row.key(0), row.i64(1), row.i64(2)};
  seen.holders[row_id] = held;
  holders_of_[held.item].insert({shard, row_id});
  items->insert(held.item);
}

void CommitLaws::judge_item(const store::Key16& item) {
  std::int64_t bags = 0;
  std::uint32_t last = 0;
  for (const auto& [shard, row] : holders_of_[item]) {
    const Held& held = shards_[shard].holders[row];
    if (held.kind != kByPlayer || !active(shard, held.owner)) continue;
    ++bags;
    last = shard;
  }
  if (bags > 1)
    report(law::kOneHolderPerItem, last,
           "item " + hex(item) + " is in " + std::to_string(bags) + " bags that are in use");
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

#include "tests/sim/register_laws.h"

namespace dure::sim {
using store::Query;

void RegisterLaws::look_at_shard(std::uint32_t shard, store::Database& database) {
  const Disk::Calm calm(disk_);
  const std::string file = "shard " + std::to_string(shard);
  same_for_ever(file, "decision", database, "SELECT hex(txn_id), verdict || ' ' || swapped FROM decision");
  same_for_ever(
      file, "vote", database,
      "SELECT hex(txn_id) || ' ' || side, yes || ' ' || epoch || ' ' || pseq || ' ' || shard FROM trade_vote");
  // While a shard is reconciled a decision may be there before all that it is made of.
  if (!database.number("SELECT 1 FROM restored WHERE closed = 1"))
    none(law::kDecidedOnce, file, database,
         "SELECT hex(txn_id), 'is COMMIT without two votes for it' FROM decision d WHERE verdict = 1 AND swapped = 0 "
         "AND "
         "(SELECT count(*) FROM trade_vote v WHERE v.txn_id = d.txn_id AND yes = 1) <> 2");
  // A restore may put one into its grave before what it did with others is done again: what it got then is there, and
  // what it owes.
  if (database.number("SELECT 1 FROM restored")) return;
  none(law::kGoneHasNothing, file, database,
       "SELECT pid, 'is purged and has an unclaimed letter' FROM player CROSS JOIN inbox USING(pid) "
       "WHERE player.kind = 2 AND inbox.state = 0");
  none(law::kGoneHasNothing, file, database,
       "SELECT pid, 'is purged and has ' || amount || ' ' || currency FROM player CROSS JOIN account "
       "ON account.kind IN (0, 5) AND owner = pid WHERE player.kind = 2 AND amount <> 0");
  none(law::kGoneHasNothing, file, database,
       "SELECT pid, 'is purged and has an item' FROM player CROSS JOIN item_holder "
       "ON item_holder.kind = 0 AND owner = pid WHERE player.kind = 2");
}

void RegisterLaws::went_back(std::uint32_t shard) {
  const std::string file = "shard " + std::to_string(shard) + ": ";
  std::erase_if(lasting_, [&](const auto& seen) { return seen.first.rfind(file, 0) == 0; });
}

void RegisterLaws::look_at_directory(store::Database& database) {
  const Disk::Calm calm(disk_);
  const std::string file = "the directory";
  same_for_ever(
      file, "fate of a move", database,
      "SELECT account_id || ' ' || move_id, fate || ' ' || source || ' ' || target FROM move WHERE fate <> 1");
  only_rises(law::kEpochsOnlyRise, file, "session epoch of account", database,
             "SELECT account_id, session_epoch FROM account");
  only_rises(law::kEpochsOnlyRise, file, "map version of account", database,
             "SELECT account_id, map_version FROM account");
  only_rises(law::kEpochsOnlyRise, file, "epoch of place", database, "SELECT place, epoch FROM place");
  none(law::kOneName, file, database,
       "SELECT player_id, 'has ' || count(*) || ' names' FROM name WHERE state = 1 GROUP BY player_id "
       "HAVING count(*) > 1");
  none(law::kOneMove, file, database,
       "SELECT account_id, 'has ' || count(*) || ' open moves' FROM move WHERE fate = 1 GROUP BY account_id "
       "HAVING count(*) > 1");
}

std::uint64_t RegisterLaws::remembered() const {
  std::uint64_t rows = 0;
  for (const auto& [what, seen] : lasting_) rows += seen.size();
  for (const auto& [what, seen] : rising_) rows += seen.size();
  return rows;
}

void RegisterLaws::same_for_ever(const std::string& file, const char* what, store::Database& database,
                                 const char* sql) {
  auto& seen = lasting_[file + ": " + what];
  std::size_t rows = 0;
  Query row(database, sql);
  while (row.row()) {
    const auto [at, first] = seen.emplace(row.text(0), row.text(1));
    ++rows;
    if (!first && at->second != row.text(1))
      report(law::kDecidedOnce, file + ": " + what + " " + at->first + " was " + at->second + " and is " + row.text(1));
    at->second = row.text(1);
  }
  if (rows < seen.size())
    report(law::kDecidedOnce,
           file + ": " + std::to_string(seen.size() - rows) + " that were there are gone: " + std::string(what));
}

void RegisterLaws::only_rises(const char* law, const std::string& file, const char* what, store::Database& database,
                              const char* sql) {
  auto& seen = rising_[what];
  Query row(database, sql);
  while (row.row()) {
    const auto [at, first] = seen.emplace(row.text(0), row.i64(1));
    if (row.i64(1) < at->second)
      report(law, file + ": " + what + " " + at->first + " was " + std::to_string(at->second) + " and is " +
                      std::to_string(row.i64(1)));
    at->second = row.i64(1);
  }
}

void RegisterLaws::none(const char* law, const std::string& file, store::Database& database, const char* sql) {
  Query row(database, sql);
  while (row.row()) report(law, file + ": " + row.text(0) + " " + row.text(1));
}

void RegisterLaws::report(const char* law, const std::string& what) {
  if (told_.insert(law + what).second) broken_.push_back({law, what});
}

}  // namespace dure::sim

// Proves a shard from its rows alone: every ledger transaction sums to 0, every balance is what its ledger says, every
// item has exactly one holder that exists. Reads only. The same queries serve the file of a stopped shard and the
// AuditRequest of a running one. Any thread that may use the database.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "dbagent/store/statement.h"

namespace dure::store {

struct Audit {
  std::string cluster_id;
  std::uint32_t shard = 0;
  std::int64_t ledger_sum = 0;  // over all accounts, from openings and entries; must be 0
  std::uint64_t items = 0;      // held by players, inboxes and trades; burnt and posted ones are not counted
  std::uint64_t players = 0;
  std::uint64_t operations = 0;
  std::uint64_t orphans = 0;      // value whose holder does not exist
  std::uint64_t doubles = 0;      // items with two holders
  std::uint64_t open_holds = 0;   // legs of trades that are not finished
  std::uint64_t stuck_holds = 0;  // of these, older than a minute
  bool on_the_move = false;       // an account is: then `moved` says nothing
  // What moves took away (above 0) and brought, by currency; 0 over all shards.
  std::map<std::string, std::int64_t> moved;
  std::vector<Key16> item_ids;        // of `items`, sorted
  std::vector<Key16> moving_ids;      // on the move or held for a trade, not among `items`: they may be on two shards
  std::vector<std::string> findings;  // a line each, naming ids; at most 1000
  bool clean() const { return findings.empty() && ledger_sum == 0 && orphans == 0 && doubles == 0; }
};

// Throws SqlTrouble.
Audit audit(Database& database);
// A page of `limit` item ids, from `offset`.
std::vector<Key16> audited_items(Database& database, std::uint64_t offset, std::uint64_t limit);

// The file of a stopped shard. kBusy: an agent has it open. Never changes it.
[[nodiscard]] Result<Audit> audit_file(const std::string& path, const std::string& vfs = {});

// All shards as one: also finds an item that is on two of them, and moves that do not balance. What is on the move is
// counted once.
Audit merge_audits(const std::vector<Audit>& shards);

// "ledger sum 0, 12 items, 0 orphans, 0 doubles"
std::string audit_line(const Audit& audit);

}  // namespace dure::store

// What is between shards, over files of one cut: a stopped cluster's, or a backup's. Each shard's own books are proven
// elsewhere (audit.h); here the transit accounts of all of them must come to what is under way, and whatever crossed
// must be known on both sides. Reads only. Says nothing of a running cluster, whose files are of no one instant.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "dbagent/store/audit.h"
#include "dbagent/store/schema.h"
#include "dbagent/store/statement.h"

namespace dure::store {

using Amounts = std::map<std::string, std::int64_t>;  // by currency

// Whose row it is, and whether the row counts: of an account between two shards one of two rows does.
struct TransitRow {
  std::uint64_t account_id = 0, move_id = 0;
  AccountState state = AccountState::kActive;
};
struct TransitLetter {
  TransitRow row;
  std::uint64_t message_id = 0, from = 0, to = 0;
  bool delivered = false;  // of an outbox row: marked so
  Amounts amounts;
  std::vector<Key16> items;
};
struct TransitLeg {
  TransitRow row;
  Key16 txn;
  std::uint32_t side = 0;
  int verdict = 0;
  std::uint64_t player = 0, other = 0;
  Amounts give, get;
  std::vector<Key16> items;  // given
};
struct TransitAccount {
  TransitRow row;
  Amounts amounts;
};

struct Transit {
  std::uint32_t shard = 0;
  bool restored_alone = false;
  Amounts in_transit, moved;                             // what the accounts say
  std::vector<TransitLetter> sent;                       // outbox
  std::vector<TransitLetter> received;                   // inbox, of characters
  std::vector<TransitLeg> legs;                          // held once, not aborted
  std::vector<TransitAccount> halfway;                   // MOVING or ARRIVING
  std::vector<std::pair<std::uint64_t, Key16>> swapped;  // player, trade
  std::map<Key16, std::uint64_t> posted;                 // item → the outbox message that has it
};

// Throws SqlTrouble.
Transit read_transit(Database& database);
[[nodiscard]] Result<Transit> transit_of_file(const std::string& path);

// nullopt: the register of moves is not there.
using FateOf = std::function<std::optional<Fate>(std::uint64_t account_id, std::uint64_t move_id)>;
// From the file of the directory.
[[nodiscard]] Result<FateOf> fates_of_file(const std::string& path, const std::vector<Transit>& shards);

// A line for each thing that does not add up: which letter, trade or move, and the shards. `audits`: of the same files.
std::vector<std::string> audit_transit(const std::vector<Transit>& shards, const std::vector<Audit>& audits,
                                       const FateOf& fate);

}  // namespace dure::store

// What travels with an account: every row that is keyed by one of its players, whatever table it is in, the items and
// the money. Rows are carried by the names of their columns, so a table that is added later travels without being named
// here, if its column is called `pid`. What is not an account's stays: the ledger's days, trades and their votes.
//
// Value passes through the account move_transit() on both shards, so each sums to 0 before, between and after.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "dbagent/store/shard.h"

namespace dure::proto {
class MoveContent;
}

namespace dure::store {

// Tables whose rows travel, by name; `player` among them. Those with a column `pid`, but for the ones that stay.
std::vector<std::string> travelling_tables(Database& database);
// Tables that belong to the shard.
const std::vector<std::string>& staying_tables();

// The same content gives the same bytes on every shard: what is a file's own (status, numbers, accounts) is left out.
proto::MoveContent read_content(Shard& shard, std::uint64_t account_id, std::uint64_t move_id);
// Guards: no item of it is here already; nothing of it is here but tombstones.
void write_content(Shard& shard, const proto::MoveContent& content);
// Everything but the players' rows, which stay as tombstones.
void remove_content(Shard& shard, const proto::MoveContent& content, std::uint32_t other_shard);

std::string hash_of(std::string_view bytes);  // BLAKE2b-256

}  // namespace dure::store

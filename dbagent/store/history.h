// What operators read of one shard's ledger, a page at a time: the life of an item, the movements of a player's
// accounts, faucets and sinks by reason. Reads only, inside the batch's transaction; each page is bounded by its limit.
#pragma once
#include "dbagent/store/shard.h"

namespace dure::proto {
class EconomyJumps;
class EconomyQuery;
class EconomyReply;
class EconomyWatch;
class ItemLifeQuery;
class ItemLifeReply;
class PlayerLedgerQuery;
class PlayerLedgerReply;
}  // namespace dure::proto

namespace dure::store {

proto::ItemLifeReply item_life(Shard& shard, const proto::ItemLifeQuery& request);
proto::PlayerLedgerReply player_ledger(Shard& shard, const proto::PlayerLedgerQuery& request);

// economy.cpp
proto::EconomyReply economy(Shard& shard, const proto::EconomyQuery& request);
// A faucet is fast when the minute before this one, or this one so far, brought in at least `times` its mean minute
// before that, and at least the floor. The mean is of the last 60 minutes in which anything came in or went out, of
// three hours: hours in which nobody plays make nothing fast. With fewer such minutes than asked for nothing is said.
proto::EconomyJumps economy_jumps(Shard& shard, const proto::EconomyWatch& request);
// Puts minutes that are over for long together to hours: some of them; false when none is left.
bool fold_economy(Database& db, std::int64_t now_unix_ms);

}  // namespace dure::store

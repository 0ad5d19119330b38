// What an operator has to know before something is undone: which items a player had at a time, who took part in a
// trade, and whether it was undone already. Reads only, inside the batch's transaction; pages are bounded by their
// limit.
#pragma once
#include "dbagent/store/shard.h"

namespace dure::proto {
class PlayerAt;
class PlayerAtQuery;
class RollbackApplied;
class RollbackApply;
class RollbackDone;
class RollbackDoneQuery;
class TradeQuery;
class TradeRecord;
}  // namespace dure::proto

namespace dure::store {

proto::PlayerAt player_at(Shard& shard, const proto::PlayerAtQuery& request);
proto::TradeRecord trade_record(Shard& shard, const proto::TradeQuery& request);
proto::RollbackDone rollback_done(Shard& shard, const proto::RollbackDoneQuery& request);
// Guards: live, no open hold, the key was not used, and those of each effect (funds, holder, item version). A false one
// is REJECTED, nothing is done and the asker stays the owner. Done: nobody is.
proto::RollbackApplied apply_rollback(Shard& shard, const proto::RollbackApply& request);

}  // namespace dure::store

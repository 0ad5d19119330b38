// The move of an account between two shards while it is played: section 9 of the contract, each line of its table a
// function here, the guards first and by name. All run inside the batch's transaction and may come late, twice or
// never. A step that is told a fate is told a final one: they are stable, so late news is still true.
//
//        source                          register                       target
//   ACTIVE ──FREEZE──► MOVING            INTENT: open
//                        └────── content ──────────────COPY──► ARRIVING
//                                        FLIP: flipped
//                                                          ACTIVATE──► ACTIVE
//   MOVED ◄──RETIRE── MOVING
//   ACTIVE ◄─UNFREEZE─ MOVING            or ABORT: aborted     DISCARD──► DISCARDED
#pragma once
#include <cstdint>
#include <functional>

#include "dbagent/store/shard.h"

namespace dure::proto {
class KeptContent;
class KeptContentReply;
class MoveActivate;
class MoveContent;
class MoveContentQuery;
class MoveContentReply;
class MoveCopy;
class MoveDiscard;
class MoveFreeze;
class MoveRetire;
class MoveStepReply;
class MoveUnfreeze;
class ShardFigures;
class ShardFiguresQuery;
class UnsettledMoves;
class UnsettledMovesReply;
}  // namespace dure::proto

namespace dure::store {

struct AccountHere {
  AccountState state = AccountState::kAbsent;
  std::uint64_t mv = 0;  // the greatest move this shard has taken part in
};
AccountHere account_here(Shard& shard, std::uint64_t account_id);
// Why an account's characters can be neither listed nor added to here, as a StoreCode; 0: they can.
int account_unavailable(Shard& shard, std::uint32_t asked_shard, std::uint64_t account_id);

proto::MoveContentReply freeze(Shard& shard, const proto::MoveFreeze& request);
proto::MoveContentReply move_content(Shard& shard, const proto::MoveContentQuery& request);
// Of an account that left by that move (reconcile.h).
proto::KeptContentReply kept_content(Shard& shard, const proto::KeptContent& request);
// `before_written`: it is whole.
proto::MoveStepReply copy(Shard& shard, const proto::MoveCopy& request);
proto::MoveStepReply copy(Shard& shard, const proto::MoveCopy& request,
                          const std::function<void(const proto::MoveContent&)>& before_written);
proto::MoveStepReply activate(Shard& shard, const proto::MoveActivate& request);
proto::MoveStepReply retire(Shard& shard, const proto::MoveRetire& request);
proto::MoveStepReply unfreeze(Shard& shard, const proto::MoveUnfreeze& request);
proto::MoveStepReply discard(Shard& shard, const proto::MoveDiscard& request);

proto::UnsettledMovesReply unsettled_moves(Shard& shard, const proto::UnsettledMoves& request);
proto::ShardFigures shard_figures(Shard& shard, const proto::ShardFiguresQuery& request);

}  // namespace dure::store

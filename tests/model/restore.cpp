// A lossy restore of one player's shard: its row, its legs, and what its register decided go back to the backup. The
// old agent is gone, and with it what was on the wire to it; owners that lived on send their windows again. Where it is
// reconciled (reconcile.cpp) it starts closed, nobody owns the row, and its epoch is above every one that was granted.
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

bool resent(const State& state, const Operation& operation) {
  const Owner& owner = state.owner[operation.player][operation.owner - 1];
  return owner.phase == Phase::kHolding && owner.epoch == operation.epoch && operation.pseq > owner.saved;
}

void forget_the_wire(const Step& step, State& state, int player, const Row& row) {
  int kept = 0;
  for (int i = 0; i < state.operations; ++i) {
    Operation operation = state.operation[i];
    if (operation.player != player) {
      state.operation[kept++] = operation;
      continue;
    }
    if (!resent(state, operation)) continue;
    const bool lost = operation.epoch > row.epoch || (operation.epoch == row.epoch && operation.pseq > row.last_pseq);
    if (lost) operation.applied = 0;
    state.operation[kept++] = operation;
  }
  for (int i = kept; i < state.operations; ++i) state.operation[i] = Operation{};
  state.operations = static_cast<u8>(kept);
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    state.forgotten[player][epoch] = state.asked[player][epoch];
    if (epoch > row.epoch && !step.world.reconciles) state.granted[player][epoch] = 0;
  }
  for (Owner& owner : state.owner[player]) {
    owner.answer = Answer{};
    if (owner.phase == Phase::kAsking) owner = Owner{};
  }
}

// ended: that epoch's, as a ghost; the shard itself knows nothing of epochs after its backup.
void fence_all(const Step& step, Row& row, u8 greatest) {
  row.owner = 0;
  if (step.removed(Rule::kRestoreRaisesEpochs)) return;
  row.ended[row.epoch] = row.last_pseq + 1;
  row.epoch = greatest + 1;
  row.last_pseq = 0;
  row.acquire_id = 0;
  row.acquire_epoch = 0;
}

void restore_trades(const Step& step, State& next, int player, int shard) {
  const bool register_here = step.world.shard[0] == shard;
  for (int t = 0; t < step.world.trades; ++t) {
    Trade& trade = next.trade[t];
    if (!register_here && trade.leg[player].vote == Vote::kYes) trade.counted |= 1u << player;
    const Item handed_over = trade.leg[player].item;  // as the other side's FINISH wrote it, and tells its owner
    trade.leg[player] = step.now.backup_trade[t].leg[player];
    trade.leg[player].item = handed_over;
    if (register_here) trade.verdict = step.now.backup_trade[t].verdict;
  }
}

}  // namespace

void restore(Step& step) {
  if (!step.world.restores || step.now.restored) return;
  State next = step.now;
  const int player = step.world.restored, shard = step.world.shard[player];
  if (!step.now.backup_kept) {
    next.backup_kept = 1;
    next.backup = step.now.row[player][shard];
    next.backup_outside = step.now.outside[shard];
    next.backup_transit = step.now.transit[shard];
    for (int t = 0; t < step.world.trades; ++t) next.backup_trade[t] = step.now.trade[t];
    step.emit(next, Fair::kNo, {"backup"});
    return;
  }
  next.restored = 1;
  Row& row = next.row[player][shard];
  row = step.now.backup;
  next.outside[shard] = step.now.backup_outside;
  next.transit[shard] = step.now.backup_transit;
  restore_trades(step, next, player, shard);
  forget_the_wire(step, next, player, row);
  if (step.world.reconciles) {
    next.closed = 1;
    fence_all(step, row, step.now.row[player][shard].epoch);
  }
  next.backup = Row{};
  next.backup_outside = next.backup_transit = 0;
  for (Trade& trade : next.backup_trade) trade = Trade{};
  step.emit(next, Fair::kNo, {"restore: an older state comes back"});
}

}  // namespace dure::model

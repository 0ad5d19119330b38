// A lossy restore of player 0's shard: its row goes back to the backup. The old agent is gone, and with it what was on
// the wire to it; owners that lived on send their windows again.
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

constexpr int kPlayer = 0;

bool resent(const State& state, const Operation& operation) {
  const Owner& owner = state.owner[operation.player][operation.owner - 1];
  return owner.phase == Phase::kHolding && owner.epoch == operation.epoch && operation.pseq > owner.saved;
}

void forget_the_wire(State& state, const Row& row) {
  int kept = 0;
  for (int i = 0; i < state.operations; ++i) {
    Operation operation = state.operation[i];
    if (!resent(state, operation)) continue;
    const bool lost = operation.epoch > row.epoch || (operation.epoch == row.epoch && operation.pseq > row.last_pseq);
    if (lost) operation.applied = 0;
    state.operation[kept++] = operation;
  }
  for (int i = kept; i < state.operations; ++i) state.operation[i] = Operation{};
  state.operations = static_cast<u8>(kept);
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    state.forgotten[kPlayer][epoch] = state.asked[kPlayer][epoch];
    if (epoch > row.epoch) state.granted[kPlayer][epoch] = 0;
  }
  for (Owner& owner : state.owner[kPlayer]) {
    owner.answer = Answer{};
    if (owner.phase == Phase::kAsking) owner = Owner{};
  }
}

}  // namespace

void restore(Step& step) {
  if (!step.world.restores || step.now.restored) return;
  State next = step.now;
  const int shard = step.world.shard[kPlayer];
  if (!step.now.backup_kept) {
    next.backup_kept = 1;
    next.backup = step.now.row[kPlayer][shard];
    next.backup_outside = step.now.outside[shard];
    step.emit(next, Fair::kNo, {"backup"});
    return;
  }
  next.restored = 1;
  next.row[kPlayer][shard] = step.now.backup;
  next.outside[shard] = step.now.backup_outside;
  forget_the_wire(next, next.row[kPlayer][shard]);
  step.emit(next, Fair::kNo, {"restore: an older state comes back"});
}

}  // namespace dure::model

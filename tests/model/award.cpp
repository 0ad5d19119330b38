// A drop: an instance (process 0 holds both players) decides one receiver in memory and may decide anew only after a
// proof that the first operation is dead. LOOT's own guard is in apply.cpp.
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

constexpr int kInstance = 0;

bool dead(const Step& step) {
  const Award& award = step.now.award;
  const Row* row = active_row(step.now, award.player);
  if (step.removed(Rule::kReawardProof)) return award.stale_heard;
  if (row == nullptr) return false;
  const bool passed = step.rule(Rule::kReawardEpochPassed, row->epoch > award.epoch);
  if (step.world.proof_by_read) return passed && row->drop_key == 0;
  if (step.removed(Rule::kReawardThatEpoch)) return passed && row->last_pseq < award.pseq;
  return row->ended[award.epoch] != 0 && row->ended[award.epoch] - 1 < award.pseq;
}

void give(Step& step, int player) {
  const Award& award = step.now.award;
  if (award.count >= step.world.awards || !may_propose(step, player, kInstance)) return;
  if (award.count != 0 && honest(step, player) && !dead(step)) return;
  State next = step.now;
  const Owner& owner = step.now.owner[player][kInstance];
  next.award = {static_cast<u8>(award.count + 1), static_cast<u8>(player), owner.epoch, owner.next_pseq, 0};
  Operation operation{};
  operation.kind = Kind::kLoot;
  if (!apply_in_memory(step, next, player, kInstance, operation)) return;
  step.emit(next, Fair::kNo, {award.count == 0 ? "instance awards" : "instance awards again", player, owner.epoch});
}

}  // namespace

void award(Step& step) {
  if (step.world.awards == 0) return;
  for (int player = 0; player < step.world.players; ++player) give(step, player);
  const Award& award = step.now.award;
  const Row* row = active_row(step.now, award.player);
  if (award.count == 0 || award.stale_heard || row == nullptr || row->epoch <= award.epoch) return;
  State next = step.now;
  next.award.stale_heard = 1;
  step.emit(next, Fair::kYes, {"resent drop is answered STALE_EPOCH", award.player});
}

}  // namespace dure::model

// One shard goes back to a backup, alone: it starts closed, its epochs raised, and what was on the wire from it is
// gone.
#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {

void restore(Step& step) {
  if (step.now.restored) return;
  State next = step.now;
  if (!step.now.backup_kept) {
    next.backup_kept = 1;
    next.backup = step.now.shard[kRestored];
    step.emit(next, Fair::kNo, {"backup"});
    return;
  }
  next.restored = next.closed = 1;
  next.shard[kRestored] = step.now.backup;
  next.backup = Shard{};
  for (int player = 0; player < kPlayers; ++player) {
    const bool fenced = next.map[player].shard == kRestored || active_shard(next, player) == kRestored;
    for (int trade = 0; trade < step.world.trades; ++trade)  // their owners' legs are of ended epochs
      if (fenced && next.register_at[trade] != 0) next.prepared[trade] |= 1u << player;
  }
  for (Row& row : next.shard[kRestored].row) row.is.epoch = static_cast<u8>(row.is.epoch + kRaise);
  for (int letter = 0; letter < kNotes; ++letter) {
    if (next.relayed[letter] == kRestored + 1) next.relayed[letter] = 0;
    next.answered[letter] = 0;
  }
  step.emit(next, Fair::kNo, {"restore: an older state comes back"});
}

}  // namespace dure::model::accounts

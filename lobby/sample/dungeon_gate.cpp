#include "lobby/sample/dungeon_gate.h"

#include "common/game/sample/entry_fee.h"
#include "common/game/sample/outcome.h"
#include "common/proto/value.pb.h"

namespace dure::sample {

std::int64_t DungeonGate::fee(const std::string& dungeon) const {
  const auto at = runs_.runs.find(dungeon);
  return at == runs_.runs.end() ? 0 : at->second.fee_gold;
}

// After its PlayerState, so that the client is told of it as of any other change.
void DungeonGate::player_arrived(Player& player) {
  if (player.mirror.counter(kEntryRun) == 0) return;
  const PlayerRef ref{player.id, player.epoch};
  lobby_.after(Duration{}, [this, ref] {
    if (Player* here = lobby_.find(ref); here != nullptr && here->state == Player::State::kActive) refund(*here);
  });
}

// What cannot be credited now (a full purse, the reason switched off) stays owed until the next arrival or match.
void DungeonGate::refund(Player& player) {
  proto::Operation operation;
  if (!refund_entry(player.mirror, items_, &operation)) return;
  if (lobby_.commit(player, operation) == Mirror::Guard::kOk) tell_changed(lobby_, player, operation);
}

std::uint32_t DungeonGate::may_queue(const Player& player, const std::string& dungeon) {
  return player.mirror.balance("gold") < fee(dungeon) ? proto::NOT_ENOUGH : proto::OK;
}

std::uint32_t DungeonGate::may_enter(Player& player, const std::string& dungeon, RunId run) {
  refund(player);
  proto::Operation operation;
  proto::Code code = pay_entry(player.mirror, fee(dungeon), run.value, &operation);
  if (code != proto::OK || operation.effects_size() == 0) return code;
  code = code_of(lobby_.commit(player, operation));
  if (code == proto::OK) tell_changed(lobby_, player, operation);
  return code;
}

}  // namespace dure::sample

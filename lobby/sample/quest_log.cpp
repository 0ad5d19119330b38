#include "lobby/sample/quest_log.h"

#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"

namespace dure::sample {

QuestLog::QuestLog(Lobby& lobby, const Items& items, const Quests& quests)
    : lobby_(lobby), items_(items), quests_(quests) {
  lobby.on_player(this, &QuestLog::list);
  lobby.on_player(this, &QuestLog::claim);
}

// After its PlayerState, so that the client is told of it as of any other change.
void QuestLog::player_arrived(Player& player) {
  const PlayerRef ref{player.id, player.epoch};
  lobby_.after(Duration{}, [this, ref] {
    if (Player* here = lobby_.find(ref); here != nullptr && here->state == Player::State::kActive) reward_levels(*here);
  });
}

void QuestLog::reward_levels(Player& player) {
  for (;;) {
    proto::Operation operation;
    if (!level_reward(quests_, player.mirror, items_, &operation)) return;
    if (lobby_.commit(player, operation) != Mirror::Guard::kOk) return;  // no room: at the next arrival
    tell_changed(lobby_, player, operation);
  }
}

QuestListReply QuestLog::list(Player& player, const QuestListRequest&) {
  QuestListReply reply;
  for (const Quest& quest : quests_.quests) {
    auto* one = reply.add_quests();
    one->set_quest(quest.name);
    one->set_needed(quest.needed);
    one->set_done(player.mirror.flag(quest.flag()));
    one->set_progress(one->done() ? quest.needed : player.mirror.counter(quest.counter()));
  }
  return reply;
}

QuestClaimReply QuestLog::claim(Player& player, const QuestClaimRequest& request) {
  QuestClaimReply reply;
  proto::Operation operation;
  proto::Code code = quest_reward(quests_, request.quest(), player.mirror, items_, &operation);
  if (code == proto::OK) code = code_of(lobby_.commit(player, operation));
  if (code == proto::OK) tell_touched(player.mirror, operation, reply.mutable_touched());
  reply.set_code(code);
  return reply;
}

}  // namespace dure::sample

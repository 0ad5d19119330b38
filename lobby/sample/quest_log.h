// Quests in a zone: what one has done, and the reward of what is complete; and the levels that were reached where
// nobody rewarded them any more. The rules are common/game/sample/quest.h. Logic thread only.
#pragma once
#include "common/game/sample/quest.h"
#include "lobby/lobby.h"

namespace dure::sample {

class QuestClaimReply;
class QuestClaimRequest;
class QuestListReply;
class QuestListRequest;

class QuestLog : public LobbyFeature {
 public:
  QuestLog(Lobby& lobby, const Items& items, const Quests& quests);
  void player_arrived(Player& player) override;

 private:
  QuestListReply list(Player& player, const QuestListRequest& request);
  QuestClaimReply claim(Player& player, const QuestClaimRequest& request);
  void reward_levels(Player& player);

  Lobby& lobby_;
  const Items& items_;
  const Quests& quests_;
};

}  // namespace dure::sample

// What a character is and carries, in a zone: hit points by level, the starter kit at the first arrival, items in use.
#pragma once
#include "common/game/sample/item_use.h"
#include "lobby/lobby.h"

namespace dure::sample {

class AttackReply;
class AttackRequest;
class SkillReply;
class SkillRequest;

class Bag : public LobbyFeature {
 public:
  Bag(Lobby& lobby, const Items& items);
  // Told by the PlayerState that follows.
  void player_arrived(Player& player) override;

 private:
  AttackReply attack(Player& player, const AttackRequest& request);
  SkillReply skill(Player& player, const SkillRequest& request);
  Lobby& lobby_;
  const Items& items_;
  ItemUse use_;
};

}  // namespace dure::sample

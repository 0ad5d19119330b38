// Items in use, wherever one is: a potion heals in a zone and in a dungeon alike. Registers itself with the node that
// owns the player; lives as long as that node takes turns.
#pragma once
#include <functional>

#include "common/game/owner.h"
#include "common/game/sample/items.h"

namespace dure::sample {

class UseItemReply;
class UseItemRequest;

class ItemUse {
 public:
  // `shown`: the player's hit points have changed, whoever sees it should know.
  using Shown = std::function<void(const Player&)>;
  ItemUse(OwnerNode& node, const Items& items, Shown shown);
  ItemUse(const ItemUse&) = delete;
  ItemUse& operator=(const ItemUse&) = delete;

 private:
  UseItemReply use(Player& player, const UseItemRequest& request);
  OwnerNode& node_;
  const Items& items_;
  Shown shown_;
};

}  // namespace dure::sample

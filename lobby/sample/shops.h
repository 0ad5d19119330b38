// Npcs who sell and buy: lists, prices, distance, the switch "shop". The rules are common/game/sample/shop.h; here a
// message becomes a rule's arguments and its operation is committed once.
#pragma once
#include <vector>

#include "common/game/sample/shop.h"
#include "lobby/lobby.h"

namespace dure::sample {

class BuyReply;
class BuyRequest;
class SellReply;
class SellRequest;
class ShopListReply;
class ShopListRequest;

class Shops : public LobbyFeature {
 public:
  Shops(Lobby& lobby, const Items& items, const std::vector<Shop>& shops);
  void zone_opened(Zone& zone) override;

 private:
  ShopListReply list(Player& player, const ShopListRequest& request);
  BuyReply buy_from(Player& player, const BuyRequest& request);
  SellReply sell_to(Player& player, const SellRequest& request);
  // The shop of that npc, near enough and open; or why not.
  const Shop* enter(const Player& player, const std::string& npc, proto::Code* why);

  Lobby& lobby_;
  const Items& items_;
  const std::vector<Shop>& shops_;
};

}  // namespace dure::sample

#include "lobby/sample/shops.h"

#include <algorithm>

#include "common/base/ordered_id.h"
#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"

namespace dure::sample {

Shops::Shops(Lobby& lobby, const Items& items, const std::vector<Shop>& shops)
    : lobby_(lobby), items_(items), shops_(shops) {
  lobby.on_player(this, &Shops::list);
  lobby.on_player(this, &Shops::buy_from);
  lobby.on_player(this, &Shops::sell_to);
}

void Shops::zone_opened(Zone& zone) {
  for (const Shop& shop : shops_)
    if (shop.zone == zone.content().name) zone.add_npc(shop.npc, shop.position);
}

const Shop* Shops::enter(const Player& player, const std::string& npc, proto::Code* why) {
  *why = proto::OK;
  const Zone* here = lobby_.zone_of(player);
  const AreaEntity* keeper = lobby_.npc(player, npc);
  if (here == nullptr || keeper == nullptr) return *why = proto::NOT_FOUND, nullptr;
  for (const Shop& shop : shops_) {
    if (shop.npc != npc || shop.zone != here->content().name) continue;
    if (!lobby_.switched_on("shop")) return *why = proto::CLOSED, nullptr;
    if (distance_cm(player.position, keeper->position) > shop.reach_cm) return *why = proto::TOO_FAR, nullptr;
    return &shop;
  }
  return *why = proto::NOT_FOUND, nullptr;
}

ShopListReply Shops::list(Player& player, const ShopListRequest& request) {
  ShopListReply reply;
  proto::Code why = proto::OK;
  const Shop* shop = enter(player, request.npc(), &why);
  reply.set_code(why);
  if (shop == nullptr) return reply;
  const auto offer = [&](const ItemTemplate& item, bool sold) {
    auto* entry = reply.add_offers();
    entry->set_template_(item.name);
    entry->set_buy_price(sold ? item.buy_price : 0);
    entry->set_sell_price(item.sell_price);
    entry->set_stack(item.stack);
  };
  for (const auto& name : shop->sells) offer(*items_.find(name), true);
  for (const auto& [name, item] : items_.templates)
    if (item.sell_price > 0 && std::find(shop->sells.begin(), shop->sells.end(), name) == shop->sells.end())
      offer(item, false);
  return reply;
}

BuyReply Shops::buy_from(Player& player, const BuyRequest& request) {
  BuyReply reply;
  proto::Code code = proto::OK;
  const Shop* shop = enter(player, request.npc(), &code);
  proto::Operation operation;
  const NewItemId new_item_id = [this] { return ordered_id(lobby_.wall_now(), lobby_.entropy()); };
  if (shop != nullptr) code = as_seen(items_, request.template_(), true, request.price());
  if (code == proto::OK)
    code = buy(items_, *shop, request.template_(), request.count(), player.mirror, new_item_id, &operation);
  if (code == proto::OK) code = code_of(lobby_.commit(player, operation));
  if (code == proto::OK) tell_touched(player.mirror, operation, reply.mutable_touched());
  reply.set_code(code);
  return reply;
}

SellReply Shops::sell_to(Player& player, const SellRequest& request) {
  SellReply reply;
  proto::Code code = proto::OK;
  proto::Operation operation;
  if (enter(player, request.npc(), &code) != nullptr) {
    const OwnedItem* item = request.has_item() ? player.mirror.item(item_id_of(request.item())) : nullptr;
    code = as_seen(items_, item != nullptr ? item->template_name : request.stack(), false, request.price());
  }
  if (code == proto::OK) {
    if (request.has_item())
      code = sell_item(items_, item_id_of(request.item()), request.count(), player.mirror, &operation);
    else
      code = sell_stack(items_, request.stack(), request.count(), &operation);
  }
  if (code == proto::OK) code = code_of(lobby_.commit(player, operation));
  if (code == proto::OK) tell_touched(player.mirror, operation, reply.mutable_touched());
  reply.set_code(code);
  return reply;
}

}  // namespace dure::sample

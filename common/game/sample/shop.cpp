#include "common/game/sample/shop.h"

#include <algorithm>

#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

void balance(proto::Operation* operation, const Items& items, const std::string& currency, std::int64_t delta) {
  auto* effect = operation->add_effects()->mutable_balance();
  effect->set_currency(currency);
  effect->set_delta(delta);
  effect->set_cap(items.cap(currency));
}

void burn(proto::Operation* operation, const OwnedItem& item) {
  auto* effect = operation->add_effects()->mutable_burn();
  *effect->mutable_item() = uid_of(item.id);
  effect->set_version(item.version);
}

void mint(proto::Operation* operation, const ItemTemplate& item, const ItemId& id) {
  auto* minted = operation->add_effects()->mutable_mint()->mutable_item();
  *minted->mutable_id() = uid_of(id);
  minted->set_template_(item.name);
  minted->set_version(1);
}

}  // namespace

Result<std::vector<Shop>> parse_shops(const ContentFile& file, const Items& items) {
  auto root = ContentTable::parse(file);
  if (!root) return tl::unexpected<Error>(root.error());
  std::vector<Shop> shops;
  for (auto& in : root->tables("shop")) {
    Shop shop;
    shop.npc = in.text("npc");
    shop.zone = in.text("zone");
    shop.position.x_cm = static_cast<std::int32_t>(in.number("x_cm", 0, 1'000'000));
    shop.position.y_cm = static_cast<std::int32_t>(in.number("y_cm", 0, 1'000'000));
    shop.reach_cm = static_cast<std::int32_t>(in.number("reach_cm", 1, 100'000, shop.reach_cm));
    shop.sells = in.texts("sells");
    for (const auto& name : shop.sells)
      if (const ItemTemplate* item = items.find(name); item == nullptr || item->buy_price == 0)
        in.refuse("sells", "'" + name + "' is no item with a buy_price");
    for (const Shop& other : shops)
      if (other.npc == shop.npc && other.zone == shop.zone) in.refuse("npc", "a second npc of that name in the zone");
    shops.push_back(std::move(shop));
  }
  if (auto whole = root->finish(); !whole) return tl::unexpected<Error>(whole.error());
  return shops;
}

bool total_price(std::int64_t price, std::uint32_t count, std::int64_t* total) {
  return !__builtin_mul_overflow(price, static_cast<std::int64_t>(count), total);
}

proto::Code as_seen(const Items& items, const std::string& template_name, bool buying, std::int64_t seen) {
  const ItemTemplate* item = items.find(template_name);
  if (item == nullptr || seen == 0) return proto::OK;
  return seen == (buying ? item->buy_price : item->sell_price) ? proto::OK : proto::ABORTED;
}

proto::Code buy(const Items& items, const Shop& shop, const std::string& template_name, std::uint32_t count,
                const Mirror& mirror, const NewItemId& new_item_id, proto::Operation* operation) {
  const ItemTemplate* item = items.find(template_name);
  if (item == nullptr || std::find(shop.sells.begin(), shop.sells.end(), template_name) == shop.sells.end())
    return proto::NOT_FOUND;
  if (count < 1 || count > (item->stack ? kStackCountMax : kItemCountMax)) return proto::INVALID;
  std::int64_t price = 0;
  if (!total_price(item->buy_price, count, &price)) return proto::INVALID;
  const std::size_t carried = mirror.items().size() + mirror.items_on_their_way();
  if (!item->stack && carried + count > items.bag_slots) return proto::FULL;
  operation->set_reason("shop.buy");
  balance(operation, items, "gold", -price);
  if (item->stack)
    balance(operation, items, item->name, count);
  else
    for (std::uint32_t i = 0; i < count; ++i) mint(operation, *item, new_item_id());
  return proto::OK;
}

proto::Code sell_stack(const Items& items, const std::string& stack, std::uint32_t count, proto::Operation* operation) {
  const ItemTemplate* item = items.find(stack);
  if (item == nullptr || !item->stack) return proto::NOT_FOUND;
  if (count < 1 || count > kStackCountMax) return proto::INVALID;
  if (item->sell_price == 0) return proto::NOT_ALLOWED;
  std::int64_t price = 0;
  if (!total_price(item->sell_price, count, &price)) return proto::INVALID;
  operation->set_reason("shop.sell");
  balance(operation, items, item->name, -static_cast<std::int64_t>(count));
  balance(operation, items, "gold", price);
  return proto::OK;
}

proto::Code sell_item(const Items& items, const ItemId& id, std::uint32_t count, const Mirror& mirror,
                      proto::Operation* operation) {
  const OwnedItem* owned = mirror.item(id);
  if (owned == nullptr) return proto::NOT_FOUND;
  if (count != 1) return proto::INVALID;
  const ItemTemplate* item = items.find(owned->template_name);
  if (item == nullptr || item->sell_price == 0) return proto::NOT_ALLOWED;
  operation->set_reason("shop.sell");
  burn(operation, *owned);
  balance(operation, items, "gold", item->sell_price);
  return proto::OK;
}

proto::Code use_stack(const Items& items, const std::string& stack, std::int64_t* heal, proto::Operation* operation) {
  const ItemTemplate* item = items.find(stack);
  if (item == nullptr || !item->stack) return proto::NOT_FOUND;
  if (item->heal == 0) return proto::NOT_ALLOWED;
  *heal = item->heal;
  operation->set_reason("item.use");
  balance(operation, items, item->name, -1);
  return proto::OK;
}

proto::Code use_item(const Items& items, const ItemId& id, const Mirror& mirror, std::int64_t* heal,
                     proto::Operation* operation) {
  const OwnedItem* owned = mirror.item(id);
  if (owned == nullptr) return proto::NOT_FOUND;
  const ItemTemplate* item = items.find(owned->template_name);
  if (item == nullptr || item->heal == 0) return proto::NOT_ALLOWED;
  *heal = item->heal;
  operation->set_reason("item.use");
  burn(operation, *owned);
  return proto::OK;
}

void starter_kit(const Items& items, proto::Operation* operation) {
  operation->set_reason("starter");
  operation->add_effects()->mutable_set_once()->set_flag(kStarterFlag);
  if (items.starter_gold > 0) balance(operation, items, "gold", items.starter_gold);
  for (const auto& [stack, count] : items.starter_stacks) balance(operation, items, stack, count);
}

}  // namespace dure::sample

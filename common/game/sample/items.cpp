#include "common/game/sample/items.h"

namespace dure::sample {
namespace {
constexpr std::int64_t kPriceMax = 1'000'000'000;
}

const ItemTemplate* Items::find(const std::string& name) const {
  const auto at = templates.find(name);
  return at == templates.end() ? nullptr : &at->second;
}

Result<Items> parse_items(const ContentFile& file) {
  auto root = ContentTable::parse(file);
  if (!root) return tl::unexpected<Error>(root.error());
  Items items;
  items.bag_slots = static_cast<std::size_t>(root->number("bag_slots", 1, 1000, 60));
  items.stack_max = root->number("stack_max", 1, kPriceMax, items.stack_max);
  items.gold_max = root->number("gold_max", 1, 1'000'000'000'000'000, items.gold_max);
  for (auto& in : root->tables("item")) {
    ItemTemplate item;
    item.name = in.text("name");
    item.stack = in.flag("stack", false);
    item.buy_price = in.number("buy_price", 0, kPriceMax, 0);
    item.sell_price = in.number("sell_price", 0, kPriceMax, 0);
    item.heal = in.number("heal", 0, 1'000'000, 0);
    item.power = in.number("power", 0, 1'000'000, 0);
    if (item.name == "gold") in.refuse("name", "gold is the currency");
    if (item.buy_price > 0 && item.sell_price > item.buy_price)
      in.refuse("sell_price", "at most the buy_price, or a shop would be a source of gold");
    if (!items.templates.emplace(item.name, item).second) in.refuse("name", "a second item of that name");
  }
  auto starter = root->table("starter");
  items.starter_gold = starter.number("gold", 0, items.gold_max, 0);
  for (auto& in : starter.tables("stacks")) {
    const std::string name = in.text("template");
    const ItemTemplate* item = items.find(name);
    if (item == nullptr || !item->stack) in.refuse("template", "the name of an item with stack = true");
    items.starter_stacks.emplace_back(name, in.number("count", 1, items.stack_max, 1));
  }
  if (auto whole = root->finish(); !whole) return tl::unexpected<Error>(whole.error());
  return items;
}

}  // namespace dure::sample

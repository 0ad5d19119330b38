// What exists in the sample game, read from configs/content/items.toml. Plain values, any thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/game/content_table.h"

namespace dure::sample {

struct ItemTemplate {
  std::string name;
  bool stack = false;           // a balance of this name; otherwise each piece is an item with an id
  std::int64_t buy_price = 0;   // gold for one; 0: no shop sells it
  std::int64_t sell_price = 0;  // gold for one; 0: no shop takes it
  std::int64_t heal = 0;        // hit points when used; 0: not to be used
  std::int64_t power = 0;       // of a weapon
};

struct Items {
  std::map<std::string, ItemTemplate> templates;
  std::size_t bag_slots = 60;  // items with an id
  std::int64_t stack_max = 9999;
  std::int64_t gold_max = 1'000'000'000'000;
  std::int64_t starter_gold = 0;
  std::vector<std::pair<std::string, std::int64_t>> starter_stacks;

  const ItemTemplate* find(const std::string& name) const;
  // The most of a currency or stack that a character may have: the cap of every credit.
  std::int64_t cap(const std::string& currency) const { return currency == "gold" ? gold_max : stack_max; }
};

[[nodiscard]] Result<Items> parse_items(const ContentFile& file);

}  // namespace dure::sample

// The shop's rules as plain functions over values: who wants what, what the character has, which operation that is. No
// message, no clock; new item ids are arguments. Amounts are int64 and multiplied with a check.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/game/mirror.h"
#include "common/game/player.h"
#include "common/game/sample/items.h"
#include "common/proto/route.pb.h"

namespace dure::sample {

struct Shop {
  std::string npc, zone;
  Position position;
  std::int32_t reach_cm = 2000;    // how near one must stand
  std::vector<std::string> sells;  // it takes whatever has a sell_price
};

// Read from configs/content/shops.toml. Templates must exist in `items`, zones are whatever the lobby knows.
[[nodiscard]] Result<std::vector<Shop>> parse_shops(const ContentFile& file, const Items& items);

inline constexpr std::uint32_t kStackCountMax = 99;  // of a stack, in one request
inline constexpr std::uint32_t kItemCountMax = 5;    // of an item

// price × count, or nothing where it passes int64.
bool total_price(std::int64_t price, std::uint32_t count, std::int64_t* total);

// Prices may change while one looks at them: `seen` is what is asked (buying) or paid (selling) for one now, or 0: it
// does not matter. Otherwise ABORTED. What does not exist is the next rule's to say.
proto::Code as_seen(const Items& items, const std::string& template_name, bool buying, std::int64_t seen);

// Each answers OK and fills the operation, or says why not. What only the mirror's guards can tell (not enough gold, a
// full stack) is found at the commit.
using NewItemId = std::function<ItemId()>;
proto::Code buy(const Items& items, const Shop& shop, const std::string& template_name, std::uint32_t count,
                const Mirror& mirror, const NewItemId& new_item_id, proto::Operation* operation);
proto::Code sell_stack(const Items& items, const std::string& stack, std::uint32_t count, proto::Operation* operation);
proto::Code sell_item(const Items& items, const ItemId& item, std::uint32_t count, const Mirror& mirror,
                      proto::Operation* operation);
// Consumes one and says how many hit points it gives.
proto::Code use_stack(const Items& items, const std::string& stack, std::int64_t* heal, proto::Operation* operation);
proto::Code use_item(const Items& items, const ItemId& item, const Mirror& mirror, std::int64_t* heal,
                     proto::Operation* operation);
// What a fresh character begins with, once.
inline constexpr const char* kStarterFlag = "starter";
void starter_kit(const Items& items, proto::Operation* operation);

}  // namespace dure::sample

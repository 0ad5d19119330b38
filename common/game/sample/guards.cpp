#include "common/game/sample/guards.h"

#include <algorithm>
#include <map>

#include "common/game/guards.h"
#include "common/game/sample/combat.h"
#include "common/game/sample/outcome.h"
#include "common/proto/content.pb.h"

namespace dure::sample {
namespace {

using Limits = google::protobuf::RepeatedPtrField<proto::ContentLimit>;

void cap(google::protobuf::RepeatedPtrField<proto::Amount>* to, const std::string& name, std::int64_t most) {
  auto* amount = to->Add();
  amount->set_name(name);
  amount->set_value(most);
}

void limit(Limits* to, const std::string& name, std::int64_t operation_max) {
  if (operation_max <= 0) return;
  auto* row = to->Add();
  row->set_name(name);
  row->set_operation_max(operation_max);
}

void price(google::protobuf::RepeatedPtrField<proto::ContentPrice>* to, const ItemTemplate& item, std::int64_t gold) {
  auto* row = to->Add();
  row->set_thing(item.name);
  row->set_price(gold);
}

void guard_caps(const Items& items, const Quests& quests, proto::ContentGuards* guards) {
  cap(guards->mutable_caps(), "gold", items.gold_max);
  for (const auto& [name, item] : items.templates)
    if (item.stack) cap(guards->mutable_caps(), name, items.stack_max);
  cap(guards->mutable_counter_caps(), kExperience, quests.experience_max);
  for (const Quest& quest : quests.quests) cap(guards->mutable_counter_caps(), quest.counter(), quest.needed);
}

void guard_shops(const Items& items, const std::vector<Shop>& shops, proto::ContentGuards* guards) {
  auto* buy = guards_of(guards, "shop.buy");
  auto* sell = guards_of(guards, "shop.sell");
  buy->set_currency("gold");
  sell->set_currency("gold");
  for (const auto& [name, item] : items.templates) {
    const bool sold = std::any_of(shops.begin(), shops.end(), [&](const Shop& shop) {
      return std::find(shop.sells.begin(), shop.sells.end(), name) != shop.sells.end();
    });
    if (sold) {
      price(buy->mutable_sells(), item, item.buy_price);
      if (item.stack)
        limit(buy->mutable_creates(), name, kStackCountMax);
      else
        limit(buy->mutable_mints(), name, kItemCountMax);
    }
    if (item.sell_price > 0) price(sell->mutable_buys(), item, item.sell_price);
  }
}

void guard_rewards(const Items& items, const Quests& quests, proto::ContentGuards* guards) {
  auto* starter = guards_of(guards, "starter");
  starter->set_unique_key(true);
  std::map<std::string, std::int64_t> kit{{"gold", items.starter_gold}};
  for (const auto& [stack, count] : items.starter_stacks) kit[stack] += count;
  for (const auto& [name, count] : kit) limit(starter->mutable_creates(), name, count);

  auto* reward = guards_of(guards, "quest.reward");
  reward->set_unique_key(true);
  std::map<std::string, std::int64_t> most;
  for (const Quest& quest : quests.quests) {
    most["gold"] = std::max(most["gold"], quest.reward_gold);
    std::map<std::string, std::int64_t> stacks;
    for (const auto& [stack, count] : quest.reward_stacks) stacks[stack] += count;
    for (const auto& [stack, count] : stacks) most[stack] = std::max(most[stack], count);
    limit(guards_of(guards, "quest")->mutable_counts(), quest.counter(), quest.needed);
  }
  for (const auto& [name, count] : most) limit(reward->mutable_creates(), name, count);

  auto* level = guards_of(guards, "level.reward");
  level->set_unique_key(true);
  limit(level->mutable_creates(), "gold", quests.level_gold * level_of(quests.experience_max));
}

}  // namespace

Result<proto::ContentGuards> parse_sample_guards(const ContentFile& file, const Items& items,
                                                 const std::vector<Shop>& shops, const Quests& quests) {
  GuardNames names;
  names.reasons = reasons();
  // These follow from the other files, and from nothing else.
  for (const char* derived : {"starter", "shop.buy", "shop.sell", "quest", "quest.reward", "level.reward"})
    names.reasons.erase(derived);
  names.balances.insert("gold");
  for (const auto& [name, item] : items.templates) (item.stack ? names.balances : names.items).insert(name);
  names.counters.insert(kExperience);
  proto::ContentGuards guards;
  guards.set_closed(true);
  for (const auto& known : {names.balances, names.items})
    for (const auto& name : known) guards.add_things(name);
  guard_caps(items, quests, &guards);
  guard_shops(items, shops, &guards);
  guard_rewards(items, quests, &guards);
  if (auto read = parse_guards(file, names, &guards); !read) return tl::unexpected<Error>(read.error());
  return guards;
}

}  // namespace dure::sample

#include "common/game/sample/outcome.h"

#include "common/game/sample/sample.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

void amount(const std::string& name, std::int64_t value, proto::Amount* to) {
  to->set_name(name);
  to->set_value(value);
}

void item_now(const Mirror& mirror, const proto::Uid& id, Touched* touched) {
  const OwnedItem* owned = mirror.item(item_id_of(id));
  if (owned == nullptr) return;
  auto* item = touched->add_items_added();
  *item->mutable_id() = id;
  item->set_template_(owned->template_name);
  item->set_version(owned->version);
  for (const auto& [key, value] : owned->attributes) {
    auto* attribute = item->add_attributes();
    attribute->set_key(key);
    attribute->set_value(value);
  }
}

}  // namespace

proto::Code code_of(Mirror::Guard guard) {
  switch (guard) {
    case Mirror::Guard::kOk:
      return proto::OK;
    case Mirror::Guard::kNotEnough:
      return proto::NOT_ENOUGH;
    case Mirror::Guard::kCap:
      return proto::FULL;
    case Mirror::Guard::kNoItem:
      return proto::NOT_FOUND;
    case Mirror::Guard::kTaken:
      return proto::WRONG_STATE;
    case Mirror::Guard::kInvalid:
      return proto::INVALID;
    case Mirror::Guard::kBusy:
      return proto::BUSY;
    case Mirror::Guard::kClosed:
      return proto::CLOSED;
  }
  return proto::INTERNAL;
}

void tell_touched(const Mirror& mirror, const proto::Operation& operation, Touched* touched) {
  std::set<std::string> balances, counters;
  for (const auto& effect : operation.effects()) {
    if (effect.has_balance()) balances.insert(effect.balance().currency());
    if (effect.has_count()) counters.insert(effect.count().counter());
    if (effect.has_mint()) item_now(mirror, effect.mint().item().id(), touched);
    if (effect.has_set_attribute()) item_now(mirror, effect.set_attribute().item(), touched);
    if (effect.has_burn()) *touched->add_items_removed() = effect.burn().item();
    for (const auto& sent : effect.send().balances()) balances.insert(sent.name());
    for (const auto& sent : effect.send().items()) *touched->add_items_removed() = sent;
  }
  if (operation.has_trade()) {
    const auto& given = operation.trade().terms().sides(static_cast<int>(operation.trade().side()));
    for (const auto& gift : given.give()) balances.insert(gift.name());
    for (const auto& item : given.items()) *touched->add_items_removed() = item.item();
  }
  for (const auto& name : balances) amount(name, mirror.balance(name), touched->add_balances());
  for (const auto& name : counters) amount(name, mirror.counter(name), touched->add_counters());
}

void tell_changed(OwnerNode& owner, const Player& player, const proto::Operation& operation) {
  Touched touched;
  tell_touched(player.mirror, operation, &touched);
  proto::AggregateChanged changed;
  changed.set_epoch(player.epoch);
  changed.set_reason(operation.reason());
  *changed.mutable_aggregate()->mutable_balances() = touched.balances();
  *changed.mutable_aggregate()->mutable_counters() = touched.counters();
  *changed.mutable_aggregate()->mutable_items() = touched.items_added();
  owner.tell(player, changed);
}

std::set<std::string> reasons() {
  return {"starter",        "shop.buy", "shop.sell",    "item.use",     "kill",  "loot",        "run.reward",
          "run.checkpoint", "gm.give",  "mail.send",    "auction",      "trade", "dungeon.fee", "dungeon.refund",
          "run.left",       "quest",    "quest.reward", "level.reward", "guild", "guild.found", "block"};
}

}  // namespace dure::sample

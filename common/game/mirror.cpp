#include "common/game/mirror.h"

#include <algorithm>
#include <limits>

#include "common/proto/value.pb.h"

namespace dure {

proto::Uid uid_of(const ItemId& id) {
  proto::Uid uid;
  uid.set_high(id.high);
  uid.set_low(id.low);
  return uid;
}

ItemId item_id_of(const proto::Uid& uid) { return {uid.high(), uid.low()}; }

OwnedItem owned(const proto::Item& item) {
  OwnedItem mine{item_id_of(item.id()), item.template_(), item.version(), {}, {}};
  if (mine.version == 0) mine.version = 1;
  for (const auto& attribute : item.attributes()) mine.attributes[attribute.key()] = attribute.value();
  return mine;
}

void fill(const OwnedItem& mine, proto::Item* item) {
  *item->mutable_id() = uid_of(mine.id);
  item->set_template_(mine.template_name);
  item->set_version(mine.version);
  for (const auto& [key, value] : mine.attributes) {
    auto* attribute = item->add_attributes();
    attribute->set_key(key);
    attribute->set_value(value);
  }
}

namespace {

std::int64_t cap_of(const proto::Effect::Claim& claim, const std::string& currency) {
  for (const auto& cap : claim.caps())
    if (cap.name() == currency) return cap.value();
  return 0;
}

// balance + delta within 0 … cap, or why not.
Mirror::Guard shifted(std::int64_t balance, std::int64_t delta, std::int64_t cap, std::int64_t reserved,
                      std::int64_t* out) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(balance, delta, &sum)) return delta < 0 ? Mirror::Guard::kNotEnough : Mirror::Guard::kCap;
  if (sum < 0) return Mirror::Guard::kNotEnough;
  const std::int64_t most = cap > 0 ? cap : std::numeric_limits<std::int64_t>::max();
  if (delta > 0 && sum > most - reserved) return Mirror::Guard::kCap;
  *out = sum;
  return Mirror::Guard::kOk;
}

}  // namespace

void Mirror::load(const proto::Aggregate& aggregate) {
  *this = Mirror();
  for (const auto& amount : aggregate.balances()) balances_[amount.name()] = amount.value();
  for (const auto& amount : aggregate.counters()) counters_[amount.name()] = amount.value();
  for (const auto& amount : aggregate.reserved()) reserved_[amount.name()] = amount.value();
  for (const auto& item : aggregate.items()) items_[item_id_of(item.id())] = owned(item);
  for (const auto& flag : aggregate.flags()) flags_.insert(flag);
  for (const auto& entry : aggregate.inbox()) inbox_[entry.message_id()] = entry.SerializeAsString();
  for (const auto& hold : aggregate.holds())
    legs_[trade_id_of(hold.terms().txn())] = {hold.SerializeAsString(), room_of(hold.terms()), true, {}};
  layout_ = aggregate.layout();
}

void Mirror::store(proto::Aggregate* aggregate) const {
  const auto amounts = [](const std::map<std::string, std::int64_t>& from, auto* to) {
    for (const auto& [name, value] : from) {
      auto* amount = to->Add();
      amount->set_name(name);
      amount->set_value(value);
    }
  };
  amounts(balances_, aggregate->mutable_balances());
  amounts(counters_, aggregate->mutable_counters());
  amounts(reserved_, aggregate->mutable_reserved());
  for (const auto& [id, item] : items_) fill(item, aggregate->add_items());
  for (const auto& flag : flags_) aggregate->add_flags(flag);
  for (const auto& [id, entry] : inbox_) aggregate->add_inbox()->ParseFromString(entry);
  for (const auto& [txn, leg] : legs_) aggregate->add_holds()->ParseFromString(leg.hold);
  aggregate->set_layout(layout_);
}

std::int64_t Mirror::balance(const std::string& currency) const {
  const auto at = balances_.find(currency);
  return at == balances_.end() ? 0 : at->second;
}

std::int64_t Mirror::room(const std::string& currency, std::int64_t cap) const {
  const auto held = reserved_.find(currency);
  const std::int64_t most = cap > 0 ? cap : std::numeric_limits<std::int64_t>::max();
  return std::max<std::int64_t>(0, most - (held == reserved_.end() ? 0 : held->second) - balance(currency));
}

std::int64_t Mirror::counter(const std::string& name) const {
  const auto at = counters_.find(name);
  return at == counters_.end() ? 0 : at->second;
}

const OwnedItem* Mirror::item(const ItemId& id) const {
  const auto at = items_.find(id);
  return at == items_.end() ? nullptr : &at->second;
}

bool Mirror::reserve(const ItemId& id, const std::string& feature) {
  const auto at = items_.find(id);
  if (at == items_.end() || (!at->second.reserved.empty() && at->second.reserved != feature)) return false;
  at->second.reserved = feature;
  return true;
}

void Mirror::release(const ItemId& id, const std::string& feature) {
  const auto at = items_.find(id);
  if (at != items_.end() && at->second.reserved == feature) at->second.reserved.clear();
}

Mirror::Guard Mirror::takable(const ItemId& id) const {
  const OwnedItem* mine = item(id);
  return mine == nullptr ? Guard::kNoItem : mine->reserved.empty() ? Guard::kOk : Guard::kBusy;
}

Mirror::Guard Mirror::apply(const proto::Operation& operation) {
  if (operation.has_trade()) return operation.effects_size() == 0 ? give(operation.trade()) : Guard::kInvalid;
  // One effect that is refused has changed nothing, unless it is a letter, which takes one thing after the other.
  if (operation.effects_size() == 1 && !operation.effects(0).has_send()) return apply_one(operation.effects(0));
  Mirror before = *this;
  for (const auto& effect : operation.effects())
    if (const Guard guard = apply_one(effect); guard != Guard::kOk) {
      *this = std::move(before);
      return guard;
    }
  return Guard::kOk;
}

void Mirror::receive(const proto::InboxEntry& entry) {
  if (claimed_.count(entry.message_id()) == 0) inbox_.emplace(entry.message_id(), entry.SerializeAsString());
}

Mirror::Guard Mirror::apply_one(const proto::Effect& effect) {
  switch (effect.kind_case()) {
    case proto::Effect::kBalance: {
      const auto& e = effect.balance();
      std::int64_t sum = 0;
      const auto held = reserved_.find(e.currency());
      const Guard guard =
          shifted(balance(e.currency()), e.delta(), e.cap(), held == reserved_.end() ? 0 : held->second, &sum);
      if (guard == Guard::kOk) balances_[e.currency()] = sum;
      return guard;
    }
    case proto::Effect::kMint: {
      const OwnedItem item = owned(effect.mint().item());
      return !item.id ? Guard::kInvalid : items_.emplace(item.id, item).second ? Guard::kOk : Guard::kTaken;
    }
    case proto::Effect::kBurn: {
      const auto at = items_.find(item_id_of(effect.burn().item()));
      if (at == items_.end() || at->second.version != effect.burn().version()) return Guard::kNoItem;
      if (!at->second.reserved.empty()) return Guard::kBusy;
      items_.erase(at);
      return Guard::kOk;
    }
    case proto::Effect::kSetAttribute: {
      const auto& e = effect.set_attribute();
      const auto at = items_.find(item_id_of(e.item()));
      if (at == items_.end() || at->second.version != e.version()) return Guard::kNoItem;
      if (!at->second.reserved.empty()) return Guard::kBusy;
      at->second.attributes[e.key()] = e.value();
      ++at->second.version;
      return Guard::kOk;
    }
    case proto::Effect::kSetOnce:
      return flags_.insert(effect.set_once().flag()).second ? Guard::kOk : Guard::kTaken;
    case proto::Effect::kCount: {
      const auto& e = effect.count();
      std::int64_t sum = 0;
      const Guard guard = shifted(counter(e.counter()), e.delta(), e.cap(), 0, &sum);
      if (guard == Guard::kOk) counters_[e.counter()] = sum;
      return guard;
    }
    case proto::Effect::kLayout:
      layout_ = effect.layout().layout();
      return Guard::kOk;
    case proto::Effect::kSend: {
      for (const auto& amount : effect.send().balances()) {
        std::int64_t sum = 0;
        const Guard guard =
            amount.value() <= 0 ? Guard::kInvalid : shifted(balance(amount.name()), -amount.value(), 0, 0, &sum);
        if (guard != Guard::kOk) return guard;
        balances_[amount.name()] = sum;
      }
      for (const auto& uid : effect.send().items()) {
        if (const Guard guard = takable(item_id_of(uid)); guard != Guard::kOk) return guard;
        items_.erase(item_id_of(uid));
      }
      return Guard::kOk;
    }
    case proto::Effect::kClaim: {
      const auto at = inbox_.find(effect.claim().message_id());
      if (at == inbox_.end()) return Guard::kNoItem;
      proto::InboxEntry entry;
      entry.ParseFromString(at->second);
      std::map<std::string, std::int64_t> sums;  // each name is in an entry once
      for (const auto& amount : entry.balances()) {
        std::int64_t sum = 0;
        const auto held = reserved_.find(amount.name());
        const Guard guard = shifted(balance(amount.name()), amount.value(), cap_of(effect.claim(), amount.name()),
                                    held == reserved_.end() ? 0 : held->second, &sum);
        if (guard != Guard::kOk) return guard;
        sums[amount.name()] = sum;
      }
      for (const auto& [name, sum] : sums) balances_[name] = sum;
      for (const auto& item : entry.items()) items_[item_id_of(item.id())] = owned(item);
      claimed_.insert(at->first);
      inbox_.erase(at);
      return Guard::kOk;
    }
    case proto::Effect::kDropKey: {
      const auto& e = effect.drop_key();
      return drop_keys_.insert({e.run(), e.number(), e.source()}).second ? Guard::kOk : Guard::kTaken;
    }
    case proto::Effect::KIND_NOT_SET:
      break;
  }
  return Guard::kInvalid;
}

}  // namespace dure

#include "tests/sim/rogue/own_things.h"

#include <algorithm>

namespace dure::sim {
namespace {

void set_attribute(proto::Item& item, const std::string& key, std::int64_t value) {
  std::map<std::string, std::int64_t> attributes;
  for (const auto& attribute : item.attributes()) attributes[attribute.key()] = attribute.value();
  attributes[key] = value;
  item.clear_attributes();
  for (const auto& [name, now] : attributes) {
    auto* attribute = item.add_attributes();
    attribute->set_key(name);
    attribute->set_value(now);
  }
}

std::map<std::string, std::int64_t> by_name(const google::protobuf::RepeatedPtrField<proto::Amount>& amounts) {
  std::map<std::string, std::int64_t> sums;
  for (const auto& amount : amounts) sums[amount.name()] += amount.value();
  std::erase_if(sums, [](const auto& sum) { return sum.second == 0; });
  return sums;
}

std::string text_of(const std::map<std::string, std::int64_t>& amounts) {
  std::string text;
  for (const auto& [name, amount] : amounts) text += name + " " + std::to_string(amount) + ", ";
  return text;
}

std::string text_of(const std::map<UidKey, proto::Item>& items) {
  std::string text;
  for (const auto& [id, item] : items) text += item.ShortDebugString() + ", ";
  return text;
}

std::string otherwise(const char* what, const std::string& read, const std::string& known) {
  return read == known ? "" : std::string(what) + " are " + read + "and not " + known;
}

std::map<UidKey, proto::Item> by_id(const google::protobuf::RepeatedPtrField<proto::Item>& items) {
  std::map<UidKey, proto::Item> sorted;
  for (const auto& item : items) sorted[key_of(item.id())] = item;
  return sorted;
}

}  // namespace

std::int64_t OwnThings::balance(const std::string& currency) const {
  const auto at = balances.find(currency);
  return at == balances.end() ? 0 : at->second;
}

std::int64_t OwnThings::counter(const std::string& name) const {
  const auto at = counters.find(name);
  return at == counters.end() ? 0 : at->second;
}

void OwnThings::add(const std::string& currency, std::int64_t amount) {
  if ((balances[currency] += amount) == 0) balances.erase(currency);
}

void OwnThings::claim(std::uint64_t message_id) {
  const auto letter = inbox.find(message_id);
  if (letter == inbox.end()) return;
  for (const auto& amount : letter->second.balances()) add(amount.name(), amount.value());
  for (const auto& item : letter->second.items()) items[key_of(item.id())] = item;
  inbox.erase(letter);
}

void OwnThings::give_away(const proto::Effect::Send& send) {
  for (const auto& amount : send.balances()) add(amount.name(), -amount.value());
  for (const auto& item : send.items()) items.erase(key_of(item));
}

void OwnThings::undergo(const proto::Operation& operation) {
  for (const auto& effect : operation.effects()) {
    if (effect.has_balance()) add(effect.balance().currency(), effect.balance().delta());
    if (effect.has_mint()) items[key_of(effect.mint().item().id())] = effect.mint().item();
    if (effect.has_burn()) items.erase(key_of(effect.burn().item()));
    if (effect.has_set_attribute()) {
      proto::Item& item = items[key_of(effect.set_attribute().item())];
      item.set_version(item.version() + 1);
      set_attribute(item, effect.set_attribute().key(), effect.set_attribute().value());
    }
    if (effect.has_set_once()) flags.insert(effect.set_once().flag());
    if (effect.has_count()) counters[effect.count().counter()] += effect.count().delta();
    if (effect.has_layout()) layout = effect.layout().layout();
    if (effect.has_send()) give_away(effect.send());
    if (effect.has_claim()) claim(effect.claim().message_id());
  }
  if (operation.creq() <= creq) return;
  creq = operation.creq();
  creq_hash = operation.creq_hash();
}

proto::InboxEntry letter_of(const proto::Effect::Send& send, const std::string& reason, std::uint64_t sender,
                            const OwnThings& had) {
  proto::InboxEntry letter;
  letter.set_message_id(send.message_id());
  letter.set_reason(reason);
  letter.set_memo(send.memo());
  letter.set_from_player(sender);
  *letter.mutable_balances() = send.balances();
  for (const auto& id : send.items())
    if (const auto item = had.items.find(key_of(id)); item != had.items.end()) *letter.add_items() = item->second;
  return letter;
}

proto::InboxEntry letter_of(const proto::DeliverRequest& letter) {
  proto::InboxEntry entry;
  entry.set_message_id(letter.message_id());
  entry.set_reason(letter.reason());
  entry.set_memo(letter.memo());
  entry.set_from_player(letter.from_player());
  *entry.mutable_balances() = letter.balances();
  *entry.mutable_items() = letter.items();
  return entry;
}

std::string difference(const OwnThings& now, const google::protobuf::RepeatedPtrField<proto::Amount>& balances,
                       const google::protobuf::RepeatedPtrField<proto::Item>& items) {
  if (auto other = otherwise("balances", text_of(by_name(balances)), text_of(now.balances)); !other.empty())
    return other;
  return otherwise("items", text_of(by_id(items)), text_of(now.items));
}

std::string difference_of_letters(const Letters& here, const Letters& under_way,
                                  const google::protobuf::RepeatedPtrField<proto::InboxEntry>& read) {
  std::set<std::uint64_t> missing;
  for (const auto& [id, letter] : here) missing.insert(id);
  for (const auto& entry : read) {
    missing.erase(entry.message_id());
    const auto known = here.find(entry.message_id());
    const auto coming = under_way.find(entry.message_id());
    if (known == here.end() && coming == under_way.end())
      return "a letter is there that was not sent, or is claimed: " + entry.ShortDebugString();
    const proto::InboxEntry& sent = known == here.end() ? coming->second : known->second;
    if (entry.reason() != sent.reason() || entry.memo() != sent.memo() || entry.from_player() != sent.from_player() ||
        by_name(entry.balances()) != by_name(sent.balances()) ||
        text_of(by_id(entry.items())) != text_of(by_id(sent.items())))
      return "a letter is " + entry.ShortDebugString() + " and not " + sent.ShortDebugString();
  }
  return missing.empty() ? "" : "letter " + std::to_string(*missing.begin()) + " is not there";
}

std::string difference(const OwnThings& now, const Letters& under_way, const proto::Aggregate& read) {
  if (auto other = difference(now, read.balances(), read.items()); !other.empty()) return other;
  if (std::set<std::string>(read.flags().begin(), read.flags().end()) != now.flags) return "its flags are others";
  std::map<std::string, std::int64_t> counters;
  for (const auto& counter : read.counters()) counters[counter.name()] = counter.value();
  if (auto other = otherwise("counters", text_of(counters), text_of(now.counters)); !other.empty()) return other;
  if (read.layout() != now.layout) return "its layout is another";
  if (read.reserved_size() + read.holds_size() > 0) return "something of it is held";
  return difference_of_letters(now.inbox, under_way, read.inbox());
}

}  // namespace dure::sim

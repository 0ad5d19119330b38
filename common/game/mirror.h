// The owner's copy of one character's value: the database's state at ACQUIRE plus every operation since. An operation
// is checked here with the guards that the database agent has (one law at two ends), so an honest, current owner is
// never rejected. Plain value, logic thread only.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "common/base/ids.h"

namespace dure {

namespace proto {
class Aggregate;
class Effect;
class Item;
class Operation;
class Uid;
}  // namespace proto

struct OwnedItem {
  ItemId id;
  std::string template_name;
  std::int64_t version = 1;  // raised by each change of an attribute
  std::map<std::string, std::int64_t> attributes;
};

class Mirror {
 public:
  void load(const proto::Aggregate& aggregate);
  // Everything as the client and the tests see it: sorted, whole.
  void store(proto::Aggregate* aggregate) const;

  std::int64_t balance(const std::string& currency) const;
  std::int64_t counter(const std::string& name) const;
  bool flag(const std::string& name) const { return flags_.count(name) != 0; }
  const OwnedItem* item(const ItemId& id) const;
  const std::map<ItemId, OwnedItem>& items() const { return items_; }
  const std::map<std::string, std::int64_t>& balances() const { return balances_; }
  bool waiting_in_inbox(std::uint64_t message_id) const { return inbox_.count(message_id) != 0; }

  enum class Guard { kOk, kNotEnough, kCap, kNoItem, kTaken, kInvalid };
  // All effects or none: nothing changes unless the answer is kOk.
  [[nodiscard]] Guard apply(const proto::Operation& operation);

 private:
  Guard apply_one(const proto::Effect& effect);
  std::map<std::string, std::int64_t> balances_;
  std::map<std::string, std::int64_t> counters_;
  std::map<std::string, std::int64_t> reserved_;  // room kept for open holds
  std::map<ItemId, OwnedItem> items_;
  std::set<std::string> flags_;
  std::set<std::tuple<std::uint64_t, std::uint64_t, std::string>> drop_keys_;  // of this epoch; the database has all
  std::map<std::uint64_t, std::string> inbox_;                                 // message id → encoded InboxEntry
  std::string layout_;
};

proto::Uid uid_of(const ItemId& id);
ItemId item_id_of(const proto::Uid& uid);

}  // namespace dure

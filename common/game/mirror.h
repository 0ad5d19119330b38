// The owner's copy of one character's value: the database's state at ACQUIRE plus every operation since. An operation
// is checked here with the guards that the database agent has (one law at two ends), so an honest, current owner is
// never rejected. Plain value, logic thread only.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "common/base/ids.h"
#include "common/game/trade.h"

namespace dure {

namespace proto {
class Aggregate;
class Effect;
class InboxEntry;
class Item;
class LegOutcome;
class Operation;
class TradeLeg;
class Uid;
}  // namespace proto

struct OwnedItem {
  ItemId id;
  std::string template_name;
  std::int64_t version = 1;  // raised by each change of an attribute
  std::map<std::string, std::int64_t> attributes;
  std::string reserved;  // the feature that keeps it for what is not yet agreed; nothing else may take or change it
};

class Mirror {
 public:
  void load(const proto::Aggregate& aggregate);
  // Everything as the client and the tests see it: sorted, whole.
  void store(proto::Aggregate* aggregate) const;

  std::int64_t balance(const std::string& currency) const;
  // How much more of it may come, beside what open trades may bring. cap 0: int64 max, as in an operation.
  std::int64_t room(const std::string& currency, std::int64_t cap) const;
  std::int64_t counter(const std::string& name) const;
  const std::map<std::string, std::int64_t>& counters() const { return counters_; }
  bool flag(const std::string& name) const { return flags_.count(name) != 0; }
  const OwnedItem* item(const ItemId& id) const;
  const std::map<ItemId, OwnedItem>& items() const { return items_; }
  const std::map<std::string, std::int64_t>& balances() const { return balances_; }
  // False: it is not there, or reserved for something else. Not stored: a mirror that is loaded anew has forgotten it.
  bool reserve(const ItemId& id, const std::string& feature);
  void release(const ItemId& id, const std::string& feature);
  // Trades of which this is a side and that are not settled: what is given is gone from here, what is got not yet here.
  bool trading(const TradeId& txn) const { return legs_.count(txn) != 0; }
  std::vector<TradeId> open_trades() const;
  // Where the decision of an open trade is kept; 0: it is not open.
  std::uint32_t register_of(const TradeId& txn) const;
  // Items that open trades may bring (they have their place in the bag already), and items that they may bring back.
  std::size_t items_on_their_way() const;
  bool waiting_in_inbox(std::uint64_t message_id) const { return inbox_.count(message_id) != 0; }
  // Message id → encoded InboxEntry, not claimed yet.
  const std::map<std::uint64_t, std::string>& inbox() const { return inbox_; }
  // What was delivered since. Of no effect if it is known, or was claimed in this epoch.
  void receive(const proto::InboxEntry& entry);

  enum class Guard { kOk, kNotEnough, kCap, kNoItem, kTaken, kInvalid, kBusy, kClosed };
  // All effects or none: nothing changes unless the answer is kOk.
  [[nodiscard]] Guard apply(const proto::Operation& operation);
  // What became of a leg, exactly as the database wrote it; nothing: no such leg, or it is not settled yet. A leg that
  // was never held and is aborted gives back what was taken here, a held one what the outcome says.
  struct Settled {
    std::set<std::string> balances;  // that changed
    std::vector<ItemId> items;       // that came, or came back
  };
  std::optional<Settled> settle(const proto::LegOutcome& outcome);

 private:
  struct Leg {
    std::string hold;                          // an encoded OpenHold
    std::map<std::string, std::int64_t> room;  // by currency
    bool held = false;                         // by the database: what ends it names a FINISH
    std::map<ItemId, OwnedItem> given;         // the items themselves, if they were taken by this mirror
  };
  Guard give(const proto::TradeLeg& leg);
  Guard takable(const ItemId& id) const;
  Guard apply_one(const proto::Effect& effect);
  std::map<std::string, std::int64_t> balances_;
  std::map<std::string, std::int64_t> counters_;
  std::map<std::string, std::int64_t> reserved_;  // room kept for open holds
  std::map<ItemId, OwnedItem> items_;
  std::map<TradeId, Leg> legs_;
  std::set<std::string> flags_;
  std::set<std::tuple<std::uint64_t, std::uint64_t, std::string>> drop_keys_;  // of this epoch; the database has all
  std::map<std::uint64_t, std::string> inbox_;                                 // message id → encoded InboxEntry
  std::set<std::uint64_t> claimed_;  // of this epoch: a reading may be older than the claim
  std::string layout_;
};

OwnedItem owned(const proto::Item& item);
void fill(const OwnedItem& mine, proto::Item* item);

proto::Uid uid_of(const ItemId& id);
ItemId item_id_of(const proto::Uid& uid);

}  // namespace dure

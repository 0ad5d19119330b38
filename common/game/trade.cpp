#include "common/game/trade.h"

#include <algorithm>

#include "common/proto/value.pb.h"

namespace dure {

proto::Uid to_uid(const TradeId& id) {
  proto::Uid uid;
  uid.set_high(id.high);
  uid.set_low(id.low);
  return uid;
}

TradeId trade_id_of(const proto::Uid& uid) { return {uid.high(), uid.low()}; }

std::string to_text(const TradeId& id) { return to_text(ItemId{id.high, id.low}); }

std::map<std::string, std::int64_t> room_of(const proto::TradeTerms& terms) {
  std::map<std::string, std::int64_t> room;
  for (const auto& one : terms.sides())
    for (const auto& amount : one.give()) room[amount.name()] = std::max(room[amount.name()], amount.value());
  return room;
}

namespace {

bool well_formed(const proto::TradeSide& side) {
  std::string last;
  for (const auto& amount : side.give()) {
    if (amount.value() <= 0 || amount.name() <= last) return false;
    last = amount.name();
  }
  ItemId before;
  for (const auto& item : side.items()) {
    const ItemId id{item.item().high(), item.item().low()};
    if (id <= before) return false;
    before = id;
  }
  return side.player_id() != 0;
}

}  // namespace

bool well_formed(const proto::TradeTerms& terms) {
  return terms.sides_size() == 2 && trade_id_of(terms.txn()) && well_formed(terms.sides(0)) &&
         well_formed(terms.sides(1)) && terms.sides(0).player_id() != terms.sides(1).player_id();
}

}  // namespace dure

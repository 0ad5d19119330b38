// What a trade is to an owner: who gives what, and what became of it. Plain values, any thread.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "common/base/ids.h"

namespace dure {

namespace proto {
class TradeTerms;
class Uid;
}  // namespace proto

// 128 random bits, drawn once by whoever makes the trade: both legs and their register carry it.
struct TradeId {
  std::uint64_t high = 0, low = 0;
  constexpr explicit operator bool() const { return high != 0 || low != 0; }
  friend constexpr auto operator<=>(const TradeId&, const TradeId&) = default;
};
proto::Uid to_uid(const TradeId& id);
TradeId trade_id_of(const proto::Uid& uid);
std::string to_text(const TradeId&);  // 32 hex digits

// What one side gives, and how much it may have of what it gets (a name without a cap: int64 max).
struct TradeGift {
  std::map<std::string, std::int64_t> amounts;  // > 0
  std::set<ItemId> items;
  std::map<std::string, std::int64_t> caps;
};

enum class TradeOutcome { kCommitted, kAborted, kGone };  // gone: this owner has lost the player before it was known

// Room that an open leg takes: max(give, get) by currency, so that either end of the trade fits. What one side gives is
// what the other gets: the room is the same on both.
std::map<std::string, std::int64_t> room_of(const proto::TradeTerms& terms);
// Sides 0 and 1 of different players; amounts > 0 and sorted, items sorted, each once.
bool well_formed(const proto::TradeTerms& terms);

}  // namespace dure

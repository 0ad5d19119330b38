// What two owners agreed to exchange, read. Plain functions over the messages; nothing of a database.
//
// A leg is well formed when its terms name two characters, its side is its own character's, every amount is above 0
// and every list is sorted without repeats: so that two equal agreements are equal bytes.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "dbagent/store/statement.h"

namespace dure::proto {
class Item;
class Operation;
class TradeSide;
class TradeTerms;
}  // namespace dure::proto

namespace dure::store {

// One side's leg of a trade, as its owner sent it. A view: the operation must outlive it.
struct Leg {
  explicit Leg(const proto::Operation& sent);
  const proto::Operation& operation;
  const proto::TradeTerms& terms;
  Key16 txn;
  std::uint32_t side;
  std::uint32_t other() const { return 1 - side; }
};

// Null: well formed, and this player's.
const char* what_is_wrong(const proto::Operation& operation, std::uint64_t player_id);
const proto::TradeSide& mine(const Leg& leg);
const proto::TradeSide& others(const Leg& leg);
std::string encoded(const proto::TradeTerms& terms);

struct Exchange {
  std::int64_t give = 0;
  std::int64_t get = 0;
  std::int64_t cap = 0;  // 0: int64 max
};
// By currency, everything that a side gives or gets.
std::map<std::string, Exchange> exchange_of(const proto::TradeTerms& terms, std::uint32_t side);

}  // namespace dure::store

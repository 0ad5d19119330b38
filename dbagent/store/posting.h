// One ledger transaction: money and items move only through it, so that every movement leaves rows that sum to 0 and
// a line in the items' history. Lives inside one transition.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dbagent/store/shard.h"

namespace dure::proto {
class Item;
}

namespace dure::store {

// Whose money. Faucets and sinks are named by the reason, the others by their owner (player, message, transaction).
struct Account {
  AccountKind kind;
  std::uint64_t owner = 0;
  std::string_view name = {};
};
inline Account player_account(std::uint64_t player_id) { return {AccountKind::kPlayer, player_id}; }
inline Account faucet(std::string_view reason) { return {AccountKind::kFaucet, 0, reason}; }
inline Account sink(std::string_view reason) { return {AccountKind::kSink, 0, reason}; }
inline Account transit() { return {AccountKind::kTransit}; }
// What accounts on the move have brought in or taken out. Over all shards 0 when no move is under way.
inline Account move_transit() { return {AccountKind::kTransit, 0, "move"}; }
inline Account inbox_account(std::uint64_t message_id) { return {AccountKind::kInbox, message_id}; }

struct Holder {
  HolderKind kind;
  std::uint64_t owner = 0;
  friend bool operator==(const Holder&, const Holder&) = default;
};

class Posting {
 public:
  struct Cause {
    std::uint64_t player_id = 0;
    std::uint64_t epoch = 0;
    std::uint64_t pseq = 0;
    std::string_view reason;
    std::uint32_t content_version = 0;
    std::uint64_t trace_id = 0;
  };
  Posting(Shard& shard, const Cause& cause) : shard_(shard), cause_(cause) {}

  // What `to` has then. Guards: amount > 0, funds (except of faucets and transit), no overflow.
  std::int64_t move(std::string_view currency, std::int64_t amount, const Account& from, const Account& to);
  // Guard: the id is not on this shard. `created`: a faucet pays; otherwise it comes from another shard.
  void mint(const proto::Item& item, const Holder& to, bool created = false);
  // Guard: `from` holds it.
  void hand_over(const Key16& item, const Holder& from, const Holder& to);
  // It goes to another shard with its holder: no row of it stays but its history. Guard: `from` holds it.
  void let_go(const Key16& item, const Holder& from, std::uint32_t shard);

 private:
  void open();
  std::int64_t post(std::string_view currency, std::int64_t delta, const Account& account);
  void sum_up(std::string_view currency, std::int64_t delta, const Account& account);
  void note_economy(std::string_view reason, std::string_view currency, std::int64_t in, std::int64_t out);
  void note_holder(const Key16& item, const Holder& to);

  Shard& shard_;
  Cause cause_;
  std::int64_t number_ = 0;  // 0: nothing written yet
  int line_ = 0;
};

// What a player has of a currency; what open holds reserve on top of it.
std::int64_t balance_of(Shard& shard, std::uint64_t player_id, std::string_view currency);
std::int64_t reserved_of(Shard& shard, std::uint64_t player_id, std::string_view currency);
// Guard, once a credit has made it so much: balance + reservations <= cap (0: int64 max).
void require_room(Shard& shard, std::uint64_t player_id, std::string_view currency, std::int64_t balance,
                  std::int64_t cap);
// The row of an item as a message; without its holder.
std::optional<proto::Item> read_item(Shard& shard, const Key16& item);
void read_items_of(Shard& shard, const Holder& holder, const std::function<proto::Item*()>& add);
std::string encoded_attributes(const proto::Item& item);

}  // namespace dure::store

// Trades between two players who stand near each other in one place, a zone or a run: invite, offer, lock, confirm,
// cancel. The rules are common/game/sample/trade_window.h, value moves by OwnerNode::start_trade; here a message
// becomes a rule's arguments, and whoever leaves, walks away, dies or loses its socket ends the trade. Switch: "trade".
// Who is only invited sits nowhere: any number may invite it, and it may invite; once it sits, what waits for it ends.
// Lives as long as its node, which says who leaves its place. Logic thread only.
#pragma once
#include <map>
#include <utility>

#include "common/game/sample/trade_window.h"

namespace dure::sample {

class TradeAnswerReply;
class TradeAnswerRequest;
class TradeCancelReply;
class TradeCancelRequest;
class TradeConfirmReply;
class TradeConfirmRequest;
class TradeInviteReply;
class TradeInviteRequest;
class TradeLockReply;
class TradeLockRequest;
class TradeOfferReply;
class TradeTable;

class TradeTables {
 public:
  TradeTables(OwnerNode& owner, const Items& items);
  void player_left(const Player& player);
  // At a table that both sit at: an invitation alone keeps nobody from anything.
  bool trades(PlayerId player) const;

 private:
  struct Table {
    TradeWindow window;
    MonoTime invited_until{};
  };
  using Tables = std::map<std::uint64_t, Table>;

  TradeInviteReply invite(Player& player, const TradeInviteRequest& request);
  TradeAnswerReply answer(Player& player, const TradeAnswerRequest& request);
  TradeOfferReply offer(Player& player, const TradeOfferRequest& request);
  TradeLockReply lock(Player& player, const TradeLockRequest& request);
  TradeConfirmReply confirm(Player& player, const TradeConfirmRequest& request);
  TradeCancelReply cancel(Player& player, const TradeCancelRequest& request);

  // Where the player sits, if it is at that table, the feature is on, and the other is still there.
  Table* seat(Player& player, std::uint64_t number, int* side, proto::Code* why);
  proto::Code partners(const Player& one, const Player& other) const;
  // OK: both legs are in their windows. Otherwise nothing happened, and both think again.
  proto::Code settle(std::uint64_t number, Table& table);
  Task<void> see_to_the_end(std::uint64_t number, PlayerRef host, PlayerRef guest, TradeId txn);
  void review();
  void close(std::uint64_t number, proto::Code why);
  void unlock(Table& table);
  void release(const TradeWindow& window, int side);
  void decline_all(PlayerId guest, proto::Code why);
  void tell_both(std::uint64_t number, const Table& table);
  void tell_side(const Table& table, int side, TradeTable& told);
  TradeTable describe(std::uint64_t number, const Table& table);

  OwnerNode& owner_;
  const Items& items_;
  Tables tables_;
  std::map<PlayerId, std::uint64_t> seats_;
  // By host and guest: who did not accept is left in peace until then. Of hosts who are here.
  std::map<std::pair<PlayerId, PlayerId>, MonoTime> left_in_peace_;
  std::uint64_t next_ = 1;
};

}  // namespace dure::sample

// Two players at one table: what each lays there, and how far they agree. The rules as plain functions over values; no
// message, no clock. Nothing moves here: an agreement becomes a trade by OwnerNode::start_trade.
//
//   kInvited ──accept──► kOpen ──both locked, both confirmed──► kSettling ──► gone
//      └── declined, cancelled, left … ──┴──► gone
//
// Any change of an offer unlocks both. A lock and a confirm name the revision that was seen, so nobody agrees to what
// was changed a moment ago.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "common/game/mirror.h"
#include "common/game/owner.h"
#include "common/game/sample/items.h"
#include "common/proto/route.pb.h"

namespace dure::sample {

class TradeOfferRequest;

inline constexpr std::int32_t kTradeReachCm = 1000;
inline constexpr int kTradeOfferMax = 10;  // amounts and items of one side
inline constexpr Duration kTradeInvitation = seconds(30);
inline constexpr Duration kTradeInviteAgain = seconds(5);  // the same host the same guest, after one in vain
inline constexpr const char* kTradeReason = "trade";

struct TradeOffer {
  std::map<std::string, std::int64_t> amounts;
  std::set<ItemId> items;
  bool empty() const { return amounts.empty() && items.empty(); }
  friend bool operator==(const TradeOffer&, const TradeOffer&) = default;
};

class TradeWindow {
 public:
  enum class Phase { kInvited, kOpen, kSettling };
  struct Side {
    PlayerRef player;
    TradeOffer offer;
    bool locked = false, confirmed = false;
    OwnerNode::ValueRequest agreed;
  };
  TradeWindow(PlayerRef host, PlayerRef guest)
      : sides_{Side{host, {}, false, false, {}}, Side{guest, {}, false, false, {}}} {}

  Phase phase() const { return phase_; }
  std::uint64_t revision() const { return revision_; }
  const Side& side(int index) const { return sides_[static_cast<std::size_t>(index)]; }
  int side_of(PlayerId player) const { return side(0).player.id == player ? 0 : side(1).player.id == player ? 1 : -1; }

  // Only the guest accepts.
  proto::Code accept(int side);
  // Replaces the side's whole offer. It was checked; both sides think again.
  proto::Code offer(int side, TradeOffer offer);
  // WRONG_STATE: of another revision, or nothing lies on the table.
  proto::Code lock(int side, std::uint64_t revision);
  // OK: agreed so far. Both: agreed().
  proto::Code confirm(int side, std::uint64_t revision, const OwnerNode::ValueRequest& request);
  bool agreed() const { return side(0).confirmed && side(1).confirmed; }
  void settle() { phase_ = Phase::kSettling; }
  // Both think again about the same offers.
  void unlock();

 private:
  std::array<Side, 2> sides_;
  Phase phase_ = Phase::kInvited;
  std::uint64_t revision_ = 1;
};

// What may lie on the table: it is there, it is enough, and no other feature keeps it.
proto::Code check_offer(const Items& items, const Mirror& mirror, const TradeOfferRequest& request, TradeOffer* offer);
// Room in a bag for what comes, beside what other trades may bring. Caps of balances are the mirror's guards.
bool bag_has_room(const Items& items, const Mirror& mirror, const TradeOffer& gives, const TradeOffer& gets);
// As the engine takes it, with the caps of what comes back.
TradeGift gift_of(const Items& items, const TradeOffer& gives, const TradeOffer& gets);

}  // namespace dure::sample

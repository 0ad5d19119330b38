// The auction house as the players of a zone see it: list, browse, buy, cancel. A request's value leaves with the
// player's own operation; one general (by rendezvous) works through what reached the house and sends home what expired.
// That two do so at once for a moment does no harm.
#pragma once
#include <memory>

#include "common/game/sample/auction.h"
#include "lobby/lobby.h"

namespace dure::sample {

class AuctionBrowseReply;
class AuctionBrowseRequest;
class AuctionBuyReply;
class AuctionCancelReply;
class AuctionCancelRequest;
class AuctionListReply;

class AuctionHouse : public LobbyFeature {
 public:
  AuctionHouse(Lobby& lobby, const Items& items);

 private:
  AuctionListReply list(Player& player, const AuctionListRequest& request);
  AuctionBuyReply buy(Player& player, const AuctionBuyRequest& request);
  AuctionCancelReply cancel(Player& player, const AuctionCancelRequest& request);
  Task<AuctionBrowseReply> browse(PlayerRef ref, AuctionBrowseRequest request);
  void look();
  Task<void> work();
  // What comes back for want of room comes back without its fee: as far as the last reading tells, it is not sent.
  bool was_full(PlayerId seller) const;
  // Open, or why not.
  proto::Code door() const;

  Lobby& lobby_;
  const Items& items_;
  LedgerClerk clerk_;
  bool working_ = false, again_ = false;
  LedgerClerk::Book shown_;  // what browsers see: at most kShownFor old
  AuctionSellers sellers_;   // of shown_
  MonoTime shown_at_{};
  bool shown_once_ = false;
  std::weak_ptr<bool> reading_;  // expired: nobody reads it; it ends with its reader, who may leave meanwhile
};

}  // namespace dure::sample

// The trading half of OwnerNode: what became of a leg comes back.
#include "common/game/owner.h"
#include "common/proto/trade.pb.h"

namespace dure {

// The window is sent again at once: its reply says what became of the leg.
void OwnerNode::trade_notice(const From&, const proto::TradeNotice& notice) {
  if (Player* player = find(PlayerRef{PlayerId(notice.player_id()), notice.player_epoch()});
      player != nullptr && !player->window.empty())
    dirty_.insert(player->id);
}

}  // namespace dure

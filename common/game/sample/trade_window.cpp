#include "common/game/sample/trade_window.h"

#include "common/game/sample/mail.h"
#include "common/game/sample/sample.pb.h"

namespace dure::sample {

proto::Code TradeWindow::accept(int side) {
  if (phase_ != Phase::kInvited || side != 1) return proto::WRONG_STATE;
  phase_ = Phase::kOpen;
  return proto::OK;
}

void TradeWindow::unlock() {
  ++revision_;
  for (Side& side : sides_) {
    side.locked = side.confirmed = false;
    side.agreed = {};
  }
}

proto::Code TradeWindow::offer(int side, TradeOffer laid) {
  if (phase_ != Phase::kOpen) return proto::WRONG_STATE;
  sides_[static_cast<std::size_t>(side)].offer = std::move(laid);
  unlock();
  return proto::OK;
}

proto::Code TradeWindow::lock(int side, std::uint64_t seen) {
  if (phase_ != Phase::kOpen || seen != revision_) return proto::WRONG_STATE;
  if (sides_[0].offer.empty() && sides_[1].offer.empty()) return proto::WRONG_STATE;
  sides_[static_cast<std::size_t>(side)].locked = true;
  return proto::OK;
}

proto::Code TradeWindow::confirm(int side, std::uint64_t seen, const OwnerNode::ValueRequest& request) {
  if (phase_ != Phase::kOpen || seen != revision_ || !sides_[0].locked || !sides_[1].locked) return proto::WRONG_STATE;
  Side& mine = sides_[static_cast<std::size_t>(side)];
  if (mine.confirmed) return proto::WRONG_STATE;
  mine.confirmed = true;
  mine.agreed = request;
  return proto::OK;
}

proto::Code check_offer(const Items& items, const Mirror& mirror, const TradeOfferRequest& request, TradeOffer* offer) {
  const proto::Code code = check_attachments(items, mirror, request.amounts(), request.items(), kTradeOfferMax);
  if (code != proto::OK) return code;
  for (const auto& amount : request.amounts()) offer->amounts[amount.name()] = amount.value();
  for (const auto& uid : request.items()) {
    const OwnedItem* item = mirror.item(item_id_of(uid));
    if (!item->reserved.empty() && item->reserved != kTradeReason) return proto::BUSY;
    offer->items.insert(item->id);
  }
  return proto::OK;
}

bool bag_has_room(const Items& items, const Mirror& mirror, const TradeOffer& gives, const TradeOffer& gets) {
  const std::size_t kept = mirror.items().size() + mirror.items_on_their_way() - gives.items.size();
  return kept + std::max(gives.items.size(), gets.items.size()) <= items.bag_slots;
}

TradeGift gift_of(const Items& items, const TradeOffer& gives, const TradeOffer& gets) {
  TradeGift gift{gives.amounts, gives.items, {}};
  for (const auto& [name, amount] : gets.amounts) gift.caps[name] = items.cap(name);
  return gift;
}

}  // namespace dure::sample

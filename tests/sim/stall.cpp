#include "tests/sim/stall.h"

#include <algorithm>
#include <limits>

namespace dure::sim {
namespace {
constexpr Duration kOnItsWay = seconds(6);
constexpr std::int64_t kOpenSeconds = 60;  // the least that the house takes
}  // namespace

sample::AuctionListRequest Stall::list(std::uint64_t creq, const proto::Uid& sword, Rng* rng) {
  requests_.ask(creq, kLists);
  empty_since_.reset();
  sample::AuctionListRequest request;
  request.set_creq(creq);
  *request.mutable_item() = sword;
  request.set_price(1 + static_cast<std::int64_t>(rng->below(kPriceMost)));
  request.set_duration_s(kOpenSeconds);
  return request;
}

std::optional<sample::AuctionBuyRequest> Stall::buy(std::uint64_t creq, std::uint64_t self, std::int64_t gold,
                                                    Rng* rng) {
  const auto* lot = any_lot(self, false, gold, rng);
  if (lot == nullptr) return std::nullopt;
  requests_.ask(creq, kBuys);
  sample::AuctionBuyRequest request;
  request.set_creq(creq);
  request.set_lot(lot->lot());
  request.set_price(lot->price());
  return request;
}

std::optional<sample::AuctionCancelRequest> Stall::cancel(std::uint64_t creq, std::uint64_t self, Rng* rng) {
  const auto* lot = any_lot(self, true, std::numeric_limits<std::int64_t>::max(), rng);
  if (lot == nullptr) return std::nullopt;
  requests_.ask(creq, kCancels);
  sample::AuctionCancelRequest request;
  request.set_creq(creq);
  request.set_lot(lot->lot());
  seen_.erase(seen_.begin() + (lot - seen_.data()));
  return request;
}

void Stall::browsed(const sample::AuctionBrowseReply& reply, std::uint64_t self, MonoTime now) {
  if (reply.code() != proto::OK) return;
  seen_.assign(reply.lots().begin(), reply.lots().end());
  if (own_lots(self) != 0)
    empty_since_.reset();
  else if (!empty_since_)
    empty_since_ = now;
}

std::size_t Stall::own_lots(std::uint64_t self) const {
  return static_cast<std::size_t>(
      std::count_if(seen_.begin(), seen_.end(), [self](const auto& lot) { return lot.seller() == self; }));
}

bool Stall::empty(MonoTime now) const { return !requests_.open() && empty_since_ && now - *empty_since_ >= kOnItsWay; }

void Stall::told(const sample::AuctionNotice& notice) {
  ++told_[sample::AuctionMemo::Kind_Name(notice.what())];
  if (notice.what() == sample::AuctionMemo::REFUSED) refused_.insert(notice.lot());
}

const sample::AuctionLot* Stall::any_lot(std::uint64_t self, bool own, std::int64_t gold, Rng* rng) const {
  std::vector<const sample::AuctionLot*> possible;
  for (const auto& lot : seen_)
    if ((lot.seller() == self) == own && lot.price() <= gold && refused_.count(lot.lot()) == 0)
      possible.push_back(&lot);
  return possible.empty() ? nullptr : possible[rng->below(possible.size())];
}

}  // namespace dure::sim

#include "dbagent/store/waiting_legs.h"

namespace dure::store {

std::shared_ptr<const WaitingLeg> WaitingLegs::find(const Key16& txn, std::uint32_t side) const {
  const auto at = trades_.find(txn);
  return at == trades_.end() ? nullptr : at->second[side];
}

bool WaitingLegs::put(const Key16& txn, std::uint32_t side, WaitingLeg leg) {
  if (!trades_.contains(txn) && trades_.size() >= kTradesMax) return false;
  remember(txn);
  auto& place = trades_[txn][side];
  if (place && place->epoch == leg.epoch && place->operation.pseq() == leg.operation.pseq()) leg.since = place->since;
  place = std::make_shared<const WaitingLeg>(std::move(leg));
  return true;
}

void WaitingLegs::erase(const Key16& txn, std::uint32_t side) {
  const auto at = trades_.find(txn);
  if (at == trades_.end() || !at->second[side]) return;
  remember(txn);
  at->second[side].reset();
  if (!at->second[1 - side]) trades_.erase(at);
}

std::vector<Key16> WaitingLegs::since(std::int64_t time, std::size_t limit) const {
  std::vector<Key16> found;
  for (const auto& [txn, pair] : trades_) {
    if (found.size() >= limit) break;
    if ((pair[0] && pair[0]->since <= time) || (pair[1] && pair[1]->since <= time)) found.push_back(txn);
  }
  return found;
}

void WaitingLegs::remember(const Key16& txn) {
  const auto at = trades_.find(txn);
  undo_.push_back({txn, at == trades_.end() ? Pair{} : at->second});
}

void WaitingLegs::undo_back_to(std::size_t count) {
  while (undo_.size() > count) {
    Before& before = undo_.back();
    if (before.pair[0] || before.pair[1])
      trades_[before.txn] = std::move(before.pair);
    else
      trades_.erase(before.txn);
    undo_.pop_back();
  }
}

}  // namespace dure::store

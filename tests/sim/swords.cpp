#include "tests/sim/swords.h"

#include <algorithm>
#include <iterator>

namespace dure::sim {

sample::BuyRequest Swords::buy(std::uint64_t creq) {
  requests_[open_ = creq].buys = true;
  sample::BuyRequest request;
  request.set_creq(creq);
  request.set_npc(kSeller);
  request.set_template_(kTemplate);
  request.set_count(1);
  return request;
}

sample::SellRequest Swords::sell(std::uint64_t creq, const proto::Uid& sword) {
  requests_[open_ = creq].buys = false;
  sample::SellRequest request;
  request.set_creq(creq);
  request.set_npc(kSeller);
  *request.mutable_item() = sword;
  request.set_count(1);
  return request;
}

void Swords::answered(std::uint64_t creq, bool done, std::uint64_t epoch) {
  if (creq == open_) open_ = 0;
  const auto at = requests_.find(creq);
  if (at == requests_.end() || at->second.fate != RequestFate::kSent) return;
  at->second.fate = done ? RequestFate::kApplied : RequestFate::kRefused;
  at->second.epoch = epoch;
}

void Swords::saved(std::uint64_t creq, std::uint64_t epoch) {
  for (auto& [number, request] : requests_)
    if (number <= creq && request.fate == RequestFate::kApplied && request.epoch == epoch)
      request.fate = RequestFate::kSaved;
}

void Swords::went_back() {
  open_ = 0;
  for (auto& [creq, request] : requests_)
    if (request.fate != RequestFate::kRefused) request.fate = RequestFate::kSent;
}

bool Swords::all_saved(std::uint64_t epoch) const {
  return std::none_of(requests_.begin(), requests_.end(), [epoch](const auto& one) {
    return one.second.fate == RequestFate::kApplied && one.second.epoch == epoch;
  });
}

Swords::Count Swords::count(bool buys) const {
  Count count;
  for (const auto& [creq, request] : requests_) {
    if (request.buys != buys) continue;
    count.saved += request.fate == RequestFate::kSaved;
    count.unknown += request.fate == RequestFate::kSent || request.fate == RequestFate::kApplied;
  }
  return count;
}

void Swords::add(const proto::Item& item) { ids_.insert(id_of(item.id())); }

void Swords::take_all(const proto::Aggregate& aggregate) {
  ids_.clear();
  come(aggregate);
}

void Swords::take(const sample::Touched& touched) {
  for (const auto& item : touched.items_added()) add(item);
  for (const auto& id : touched.items_removed()) ids_.erase(id_of(id));
}

void Swords::come(const proto::Aggregate& aggregate) {
  for (const auto& item : aggregate.items()) add(item);
}

proto::Uid Swords::any(Rng* rng) const {
  const auto at = std::next(ids_.begin(), static_cast<std::ptrdiff_t>(rng->below(ids_.size())));
  proto::Uid uid;
  uid.set_high(at->first);
  uid.set_low(at->second);
  return uid;
}

}  // namespace dure::sim

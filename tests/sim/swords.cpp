#include "tests/sim/swords.h"

#include <iterator>

namespace dure::sim {

sample::BuyRequest Swords::buy(std::uint64_t creq) {
  requests_.ask(creq, kBuys);
  sample::BuyRequest request;
  request.set_creq(creq);
  request.set_npc(kSeller);
  request.set_template_(kTemplate);
  request.set_count(1);
  return request;
}

sample::SellRequest Swords::sell(std::uint64_t creq, const proto::Uid& sword) {
  requests_.ask(creq, kSells);
  sample::SellRequest request;
  request.set_creq(creq);
  request.set_npc(kSeller);
  *request.mutable_item() = sword;
  request.set_count(1);
  return request;
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

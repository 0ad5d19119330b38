// The swords of one simulated client, items with an id each: which it believes to have, and what it knows of those that
// it bought and sold. Plain.
#pragma once
#include <set>
#include <utility>

#include "common/base/random.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/value.pb.h"
#include "tests/sim/requests.h"

namespace dure::sim {

class Swords {
 public:
  static constexpr const char* kTemplate = "rusty_sword";
  static constexpr const char* kSeller = "Borun";
  using Id = std::pair<std::uint64_t, std::uint64_t>;
  static Id id_of(const proto::Uid& uid) { return {uid.high(), uid.low()}; }

  // ── bought and sold, one at a time ────────────────────────────────────────────────────────────────────────
  sample::BuyRequest buy(std::uint64_t creq);
  sample::SellRequest sell(std::uint64_t creq, const proto::Uid& sword);
  Requests& requests() { return requests_; }
  const Requests& requests() const { return requests_; }
  Requests::Count bought() const { return requests_.count(kBuys); }
  Requests::Count sold() const { return requests_.count(kSells); }

  // ── what it has ───────────────────────────────────────────────────────────────────────────────────────────
  void take_all(const proto::Aggregate& aggregate);
  void take(const sample::Touched& touched);
  void come(const proto::Aggregate& aggregate);
  const std::set<Id>& ids() const { return ids_; }
  // Any of them; it must have one.
  proto::Uid any(Rng* rng) const;

 private:
  enum Kind { kBuys, kSells };
  void add(const proto::Item& item);
  Requests requests_;
  std::set<Id> ids_;
};

}  // namespace dure::sim

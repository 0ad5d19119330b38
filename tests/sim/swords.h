// The swords of one simulated client, items with an id each: which it believes to have, and what it knows of those that
// it bought and sold. Plain.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/base/random.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/value.pb.h"
#include "tests/sim/player.h"

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
  bool may_ask() const { return open_ == 0; }
  void answered(std::uint64_t creq, bool done, std::uint64_t epoch);
  // Whom it asked is not its owner any more: nothing will be heard of what is open.
  void owner_changed() { open_ = 0; }
  void saved(std::uint64_t creq, std::uint64_t epoch);
  // Its character is as it was in a backup: what it asked for may be undone.
  void went_back();
  // Every one that its owner still speaks of is SAVED.
  bool all_saved(std::uint64_t epoch) const;
  struct Count {
    int saved = 0, unknown = 0;
    void operator+=(const Count& more) {
      saved += more.saved;
      unknown += more.unknown;
    }
  };
  Count bought() const { return count(true); }
  Count sold() const { return count(false); }

  // ── what it has ───────────────────────────────────────────────────────────────────────────────────────────
  void take_all(const proto::Aggregate& aggregate);
  void take(const sample::Touched& touched);
  void come(const proto::Aggregate& aggregate);
  const std::set<Id>& ids() const { return ids_; }
  // Any of them; it must have one.
  proto::Uid any(Rng* rng) const;

 private:
  struct Request {
    bool buys = false;
    RequestFate fate = RequestFate::kSent;
    std::uint64_t epoch = 0;  // that it was applied in
  };
  Count count(bool buys) const;
  void add(const proto::Item& item);
  std::map<std::uint64_t, Request> requests_;  // by creq
  std::uint64_t open_ = 0;
  std::set<Id> ids_;
};

}  // namespace dure::sim

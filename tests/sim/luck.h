// The unlucky sites of one process in one of its lives: which of them are armed, how often each then fires, drawn from
// a stream of the seed that nothing else draws from. One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "common/base/hash.h"
#include "common/base/random.h"
#include "common/logic/unlucky.h"

namespace dure::sim {

// By site: an armed one fires once in so many times of being asked.
using ArmedSites = std::map<std::string, std::uint32_t, std::less<>>;

class SimLuck : public Luck {
 public:
  using Fired = std::function<void(std::string_view site)>;
  // `armed` may change between turns, and outlives this.
  SimLuck(const ArmedSites& armed, std::uint64_t seed, std::uint64_t life, Fired fired)
      : armed_(armed), seed_(seed), life_(life), fired_(std::move(fired)) {}
  bool unlucky(UnluckySite site) override {
    const auto armed = armed_.find(site.name());
    if (armed == armed_.end()) return false;
    const auto draws = draws_.try_emplace(site.name(), seed_, fnv1a(site.name(), life_)).first;
    if (draws->second.below(armed->second) != 0) return false;
    fired_(site.name());
    return true;
  }

 private:
  const ArmedSites& armed_;
  std::uint64_t seed_, life_;
  Fired fired_;
  std::map<std::string_view, Rng> draws_;
};

}  // namespace dure::sim

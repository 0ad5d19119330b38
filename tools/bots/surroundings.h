// The npcs and monsters a bot knows of in its present place. Other players are not kept: a crowd of them is only
// measured. Plain values.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "tools/bots/motion.h"

namespace dure {

struct Thing {
  std::uint64_t id = 0;
  std::string name;
  bool monster = false;
  Spot spot;
};

class Surroundings {
 public:
  void put(Thing thing) { things_[thing.id] = std::move(thing); }
  void erase(std::uint64_t id) { things_.erase(id); }
  void clear() { things_.clear(); }
  void moved(std::uint64_t id, Spot spot) {
    if (const auto found = things_.find(id); found != things_.end()) found->second.spot = spot;
  }
  // Names in `except` are passed over.
  const Thing* nearest(Spot from, bool monster, const std::set<std::string>& except = {}) const {
    const Thing* best = nullptr;
    for (const auto& [id, thing] : things_)
      if (thing.monster == monster && except.count(thing.name) == 0 &&
          (best == nullptr || distance_cm(from, thing.spot) < distance_cm(from, best->spot)))
        best = &thing;
    return best;
  }

 private:
  std::map<std::uint64_t, Thing> things_;
};

}  // namespace dure

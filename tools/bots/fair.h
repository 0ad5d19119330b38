// Where bots of one process find each other for a trade: who would like to, and where it stands. Plain values.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "common/base/time.h"
#include "tools/bots/motion.h"

namespace dure {

class Fair {
 public:
  void wait(std::uint64_t entity, const std::string& place, Spot spot, MonoTime until) {
    waiting_[entity] = {place, spot, until};
  }
  // Somebody else who waits near by, and waits no longer; 0: nobody.
  std::uint64_t meet(std::uint64_t entity, const std::string& place, Spot spot, std::int64_t within_cm, MonoTime now) {
    std::erase_if(waiting_, [now](const auto& entry) { return entry.second.until <= now; });
    for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
      if (at->first == entity || at->second.place != place || distance_cm(spot, at->second.spot) > within_cm) continue;
      const std::uint64_t found = at->first;
      waiting_.erase(at);
      return found;
    }
    return 0;
  }
  void leave(std::uint64_t entity) { waiting_.erase(entity); }

 private:
  struct Waiting {
    std::string place;
    Spot spot;
    MonoTime until{};
  };
  std::map<std::uint64_t, Waiting> waiting_;
};

}  // namespace dure

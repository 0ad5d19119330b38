// How long an act takes to reach another's eyes: each bot notes where it moved, and whichever other bot of this
// process is told of that entity at that position measures the time. Bounded; one thread.
#pragma once
#include <array>
#include <cstdint>
#include <unordered_map>

#include "common/base/histogram.h"
#include "common/base/time.h"

namespace dure {

class Sightings {
 public:
  explicit Sightings(Histogram& act_to_seen) : act_to_seen_(act_to_seen) {}
  void moved(std::uint64_t entity, std::int32_t x_cm, std::int32_t y_cm, MonoTime now);
  void forget(std::uint64_t entity) { tracks_.erase(entity); }
  // Told to a bot that is not this entity.
  void seen(std::uint64_t entity, std::int32_t x_cm, std::int32_t y_cm, MonoTime now);

 private:
  struct Move {
    std::int32_t x_cm = 0, y_cm = 0;
    MonoTime at = MonoTime::min();
  };
  struct Track {
    std::array<Move, 4> moves;
    std::uint32_t next = 0;
  };
  Histogram& act_to_seen_;
  std::unordered_map<std::uint64_t, Track> tracks_;
};

}  // namespace dure

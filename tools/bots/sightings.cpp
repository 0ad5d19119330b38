#include "tools/bots/sightings.h"

namespace dure {

void Sightings::moved(std::uint64_t entity, std::int32_t x_cm, std::int32_t y_cm, MonoTime now) {
  Track& track = tracks_[entity];
  track.moves[track.next++ % track.moves.size()] = {x_cm, y_cm, now};
}

void Sightings::seen(std::uint64_t entity, std::int32_t x_cm, std::int32_t y_cm, MonoTime now) {
  const auto found = tracks_.find(entity);
  if (found == tracks_.end()) return;
  for (const Move& move : found->second.moves)
    if (move.at != MonoTime::min() && move.x_cm == x_cm && move.y_cm == y_cm) {
      act_to_seen_.add(now - move.at);
      return;
    }
}

}  // namespace dure

#include "common/game/movement.h"

#include <algorithm>
#include <cmath>

namespace dure {

std::int64_t distance_cm(Position a, Position b) {
  const double dx = static_cast<double>(a.x_cm) - b.x_cm, dy = static_cast<double>(a.y_cm) - b.y_cm;
  return static_cast<std::int64_t>(std::sqrt(dx * dx + dy * dy));
}

bool may_move(Pace* pace, Position from, Position to, std::uint32_t speed_cm_s, MonoTime now) {
  const std::int64_t most = speed_cm_s * to_ms(kPaceSlack) / 1000;
  if (pace->filled == MonoTime{}) {
    pace->budget_cm = most;
  } else {
    const Duration passed = std::min<Duration>(now - pace->filled, kPaceSlack);
    pace->budget_cm = std::min(most, pace->budget_cm + static_cast<std::int64_t>(speed_cm_s) * to_us(passed) / 1000000);
  }
  pace->filled = now;
  const std::int64_t distance = distance_cm(from, to);
  if (distance > pace->budget_cm) {
    ++pace->refused;
    return false;
  }
  pace->budget_cm -= distance;
  pace->refused = 0;
  return true;
}

}  // namespace dure

#include "tools/launcher/back_off.h"

#include <algorithm>

namespace dure {

Duration next_back_off(Duration last, Duration healthy) {
  if (last <= Duration::zero() || healthy >= kHealthyAfter) return kBackOffFirst;
  return std::min(2 * last, kBackOffMax);
}

bool Crashes::too_many(MonoTime now, Duration healthy) {
  if (healthy >= kHealthyAfter) return false;
  at_.push_back(now);
  while (now - at_.front() > kCrashWindow) at_.pop_front();
  return at_.size() >= static_cast<std::size_t>(kCrashesMost);
}

}  // namespace dure

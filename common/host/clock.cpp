#include "common/host/clock.h"

#include <algorithm>

namespace dure {

MonoTime mono_now() { return MonoTime(std::chrono::steady_clock::now().time_since_epoch()); }

WallTime wall_now() { return WallTime(std::chrono::system_clock::now().time_since_epoch()); }

int poll_ms(MonoTime now, MonoTime due, Duration most) {
  if (due <= now) return 0;
  if (due >= now + most) return static_cast<int>(to_ms(most));
  return static_cast<int>(std::chrono::ceil<milliseconds>(due - now).count());
}

}  // namespace dure

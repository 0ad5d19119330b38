// Two clocks, never mixed: monotonic for durations and deadlines, wall for what people read. Plain values: logic gets
// them from its turn and never asks the system.
#pragma once
#include <chrono>
#include <cstdint>

namespace dure {

using Duration = std::chrono::nanoseconds;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct MonoClock {  // a tag for time points; it has no now()
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};
struct WallClock {  // since 1970-01-01 UTC
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;
  static constexpr bool is_steady = false;
};
using MonoTime = MonoClock::time_point;
using WallTime = WallClock::time_point;

constexpr std::int64_t to_ms(Duration d) { return std::chrono::duration_cast<milliseconds>(d).count(); }
constexpr std::int64_t to_us(Duration d) { return std::chrono::duration_cast<microseconds>(d).count(); }
constexpr std::int64_t unix_ms(WallTime t) { return to_ms(t.time_since_epoch()); }

}  // namespace dure

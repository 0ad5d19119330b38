// Counts of durations in buckets whose width grows with the value (HDR style): 32 linear steps per doubling, so a
// percentile is at most 3 % too high. Microseconds inside, milliseconds outside. Fixed memory, one thread.
#pragma once
#include <array>
#include <cstdint>

#include "common/base/time.h"

namespace dure {

class Histogram {
 public:
  void add(Duration value);
  std::uint64_t count() const { return count_; }
  double max_ms() const { return static_cast<double>(max_us_) / 1000.0; }
  // The value that `share` (0–1) of all counted ones do not exceed; 0 when nothing was counted.
  double percentile_ms(double share) const;
  void clear() { *this = {}; }

 private:
  static constexpr std::size_t kSteps = 32;
  static constexpr std::size_t kBuckets = kSteps * 32;
  static std::size_t bucket_of(std::uint64_t us);
  static std::uint64_t upper_end(std::size_t bucket);

  std::array<std::uint32_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0, max_us_ = 0;
};

}  // namespace dure

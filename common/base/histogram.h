// How long things took: counts of durations in buckets whose width grows with the value (the idea of HdrHistogram: 32
// linear steps to a doubling, so a percentile is at most 3 % too high). Microseconds inside. Plain values of fixed
// size, no allocation; one thread.
#pragma once
#include <array>
#include <cstdint>

#include "common/base/time.h"

namespace dure {

class Histogram {
 public:
  void add(Duration value, std::uint64_t times = 1);
  void add(const Histogram& other);
  std::uint64_t count() const { return count_; }
  double max_ms() const { return static_cast<double>(max_us_) / 1000.0; }
  // The value that `share` (0–1) of all counted ones do not exceed; 0 when nothing was counted.
  std::uint64_t percentile_us(double share) const;
  double percentile_ms(double share) const { return static_cast<double>(percentile_us(share)) / 1000.0; }
  void clear() { *this = {}; }

 private:
  static constexpr std::size_t kSteps = 32;
  static constexpr std::size_t kBuckets = kSteps * 32;
  static std::size_t bucket_of(std::uint64_t us);
  static std::uint64_t upper_end(std::size_t bucket);

  std::array<std::uint32_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0, max_us_ = 0;
};

// The last one to two windows only.
class RecentHistogram {
 public:
  explicit RecentHistogram(Duration window = seconds(1)) : window_(window) {}
  void record(Duration value, MonoTime now, std::uint64_t times = 1);
  std::uint64_t percentile_us(double share, MonoTime now);
  std::uint64_t count(MonoTime now);

 private:
  void roll(MonoTime now);
  Duration window_;
  Histogram current_, previous_;
  MonoTime current_since_{};
};

}  // namespace dure

// How long things took lately: a histogram of two windows of one second in logarithmic buckets (8 to a doubling, so a
// quantile is at most one eighth too high). One thread; no allocation.
#pragma once
#include <array>
#include <cstdint>

#include "common/base/time.h"

namespace dure {

class RecentHistogram {
 public:
  void record(Duration value, MonoTime now, std::uint64_t times = 1);
  // The value that a share `q` (0 … 1) of the last one to two seconds did not exceed, in microseconds; 0 if nothing was
  // recorded.
  std::uint64_t quantile_us(double q, MonoTime now);
  std::uint64_t count(MonoTime now);

 private:
  static constexpr std::size_t kBuckets = 8 * 36;
  using Window = std::array<std::uint32_t, kBuckets>;
  void roll(MonoTime now);
  static std::size_t bucket_of(std::uint64_t us);
  static std::uint64_t upper_us(std::size_t bucket);
  Window current_{}, previous_{};
  std::uint64_t current_count_ = 0, previous_count_ = 0;
  MonoTime current_since_{};
};

}  // namespace dure

#include "common/host/histogram.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace dure {
namespace {
constexpr Duration kWindow = seconds(1);
}  // namespace

// Values below 8 have a bucket each; above, the top four bits of the value choose it.
std::size_t RecentHistogram::bucket_of(std::uint64_t us) {
  if (us < 8) return us;
  const int shift = std::bit_width(us) - 4;
  return std::min<std::size_t>(8 * (shift + 1) + ((us >> shift) & 7), kBuckets - 1);
}

std::uint64_t RecentHistogram::upper_us(std::size_t bucket) {
  if (bucket < 8) return bucket;
  const std::size_t shift = bucket / 8 - 1;
  return ((8 + bucket % 8 + 1) << shift) - 1;
}

void RecentHistogram::roll(MonoTime now) {
  if (now - current_since_ < kWindow) return;
  const bool stale = now - current_since_ >= 2 * kWindow;
  previous_ = stale ? Window{} : current_;
  previous_count_ = stale ? 0 : current_count_;
  current_ = {};
  current_count_ = 0;
  current_since_ = now;
}

void RecentHistogram::record(Duration value, MonoTime now, std::uint64_t times) {
  roll(now);
  current_[bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_us(value))))] +=
      static_cast<std::uint32_t>(times);
  current_count_ += times;
}

std::uint64_t RecentHistogram::count(MonoTime now) {
  roll(now);
  return current_count_ + previous_count_;
}

std::uint64_t RecentHistogram::quantile_us(double q, MonoTime now) {
  const std::uint64_t all = count(now);
  if (all == 0) return 0;
  const auto wanted = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(q * static_cast<double>(all)), 1, all);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += current_[bucket] + previous_[bucket];
    if (seen >= wanted) return upper_us(bucket);
  }
  return upper_us(kBuckets - 1);
}

}  // namespace dure

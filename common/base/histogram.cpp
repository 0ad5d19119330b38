#include "common/base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace dure {

// Values below 32 have a bucket each; above, the top bit picks the group and the next five bits the step in it.
std::size_t Histogram::bucket_of(std::uint64_t us) {
  if (us < kSteps) return us;
  const auto shift = static_cast<std::size_t>(std::bit_width(us)) - 6;
  return std::min(kBuckets - 1, (shift + 1) * kSteps + (us >> shift) - kSteps);
}

std::uint64_t Histogram::upper_end(std::size_t bucket) {
  if (bucket < kSteps) return bucket;
  const std::size_t shift = bucket / kSteps - 1;
  return ((kSteps + bucket % kSteps + 1) << shift) - 1;
}

void Histogram::add(Duration value, std::uint64_t times) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_us(value)));
  buckets_[bucket_of(us)] += static_cast<std::uint32_t>(times);
  count_ += times;
  max_us_ = std::max(max_us_, us);
}

void Histogram::add(const Histogram& other) {
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) buckets_[bucket] += other.buckets_[bucket];
  count_ += other.count_;
  max_us_ = std::max(max_us_, other.max_us_);
}

std::uint64_t Histogram::percentile_us(double share) const {
  if (count_ == 0) return 0;
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) return std::min(upper_end(bucket), max_us_);
  }
  return max_us_;
}

void RecentHistogram::roll(MonoTime now) {
  if (now - current_since_ < window_) return;
  const bool stale = now - current_since_ >= 2 * window_;
  previous_ = stale ? Histogram() : current_;
  current_.clear();
  current_since_ = now;
}

void RecentHistogram::record(Duration value, MonoTime now, std::uint64_t times) {
  roll(now);
  current_.add(value, times);
}

std::uint64_t RecentHistogram::percentile_us(double share, MonoTime now) {
  roll(now);
  Histogram both = current_;
  both.add(previous_);
  return both.percentile_us(share);
}

std::uint64_t RecentHistogram::count(MonoTime now) {
  roll(now);
  return current_.count() + previous_.count();
}

}  // namespace dure

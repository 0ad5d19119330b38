// How many may log in, or resume, in a second: after a gateway died, everybody it had stands before the others at once.
// Beyond the burst each is told another moment to come back at, spread over the time that letting them all in takes,
// with some chance on top, so that they do not come as one again. Plain object; time and chance are arguments.
#pragma once
#include <algorithm>

#include "common/base/random.h"
#include "gateway/token_bucket.h"

namespace dure {

class AdmissionRamp {
 public:
  explicit AdmissionRamp(BucketLimit limit) : limit_(limit) {}

  // Zero: come in. Otherwise: when to come back.
  Duration admit(MonoTime now, Rng& rng) {
    if (limit_.rate <= 0 || bucket_.take(limit_, now)) return {};
    const auto each = Duration(static_cast<Duration::rep>(1e9 / limit_.rate));
    last_hint_ = std::min(std::max(last_hint_, now) + each, now + kHintMax);
    const Duration spread = milliseconds(50) + (last_hint_ - now) / 4;
    return last_hint_ - now +
           Duration(static_cast<Duration::rep>(rng.below(static_cast<std::uint64_t>(spread.count()))));
  }

 private:
  static constexpr Duration kHintMax = seconds(20);
  const BucketLimit limit_;
  TokenBucket bucket_;
  MonoTime last_hint_{};  // the latest moment that somebody was told
};

}  // namespace dure

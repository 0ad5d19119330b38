// A token bucket: `rate` a second, at most `burst` at once. Pure value; the time is an argument.
#pragma once
#include <algorithm>

#include "common/base/time.h"

namespace dure {

struct BucketLimit {
  double rate = 0;  // tokens a second; 0: no limit
  double burst = 0;
};

class TokenBucket {
 public:
  // False: not enough left; nothing is taken then.
  bool take(const BucketLimit& limit, MonoTime now, double tokens = 1) {
    if (limit.rate <= 0) return true;
    refill(limit, now);
    if (tokens_ < tokens) return false;
    tokens_ -= tokens;
    return true;
  }
  // Until so many tokens are there.
  Duration wait(const BucketLimit& limit, double tokens = 1) const {
    if (limit.rate <= 0 || tokens_ >= tokens) return {};
    return Duration(static_cast<Duration::rep>((tokens - tokens_) / limit.rate * 1e9) + 1);
  }
  // Nothing was taken for so long that forgetting the bucket changes nothing.
  bool full(const BucketLimit& limit, MonoTime now) const {
    TokenBucket later = *this;
    later.refill(limit, now);
    return later.tokens_ >= limit.burst;
  }
  // When it will be full again: all that there is to know of it.
  MonoTime full_at(const BucketLimit& limit, MonoTime now) const {
    if (limit.rate <= 0) return now;
    TokenBucket later = *this;
    later.refill(limit, now);
    return now + std::chrono::duration_cast<Duration>(
                     std::chrono::duration<double>((limit.burst - later.tokens_) / limit.rate));
  }
  // No more is left than in one that is full at that time.
  void no_fuller(const BucketLimit& limit, MonoTime full_at, MonoTime now) {
    if (limit.rate <= 0) return;
    refill(limit, now);
    const double missing = std::chrono::duration<double>(full_at - now).count() * limit.rate;
    tokens_ = std::min(tokens_, std::max(0.0, limit.burst - missing));
  }

 private:
  void refill(const BucketLimit& limit, MonoTime now) {
    if (!started_) tokens_ = limit.burst, at_ = now, started_ = true;
    if (now <= at_) return;
    tokens_ = std::min(limit.burst, tokens_ + std::chrono::duration<double>(now - at_).count() * limit.rate);
    at_ = now;
  }
  double tokens_ = 0;
  MonoTime at_{};
  bool started_ = false;
};

}  // namespace dure

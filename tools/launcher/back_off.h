// How long to wait before a dead child is started again, and when it is left down. Plain rules, no clock of their own.
#pragma once
#include <deque>

#include "common/base/time.h"

namespace dure {

inline constexpr Duration kBackOffFirst = milliseconds(100);
inline constexpr Duration kBackOffMax = seconds(5);
inline constexpr Duration kHealthyAfter = seconds(10);

// `last`: what was waited before the start that has now ended (0: never died before); `healthy`: how long it was ready.
// 0.1 s doubling to 5 s; from the beginning after ten healthy seconds.
Duration next_back_off(Duration last, Duration healthy);

inline constexpr int kCrashesMost = 5;
inline constexpr Duration kCrashWindow = seconds(60);

// A child that crashes so often only makes noise, and costs others the players it takes each time it comes up. Only
// crashes soon after its start count: one that was healthy in between is no storm.
class Crashes {
 public:
  // True: this was one too many within the window. `healthy`: how long it had been ready.
  bool too_many(MonoTime now, Duration healthy);
  void forget() { at_.clear(); }

 private:
  std::deque<MonoTime> at_;
};

}  // namespace dure

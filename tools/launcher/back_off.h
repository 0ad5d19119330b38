// How long to wait before a dead child is started again. Plain rule, no clock of its own.
#pragma once
#include "common/base/time.h"

namespace dure {

inline constexpr Duration kBackOffFirst = milliseconds(100);
inline constexpr Duration kBackOffMax = seconds(5);
inline constexpr Duration kHealthyAfter = seconds(10);

// `last`: what was waited before the start that has now ended (0: never died before); `healthy`: how long it was ready.
// 0.1 s doubling to 5 s; from the beginning after ten healthy seconds.
Duration next_back_off(Duration last, Duration healthy);

}  // namespace dure

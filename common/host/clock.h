// The two clocks of the system, read. Any thread. Logic never calls these: it gets its times from the turn.
#pragma once
#include "common/base/time.h"

namespace dure {

MonoTime mono_now();  // CLOCK_MONOTONIC
WallTime wall_now();  // since 1970-01-01 UTC

// What poll() and its kin take: whole milliseconds from `now` until `due`, rounded up, at least 0, at most `most`.
int poll_ms(MonoTime now, MonoTime due, Duration most);

}  // namespace dure

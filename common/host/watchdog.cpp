#include "common/host/watchdog.h"

#include <algorithm>

#include "common/host/logic_thread.h"

namespace dure {

Watchdog::Watchdog(std::vector<LogicThread*> watched, Duration turn_max, bool aborts, EventLog& log)
    : watched_(std::move(watched)), turn_max_(turn_max), aborts_(aborts), log_(log), thread_([this] { run(); }) {}

Watchdog::~Watchdog() { stop(); }

void Watchdog::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::run() {
  const auto interval = std::clamp<Duration>(turn_max_ / 8, milliseconds(10), seconds(1));
  MonoTime looked = made_, paused_until{};
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, interval, [this] { return stopping_; })) {
    const MonoTime now = mono_now();
    if (now - looked > 2 * interval) {
      paused_until = now;
      log_.event(LogLevel::kWarning, "watchdog.paused", {{"pause_ms", to_ms(now - looked)}});
    }
    looked = now;
    for (LogicThread* thread : watched_) {
      const std::int64_t since = thread->turn_since_ns();
      if (since == 0) continue;
      const Duration turn = now - std::max(MonoTime(Duration(since)), paused_until);
      if (turn < turn_max_) continue;
      log_.event(LogLevel::kError, "watchdog.turn_stuck", {{"node", thread->name()}, {"turn_ms", to_ms(turn)}});
      if (aborts_) thread->abort_in_thread();
    }
  }
}

}  // namespace dure

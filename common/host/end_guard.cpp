#include "common/host/end_guard.h"

#include <unistd.h>

#include "common/host/clock.h"
#include "common/host/signals.h"

namespace dure {

EndGuard::EndGuard(Duration most, StopSignals& signals, EventLog& log)
    : thread_([this, most, &signals, &log] { run(most, signals, log); }) {}

EndGuard::~EndGuard() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void EndGuard::run(Duration most, StopSignals& signals, EventLog& log) {
  const MonoTime until = mono_now() + most;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, milliseconds(50), [this] { return ended_; })) {
    const bool asked_again = signals.take() > 0;
    if (!asked_again && mono_now() < until) continue;
    log.event(LogLevel::kError, "process.end_stuck", {{"asked_again", asked_again}});
    _exit(kExitStuck);
  }
}

}  // namespace dure

// Ends the process for good if its orderly end hangs: a worker in a system call that does not return would otherwise
// keep it for ever. Nothing that is SAVED is lost by that. One thread of its own for as long as it exists.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/base/time.h"
#include "common/logic/seams.h"

namespace dure {

inline constexpr int kExitStuck = 70;  // EX_SOFTWARE

class StopSignals;

class EndGuard {
 public:
  // Waits for `most`, or until asked to stop once more; then exit kExitStuck. Everything is borrowed.
  EndGuard(Duration most, StopSignals& signals, EventLog& log);
  ~EndGuard();
  EndGuard(const EndGuard&) = delete;
  EndGuard& operator=(const EndGuard&) = delete;

 private:
  void run(Duration most, StopSignals& signals, EventLog& log);
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace dure

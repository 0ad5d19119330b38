// Ends a process one of whose turns does not: a stuck logic thread holds players nobody can reach. One thread of its
// own; the logic threads are borrowed until stop(). If it comes too late itself, the whole process stood still
// (SIGSTOP, a frozen cgroup, a debugger): its turns are then measured from there.
#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/time.h"
#include "common/host/clock.h"
#include "common/logic/seams.h"

namespace dure {

class LogicThread;

class Watchdog {
 public:
  // aborts: else it only logs.
  Watchdog(std::vector<LogicThread*> watched, Duration turn_max, bool aborts, EventLog& log);
  ~Watchdog();
  void stop();

 private:
  void run();
  const std::vector<LogicThread*> watched_;
  const Duration turn_max_;
  const bool aborts_;
  EventLog& log_;
  const MonoTime made_ = mono_now();
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dure

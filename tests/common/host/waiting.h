// Waiting in tests with threads: until something is so, at most ten seconds. And a log that counts.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/host/clock.h"
#include "common/logic/seams.h"

namespace dure {

[[nodiscard]] inline bool eventually(const std::function<bool()>& so) {
  const MonoTime until = mono_now() + seconds(10);
  while (!so()) {
    if (mono_now() > until) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

class CountingLog : public EventLog {
 public:
  void event(LogLevel, std::string_view name, std::initializer_list<LogField>) override {
    const std::lock_guard lock(mutex_);
    names_.emplace_back(name);
  }
  long count(std::string_view name) {
    const std::lock_guard lock(mutex_);
    return std::count(names_.begin(), names_.end(), name);
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> names_;
};

}  // namespace dure

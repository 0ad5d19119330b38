// Timers of one logic thread: due in order of (time, insertion). Cancelling is by id and cheap. Not thread-safe.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "common/base/time.h"

namespace dure {

using TimerId = std::uint64_t;  // 0: none

class Timers {
 public:
  TimerId at(MonoTime due, std::function<void()> action);
  // Again and again, `interval` (above zero) after each time it was taken, under the same id until cancelled.
  TimerId every(MonoTime first, Duration interval, std::function<void()> action);
  void cancel(TimerId id);
  // MonoTime::max() when there is none.
  MonoTime next_due() const;
  // Takes out the next timer that is due at `now`; an empty function when none is, or when the next one is not older
  // than `before` (a mark), so that a timer that starts itself anew cannot keep a turn for ever.
  std::function<void()> take_due(MonoTime now, TimerId before = UINT64_MAX);
  // The next id to be given out: cancel_from(mark) forgets what was started since.
  TimerId mark() const { return next_id_; }
  void cancel_from(TimerId mark);
  std::size_t size() const { return by_due_.size(); }

 private:
  struct Entry {
    std::function<void()> action;
    Duration interval{};  // zero: once
  };
  void put(MonoTime due, TimerId id, Entry entry);
  std::map<std::pair<MonoTime, TimerId>, Entry> by_due_;
  std::map<TimerId, MonoTime> due_of_;
  TimerId next_id_ = 1;
};

}  // namespace dure

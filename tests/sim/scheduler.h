// Virtual time: one heap of events ordered by (time, a draw of the seed, insertion), and a rolling hash over all that
// were popped. Two runs of one seed pop the same events; that the hashes are equal proves it. One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "common/base/random.h"
#include "common/base/time.h"

namespace dure::sim {

class Scheduler {
 public:
  using Action = std::function<void()>;
  explicit Scheduler(std::uint64_t seed) : seed_(seed), ties_(seed, 0x71e5) {}

  // `digest` says what the event is, equal in every run: no address, no hash of one.
  void at(MonoTime due, std::uint64_t digest, Action action);
  void after(Duration delay, std::uint64_t digest, Action action) { at(now_ + delay, digest, std::move(action)); }
  // Runs everything that is due up to `until`; time stands there afterwards.
  void run_until(MonoTime until);

  MonoTime now() const { return now_; }
  std::uint64_t seed() const { return seed_; }
  std::uint64_t events() const { return events_; }
  // Of everything that happened so far.
  std::uint64_t trace() const { return trace_; }
  // What happened that is no event of its own: a message's bytes, a log line.
  void fold(std::uint64_t digest) { trace_ = (trace_ ^ digest) * 0x100000001b3ull; }

 private:
  struct Event {
    MonoTime due;
    std::uint64_t tie = 0, number = 0, digest = 0;
    Action action;
  };
  static bool later(const Event& a, const Event& b);
  std::uint64_t seed_;
  Rng ties_;
  MonoTime now_{seconds(1000)};
  std::vector<Event> heap_;
  std::uint64_t next_number_ = 0, events_ = 0, trace_ = 0xcbf29ce484222325ull;
};

}  // namespace dure::sim

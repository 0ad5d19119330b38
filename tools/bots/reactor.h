// One thread's wait for sockets and time: epoll and a heap of wake-ups. now() is taken once a round. Readers and
// sleepers must outlive the reactor's run, or be forgotten first (readers) — sleepers are never cancelled, they ignore
// a wake-up that no longer matters.
#pragma once
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "common/base/time.h"

namespace dure {

class Reactor {
 public:
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void on_ready(std::uint32_t epoll_events) = 0;
  };
  class Sleeper {
   public:
    virtual ~Sleeper() = default;
    virtual void on_time(std::uint32_t what) = 0;  // `what` as given to wake_at
  };

  Reactor();
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  MonoTime now() const { return now_; }
  void watch(int fd, std::uint32_t epoll_events, Reader* reader);
  void rewatch(int fd, std::uint32_t epoll_events, Reader* reader);
  // Before the fd is closed. Its reader may get one more on_ready in this round.
  void forget(int fd);
  void wake_at(MonoTime due, Sleeper* sleeper, std::uint32_t what);
  void wake_in(Duration delay, Sleeper* sleeper, std::uint32_t what) { wake_at(now_ + delay, sleeper, what); }
  // Rounds until `finished` says so; it is asked after each.
  void run(const std::function<bool()>& finished);
  // Where readers receive into, so that an idle connection keeps no buffer of its own.
  std::vector<char>& scratch() { return scratch_; }

 private:
  struct WakeUp {
    MonoTime due;
    std::uint64_t order;
    Sleeper* sleeper;
    std::uint32_t what;
    bool operator>(const WakeUp& other) const { return due != other.due ? due > other.due : order > other.order; }
  };
  void round();

  int epoll_ = -1;
  MonoTime now_;
  std::uint64_t next_order_ = 0;
  std::priority_queue<WakeUp, std::vector<WakeUp>, std::greater<>> wake_ups_;
  std::vector<char> scratch_;
};

}  // namespace dure

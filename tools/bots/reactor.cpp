#include "tools/bots/reactor.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/base/check.h"

namespace dure {

namespace {

MonoTime read_clock() { return MonoTime(std::chrono::steady_clock::now().time_since_epoch()); }

constexpr int kEventsARound = 256;
constexpr std::int64_t kLongestWaitMs = 100;  // so that `finished` is asked now and then

}  // namespace

Reactor::Reactor() : epoll_(epoll_create1(EPOLL_CLOEXEC)), now_(read_clock()), scratch_(256 * 1024) {
  CHECK(epoll_ >= 0);
}

Reactor::~Reactor() { ::close(epoll_); }

void Reactor::watch(int fd, std::uint32_t epoll_events, Reader* reader) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = reader;
  CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0);
}

void Reactor::rewatch(int fd, std::uint32_t epoll_events, Reader* reader) {
  epoll_event event{};
  event.events = epoll_events;
  event.data.ptr = reader;
  CHECK(epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) == 0);
}

void Reactor::forget(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

void Reactor::wake_at(MonoTime due, Sleeper* sleeper, std::uint32_t what) {
  wake_ups_.push({due, next_order_++, sleeper, what});
}

void Reactor::run(const std::function<bool()>& finished) {
  while (!finished()) round();
}

void Reactor::round() {
  std::int64_t wait_ms = kLongestWaitMs;
  if (!wake_ups_.empty()) wait_ms = std::clamp<std::int64_t>(to_ms(wake_ups_.top().due - now_) + 1, 0, kLongestWaitMs);
  if (!wake_ups_.empty() && wake_ups_.top().due <= now_) wait_ms = 0;
  std::array<epoll_event, kEventsARound> events;
  const int count = epoll_wait(epoll_, events.data(), kEventsARound, static_cast<int>(wait_ms));
  CHECK(count >= 0 || errno == EINTR);
  now_ = read_clock();
  for (int i = 0; i < count; ++i)
    static_cast<Reader*>(events[static_cast<std::size_t>(i)].data.ptr)
        ->on_ready(events[static_cast<std::size_t>(i)].events);
  // Only what was due when the round began: a wake-up that asks for another at once waits for the next round.
  const std::uint64_t orders_before = next_order_;
  while (!wake_ups_.empty() && wake_ups_.top().due <= now_ && wake_ups_.top().order < orders_before) {
    const WakeUp next = wake_ups_.top();
    wake_ups_.pop();
    next.sleeper->on_time(next.what);
  }
}

}  // namespace dure

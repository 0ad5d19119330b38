#include "tests/sim/scheduler.h"

#include <algorithm>
#include <tuple>

#include "common/base/check.h"

namespace dure::sim {

bool Scheduler::later(const Event& a, const Event& b) {
  return std::tie(a.due, a.tie, a.number) > std::tie(b.due, b.tie, b.number);
}

void Scheduler::at(MonoTime due, std::uint64_t digest, Action action) {
  heap_.push_back({std::max(due, now_), ties_.next(), next_number_++, digest, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void Scheduler::run_until(MonoTime until) {
  while (!heap_.empty() && heap_.front().due <= until) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    CHECK(event.due >= now_);
    now_ = event.due;
    ++events_;
    fold(static_cast<std::uint64_t>(event.due.time_since_epoch().count()));
    fold(event.digest);
    event.action();
  }
  now_ = std::max(now_, until);
}

}  // namespace dure::sim

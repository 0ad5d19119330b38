#include "common/logic/timers.h"

namespace dure {

TimerId Timers::at(MonoTime due, std::function<void()> action) {
  const TimerId id = next_id_++;
  by_due_.emplace(std::pair(due, id), std::move(action));
  due_of_.emplace(id, due);
  return id;
}

void Timers::cancel(TimerId id) {
  const auto at = due_of_.find(id);
  if (at == due_of_.end()) return;
  by_due_.erase({at->second, id});
  due_of_.erase(at);
}

MonoTime Timers::next_due() const { return by_due_.empty() ? MonoTime::max() : by_due_.begin()->first.first; }

std::function<void()> Timers::take_due(MonoTime now, TimerId before) {
  if (by_due_.empty() || by_due_.begin()->first.first > now || by_due_.begin()->first.second >= before) return {};
  auto node = by_due_.extract(by_due_.begin());
  due_of_.erase(node.key().second);
  return std::move(node.mapped());
}

void Timers::cancel_from(TimerId mark) {
  while (!due_of_.empty() && due_of_.rbegin()->first >= mark) cancel(due_of_.rbegin()->first);
}

}  // namespace dure

#include "common/logic/timers.h"

#include "common/base/check.h"

namespace dure {

void Timers::put(MonoTime due, TimerId id, Entry entry) {
  by_due_.emplace(std::pair(due, id), std::move(entry));
  due_of_.emplace(id, due);
}

TimerId Timers::at(MonoTime due, std::function<void()> action) {
  const TimerId id = next_id_++;
  put(due, id, Entry{std::move(action)});
  return id;
}

TimerId Timers::every(MonoTime first, Duration interval, std::function<void()> action) {
  CHECK(interval > Duration{});
  const TimerId id = next_id_++;
  put(first, id, Entry{std::move(action), interval});
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
  Entry& entry = node.mapped();
  if (entry.interval == Duration{}) return std::move(entry.action);
  auto action = entry.action;
  put(now + entry.interval, node.key().second, std::move(entry));
  return action;
}

void Timers::cancel_from(TimerId mark) {
  while (!due_of_.empty() && due_of_.rbegin()->first >= mark) cancel(due_of_.rbegin()->first);
}

}  // namespace dure

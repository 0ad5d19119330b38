#include "gateway/hash_queue.h"

#include <algorithm>

#include "common/base/check.h"

namespace dure {
namespace {
constexpr Duration kCostMin = milliseconds(1);
constexpr Duration kGivenUp = seconds(30);
}  // namespace

// One may always wait: only by another hash is it seen that they have become cheaper again.
bool HashQueue::full() const { return waiting() > 0 && cost_ * static_cast<int>(waiting() + 1) > work_max_; }

HashQueue::Joined HashQueue::join(const std::string& source, bool known, CallId who) {
  Joined joined;
  Line& line = lines_[known ? 1 : 0];
  const auto mine = line.calls.find(source);
  const std::size_t length = mine == line.calls.end() ? 0 : mine->second.size();
  if (full()) {
    joined.displaced = displace_from_longest(known ? 0 : length + 1);
    if (!joined.displaced) return joined;
  }
  joined.taken = true;
  auto& calls = line.calls[source];
  if (calls.empty()) line.turns.push_back(source);
  calls.push_back(who);
  ++waiting_;
  return joined;
}

// Of strangers; the last one of a line longer than that.
CallId HashQueue::displace_from_longest(std::size_t longer_than) {
  const auto longest = std::max_element(lines_[0].calls.begin(), lines_[0].calls.end(),
                                        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  if (longest == lines_[0].calls.end() || longest->second.size() <= longer_than) return {};
  const CallId last = longest->second.back();
  CHECK(remove(lines_[0], last));
  return last;
}

bool HashQueue::remove(Line& line, CallId who) {
  for (auto& [source, calls] : line.calls) {
    const auto at = std::find(calls.begin(), calls.end(), who);
    if (at == calls.end()) continue;
    calls.erase(at);
    --waiting_;
    if (calls.empty()) {
      std::erase(line.turns, source);
      line.calls.erase(line.calls.find(source));
    }
    return true;
  }
  return false;
}

std::optional<CallId> HashQueue::next(MonoTime now) {
  if (at_work_ || waiting_ == 0) return std::nullopt;
  next_line_ = 1 - next_line_;
  if (lines_[next_line_].turns.empty()) next_line_ = 1 - next_line_;
  Line& line = lines_[next_line_];
  const std::string source = line.turns.front();
  line.turns.pop_front();
  auto& calls = line.calls.at(source);
  at_work_ = calls.front();
  began_ = now;
  calls.pop_front();
  --waiting_;
  if (calls.empty())
    line.calls.erase(source);
  else
    line.turns.push_back(source);
  return at_work_;
}

void HashQueue::done(CallId who, MonoTime now) {
  if (at_work_ != who) return;
  at_work_ = {};
  cost_ = std::max(kCostMin, cost_ + (now - began_ - cost_) / 8);
}

void HashQueue::leave(CallId who) {
  if (at_work_ == who) at_work_ = {};
  for (Line& line : lines_)
    if (remove(line, who)) return;
}

void HashQueue::sweep(MonoTime now) {
  if (at_work_ && now - began_ >= kGivenUp) at_work_ = {};
}

}  // namespace dure

#include "dbagent/commit_queue.h"

#include <algorithm>

#include "common/base/check.h"

namespace dure {
namespace {
constexpr std::size_t kDurationsKept = 128;
}  // namespace

bool CommitQueue::push(Asked asked) {
  if (waiting_.size() >= limits_.waiting_max) return false;
  waiting_.push_back(std::move(asked));
  return true;
}

std::optional<MonoTime> CommitQueue::due(MonoTime now, bool hurry) const {
  if (committing_ || waiting_.empty()) return std::nullopt;
  if (hurry || waiting_.size() >= limits_.items_max) return now;
  return std::max(now, waiting_.front().since + limits_.wait);
}

std::vector<Asked> CommitQueue::take(MonoTime now) {
  CHECK(!committing_ && !waiting_.empty());
  std::vector<Asked> group;
  oldest_ = waiting_.front().since;
  std::size_t bytes = 0;
  while (!waiting_.empty() && group.size() < limits_.items_max) {
    bytes += waiting_.front().body.size();
    if (!group.empty() && bytes > limits_.bytes_max) break;
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  committing_ = true;
  group_ = group.size();
  left_at_ = now;
  return group;
}

void CommitQueue::done(MonoTime now) {
  CHECK(committing_);
  committing_ = false;
  committed_ += group_;
  if (durations_.size() >= kDurationsKept) durations_.pop_front();
  durations_.push_back(now - left_at_);
  if (waits_.size() >= kDurationsKept) waits_.pop_front();
  waits_.push_back(now - oldest_);
}

std::vector<Asked> CommitQueue::abandon() {
  std::vector<Asked> all(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
  waiting_.clear();
  return all;
}

namespace {

Duration quantile(const std::deque<Duration>& durations, std::size_t percent) {
  if (durations.empty()) return {};
  std::vector<Duration> sorted(durations.begin(), durations.end());
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * percent / 100);
  std::nth_element(sorted.begin(), at, sorted.end());
  return *at;
}

}  // namespace

Duration CommitQueue::p50() const { return quantile(durations_, 50); }
Duration CommitQueue::wait_p99() const { return quantile(waits_, 99); }

}  // namespace dure

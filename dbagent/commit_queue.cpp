#include "dbagent/commit_queue.h"

#include <algorithm>

#include "common/base/check.h"

namespace dure {
namespace {
constexpr std::size_t kDurationsKept = 128;
}  // namespace

bool CommitQueue::push(Asked asked) {
  if (waiting() >= limits_.waiting_max) return false;
  (asked.kind != nullptr && asked.kind->load ? loads_ : waiting_).push_back(std::move(asked));
  return true;
}

std::optional<MonoTime> CommitQueue::due(MonoTime now, bool hurry) const {
  if (committing_ || waiting() == 0) return std::nullopt;
  if (hurry || waiting_.size() >= limits_.items_max || loads_.size() >= limits_.loads_max) return now;
  MonoTime oldest = MonoTime::max();
  for (const auto* queue : {&waiting_, &loads_})
    if (!queue->empty()) oldest = std::min(oldest, queue->front().since);
  return std::max(now, oldest + limits_.wait);
}

std::vector<Asked> CommitQueue::take(MonoTime now, std::size_t most) {
  CHECK(!committing_ && waiting() > 0);
  std::vector<Asked> group;
  oldest_ = MonoTime::max();
  std::size_t bytes = 0;
  const auto take_from = [&](std::deque<Asked>& queue, std::size_t limit) {
    for (std::size_t left = std::min(limit, most); left > 0 && !queue.empty(); --left) {
      bytes += queue.front().body.size();
      if (!group.empty() && bytes > limits_.bytes_max) return;
      oldest_ = std::min(oldest_, queue.front().since);
      group.push_back(std::move(queue.front()));
      queue.pop_front();
    }
  };
  take_from(waiting_, limits_.items_max);
  take_from(loads_, std::max<std::size_t>(1, limits_.loads_max));
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
  all.insert(all.end(), std::make_move_iterator(loads_.begin()), std::make_move_iterator(loads_.end()));
  waiting_.clear();
  loads_.clear();
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

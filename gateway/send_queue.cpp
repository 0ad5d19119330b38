#include "gateway/send_queue.h"

#include <utility>

#include "common/base/check.h"

namespace dure {

SendQueue::Put SendQueue::put(Bytes frame, bool latest) {
  if (bytes_ + frame.size() > bytes_max_) {
    if (latest) {
      ++dropped_;
      return Put::kDropped;
    }
    drop_latest();
    if (bytes_ + frame.size() > bytes_max_) return Put::kFull;
  }
  bytes_ += frame.size();
  if (latest) latest_bytes_ += frame.size();
  frames_.push_back({std::move(frame), latest});
  return Put::kQueued;
}

void SendQueue::drop_latest() {
  if (latest_bytes_ == 0) return;
  std::deque<Entry> kept;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    Entry& entry = frames_[i];
    if (entry.latest && !(i == 0 && offset_ > 0)) {
      bytes_ -= entry.frame.size();
      latest_bytes_ -= entry.frame.size();
      ++dropped_;
    } else {
      kept.push_back(std::move(entry));
    }
  }
  frames_ = std::move(kept);
}

void SendQueue::gather(std::size_t most, std::vector<std::string_view>* pieces) const {
  std::size_t skip = offset_;
  for (const Entry& entry : frames_) {
    if (most-- == 0) return;
    pieces->push_back(entry.frame.view().substr(skip));
    skip = 0;
  }
}

void SendQueue::wrote(std::size_t bytes) {
  while (bytes > 0) {
    CHECK(!frames_.empty());
    const Entry& first = frames_.front();
    const std::size_t left = first.frame.size() - offset_;
    if (bytes < left) {
      offset_ += bytes;
      return;
    }
    bytes -= left;
    // The whole frame counts until its last byte has left.
    bytes_ -= first.frame.size();
    if (first.latest) latest_bytes_ -= first.frame.size();
    offset_ = 0;
    frames_.pop_front();
  }
}

void SendQueue::clear() {
  frames_.clear();
  offset_ = bytes_ = latest_bytes_ = 0;
}

}  // namespace dure

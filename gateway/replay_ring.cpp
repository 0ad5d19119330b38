#include "gateway/replay_ring.h"

#include <utility>

#include "common/base/check.h"

namespace dure {

ReplayRing::ReplayRing(std::size_t frames_max, std::size_t bytes_max, std::uint64_t sent,
                       const std::vector<Bytes>& frames)
    : ReplayRing(frames_max, bytes_max) {
  CHECK(sent >= frames.size());
  sent_ = sent - frames.size();
  for (const Bytes& frame : frames) add(frame);
}

void ReplayRing::add(Bytes frame) {
  ++sent_;
  bytes_ += frame.size();
  frames_.push_back(std::move(frame));
  while (frames_.size() > frames_max_ || bytes_ > bytes_max_) {
    bytes_ -= frames_.front().size();
    frames_.pop_front();
  }
}

void ReplayRing::forget(std::uint64_t received) {
  if (received > sent_) return;
  for (; frames_.size() > sent_ - received; frames_.pop_front()) bytes_ -= frames_.front().size();
}

std::optional<std::vector<Bytes>> ReplayRing::after(std::uint64_t received) const {
  if (received > sent_ || sent_ - received > frames_.size()) return std::nullopt;
  return std::vector<Bytes>(frames_.end() - static_cast<std::ptrdiff_t>(sent_ - received), frames_.end());
}

}  // namespace dure

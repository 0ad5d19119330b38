#include "gateway/send_queue.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/proto/client_frame.h"

namespace dure {
namespace {

std::uint16_t message_of(const Bytes& frame) {
  return frame.size() < kFrameHeaderBytes ? 0 : load_le<std::uint16_t>(frame.data() + 4);
}

}  // namespace

bool SendQueue::fits(std::size_t bytes, Kind kind) const {
  return bytes_ + bytes <= (kind == Kind::kTopic ? bytes_max_ / 4 * 3 : bytes_max_);
}

SendQueue::Put SendQueue::put(Bytes frame, Kind kind, const TopicKey* topic) {
  const bool latest = kind == Kind::kLatest;
  if (latest_ >= collapse_at_ || (!fits(frame.size(), kind) && since_collapse_ >= kBackedUp / 4)) drop_latest(true);
  if (!fits(frame.size(), kind) && !latest) drop_latest(false);
  if (!fits(frame.size(), kind)) {
    if (!latest) return Put::kRefused;
    ++dropped_;
    if (topic != nullptr) left_out_.insert(*topic);
    return Put::kRefused;
  }
  bytes_ += frame.size();
  if (latest) ++latest_, ++since_collapse_;
  frames_.push_back({std::move(frame), kind, topic != nullptr ? std::optional(*topic) : std::nullopt});
  return Put::kQueued;
}

void SendQueue::drop(const Entry& entry) {
  bytes_ -= entry.frame.size();
  --latest_;
  ++dropped_;
  if (entry.topic) left_out_.insert(*entry.topic);
}

void SendQueue::drop_latest(bool outdated_only) {
  if (latest_ == 0) return;
  std::set<std::pair<std::optional<TopicKey>, std::uint16_t>> newer;
  std::vector<Entry> kept;  // the newest first
  for (std::size_t i = frames_.size(); i-- > 0;) {
    Entry& entry = frames_[i];
    const bool leaving = i == 0 && offset_ > 0;
    const bool goes = entry.kind == Kind::kLatest && !leaving &&
                      (!outdated_only || !newer.emplace(entry.topic, message_of(entry.frame)).second);
    if (goes)
      drop(entry);
    else
      kept.push_back(std::move(entry));
  }
  frames_.clear();
  for (; !kept.empty(); kept.pop_back()) frames_.push_back(std::move(kept.back()));
  collapse_at_ = std::max(kBackedUp, 2 * latest_);
  since_collapse_ = 0;
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
    latest_ -= first.kind == Kind::kLatest ? 1 : 0;
    offset_ = 0;
    frames_.pop_front();
  }
}

void SendQueue::clear() {
  frames_.clear();
  offset_ = bytes_ = latest_ = 0;
}

}  // namespace dure

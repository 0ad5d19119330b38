// What waits to be written to one client: frames by reference, in order, at most so many bytes. One IO thread only.
//
// Three kinds, in the order in which they give way:
//   kLatest  only the newest of a (topic, message) matters: once kBackedUp of them wait, older ones are taken out;
//            at the limit they all go
//   kTopic   reliable, of a topic: may fill three quarters; then it is refused, and its publisher has to send the state
//   kOwn     of the session alone: if it finds no room even so, the client has to be closed
// A frame of which a byte has left is never taken out. What topics lost frames is kept until take_left_out().
#pragma once
#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/fifo.h"
#include "common/proto/topic_key.h"

namespace dure {

class SendQueue {
 public:
  enum class Kind { kLatest, kTopic, kOwn };
  enum class Put { kQueued, kRefused };
  static constexpr std::size_t kBackedUp = 32;

  explicit SendQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  Put put(Bytes frame, Kind kind, const TopicKey* topic = nullptr);
  void gather(std::size_t most, std::vector<std::string_view>* pieces) const;
  void wrote(std::size_t bytes);
  void clear();
  bool empty() const { return frames_.empty(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t frames() const { return frames_.size(); }
  // Frames of class latest that were taken out or refused.
  std::size_t dropped() const { return dropped_; }
  // Topics of such frames, since the last call.
  std::set<TopicKey> take_left_out() { return std::exchange(left_out_, {}); }

 private:
  struct Entry {
    Bytes frame;
    Kind kind = Kind::kOwn;
    std::optional<TopicKey> topic;
  };
  bool fits(std::size_t bytes, Kind kind) const;
  // Takes out the frames of class latest that a newer one outdates, or all of them.
  void drop_latest(bool outdated_only);
  void drop(const Entry& entry);

  std::size_t bytes_max_;
  Fifo<Entry> frames_;
  std::size_t offset_ = 0;  // of the first frame: so much has left
  std::size_t bytes_ = 0, latest_ = 0, dropped_ = 0;
  // Twice what was left after the last time, and not again before some came: looking costs O(1) a frame.
  std::size_t collapse_at_ = kBackedUp, since_collapse_ = 0;
  std::set<TopicKey> left_out_;
};

}  // namespace dure

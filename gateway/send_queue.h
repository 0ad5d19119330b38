// What waits to be written to one client: frames by reference, in order, at most so many bytes. At the limit frames of
// class `latest` go first; a frame of which a byte has left is never dropped. One IO thread only.
#pragma once
#include <cstddef>
#include <deque>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"

namespace dure {

class SendQueue {
 public:
  explicit SendQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  enum class Put { kQueued, kDropped, kFull };
  // kDropped: it was of class latest and there was no room. kFull: a reliable frame found no room even so; it was not
  // queued and the client has to be closed.
  Put put(Bytes frame, bool latest);
  void gather(std::size_t most, std::vector<std::string_view>* pieces) const;
  void wrote(std::size_t bytes);
  void clear();
  bool empty() const { return frames_.empty(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t dropped() const { return dropped_; }

 private:
  struct Entry {
    Bytes frame;
    bool latest;
  };
  void drop_latest();
  std::size_t bytes_max_;
  std::deque<Entry> frames_;
  std::size_t offset_ = 0;  // of the first frame: so much has left
  std::size_t bytes_ = 0, latest_bytes_ = 0, dropped_ = 0;
};

}  // namespace dure

// The last reliable frames of a session, by reference, and how many there were in all: what a client that comes back
// has missed. At most so many frames and bytes; the oldest go. Plain value.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/fifo.h"

namespace dure {

class ReplayRing {
 public:
  ReplayRing(std::size_t frames_max, std::size_t bytes_max) : frames_max_(frames_max), bytes_max_(bytes_max) {}
  ReplayRing(std::size_t frames_max, std::size_t bytes_max, std::uint64_t sent, const std::vector<Bytes>& frames);

  void add(Bytes frame);
  // The client says that it has so many: they are not kept any longer. More than were sent: nothing happens.
  void forget(std::uint64_t received);
  // What follows the first `received` frames of the session; nothing if that is no longer whole, or never was sent.
  std::optional<std::vector<Bytes>> after(std::uint64_t received) const;
  std::uint64_t sent() const { return sent_; }
  std::size_t bytes() const { return bytes_; }
  std::vector<Bytes> frames() const { return {frames_.begin(), frames_.end()}; }

 private:
  std::size_t frames_max_, bytes_max_;
  Fifo<Bytes> frames_;
  std::size_t bytes_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace dure

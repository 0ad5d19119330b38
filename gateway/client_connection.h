// What an IO thread knows of one socket. A plain record of ClientPort, which alone touches it.
//
//   silent ──first frame──► greeted ──ClientAccepted──► accepted      any of them ──► closing ──► gone
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "gateway/frame_reader.h"
#include "gateway/send_queue.h"
#include "gateway/token_bucket.h"

namespace dure {

struct ClientConnection {
  ClientConnection(ClientId client, std::string address_text, std::string key, const PortOptions& options, MonoTime now)
      : id(client),
        address(std::move(address_text)),
        address_key(std::move(key)),
        reader(options),
        queue(options.queue_bytes_max),
        opened_at(now),
        last_frame_at(now) {}

  // What was used of its limits, and what a session brings from its last socket: otherwise each resume would begin with
  // full ones. Where nobody knows (empty), nothing is left of the rates.
  std::vector<MonoTime> limits_full_at(const PortOptions& options, MonoTime now) const {
    std::vector<MonoTime> full_at{refusals.full_at(options.refusals, now)};
    for (std::size_t rate = 0; rate < buckets.size(); ++rate)
      full_at.push_back(buckets[rate].full_at(options.rates[rate], now));
    return full_at;
  }
  void limits_no_fuller(const std::vector<MonoTime>& full_at, const PortOptions& options, MonoTime now) {
    const bool known = full_at.size() == buckets.size() + 1;
    if (known) refusals.no_fuller(options.refusals, full_at[0], now);
    for (std::size_t rate = 0; rate < buckets.size(); ++rate)
      buckets[rate].no_fuller(options.rates[rate], known ? full_at[rate + 1] : MonoTime::max(), now);
  }

  ClientId id;
  std::string address, address_key;
  FrameReader reader;
  SendQueue queue;
  std::array<TokenBucket, kRateClasses> buckets;
  TokenBucket refusals, latest_budget;
  MonoTime opened_at, last_frame_at;
  MonoTime full_since{};          // zero: the queue is not full
  std::uint32_t seq = 0;          // of the last frame
  std::uint32_t undelivered = 0;  // frames that the logic thread has not taken yet
  std::uint32_t unknown = 0;
  SessionId session;       // none: speaks for nobody yet
  bool announced = false;  // the logic thread knows of it
  bool accepted = false;
  bool counted = true;  // against its address
  bool closing = false;
  bool touched = false;
  bool gathers = false;     // frames of topics wait for more of them
  bool incomplete = false;  // its session's topics lost frames
  std::string reason;       // why it is being closed
};

}  // namespace dure

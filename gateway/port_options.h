// The limits of one ClientPort. Plain values with the defaults of the product; main fills them from the configuration.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/time.h"
#include "common/proto/routes.h"
#include "gateway/token_bucket.h"

namespace dure {

struct PortOptions {
  std::size_t body_bytes_max_before_login = 1024;
  std::size_t body_bytes_max = 64u << 10;
  std::size_t memory_bytes_max_before_login = 4096;  // received and not yet cut into frames
  Duration handshake_deadline = seconds(5);          // the first whole frame
  Duration login_deadline = seconds(10);             // ClientAccepted
  Duration frame_deadline = seconds(5);              // one frame, from its first byte to its last
  Duration frame_grace = seconds(2);                 // then frame_bytes_per_s_min holds
  double frame_bytes_per_s_min = 64;
  Duration heartbeat_deadline = seconds(15);  // without any whole frame
  std::uint32_t frames_undelivered_max = 64;
  std::uint32_t unknown_messages_max = 10;
  std::size_t queue_bytes_max = 256u << 10;
  Duration queue_full_deadline = seconds(5);  // from three quarters full until half empty
  Duration state_interval = seconds(1);       // publishers are asked for the state of gapped topics no more often
  std::size_t ring_frames_max = 256;
  std::size_t ring_bytes_max = 64u << 10;
  Duration gather_topics = milliseconds(10);  // a topic's frame waits for others to the same client; 0: does not
  BucketLimit latest_bytes{512.0 * 1024, 512.0 * 1024};  // a client's budget for frames of class latest
  // By RateClass: free, login, move, act, value, talk, costly.
  std::array<BucketLimit, kRateClasses> rates{{{10, 20}, {1, 5}, {20, 40}, {20, 40}, {10, 20}, {5, 10}, {4, 12}}};
  BucketLimit refusals{5, 100};              // rate-limited frames tolerated; beyond: closed
  std::uint32_t address_unaccepted_max = 8;  // connections of one address before login; 0: no limit
  BucketLimit address_connects{20, 40};      // new connections of one address
  bool limit_loopback = true;                // false in [dev]: 127.x and ::1 are free of the two above
};

}  // namespace dure

// The settings of the gateway's logic. Plain values with the defaults of the product; main fills them from the
// configuration.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "gateway/token_bucket.h"

namespace dure {

struct GatewayOptions {
  // Unknown accounts that log in by password are made (identity.developer is needed, too).
  bool register_unknown = true;
  // The developer's ticket key is good for loopback only, unless this is set.
  bool developer_key_off_loopback = false;
  std::uint32_t character_slots = 8;
  Duration delete_grace = std::chrono::hours(24 * 7);
  Duration session_kept = seconds(120);  // without a socket
  Duration hold_deadline = seconds(2);   // input held in a handoff
  std::size_t held_frames_max = 64;
  // Until a general takes a player of a dead owner: longer than a database that stands still for a minute.
  Duration walk_back_deadline = seconds(120);
  Duration leave_deadline = seconds(10);      // until an owner says SAVED
  Duration drain_deadline = seconds(10);
  Duration admit_deadline = seconds(8);
  Duration hash_work_max = milliseconds(1500);  // that waits for the one worker
  Duration hash_cost = milliseconds(100);       // of one, until it was measured
  std::uint32_t tickets_waiting_max = 2000;
  BucketLimit password_tries{0.5, 5};  // of one account
  BucketLimit address_logins{20, 40};  // of one address, and resumes; loopback is free in [dev]
  BucketLimit admissions{500, 1000};   // logins of everybody, and resumes
  std::uint32_t heartbeat_interval_ms = 5000;
};

}  // namespace dure

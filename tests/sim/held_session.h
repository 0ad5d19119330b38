// What a client keeps of its session so that it can resume it at any gateway: its id, the newest token, and how many
// reliable frames it has had (common/proto/PROTOCOL.md). One thread.
#pragma once
#include <cstdint>
#include <string>

#include "common/proto/gateway.pb.h"

namespace dure::sim {

class HeldSession {
 public:
  // Every frame it is sent.
  void hear(std::uint32_t message_id);
  void begun(const proto::LoginReply& reply);
  void resumed(const proto::ResumeReply& reply);
  void over() { token_.clear(); }

  bool resumable() const { return !token_.empty(); }
  proto::ResumeRequest request() const;
  std::uint64_t reliable_received() const { return reliable_received_; }

 private:
  std::uint64_t id_ = 0, reliable_received_ = 0;
  std::string token_;
};

}  // namespace dure::sim

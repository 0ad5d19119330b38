// The bytes of a run as frames of clients to a role: whose it is, which of the role's messages, and what it says.
// Plain values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/proto/routes.h"
#include "tests/fuzz/input.h"

namespace dure::fuzz {

struct SomeFrame {
  std::uint64_t player = 0;  // counted from 1
  std::uint32_t message_id = 0;
  std::string body;
};

class ClientFrames {
 public:
  ClientFrames(const Routes& routes, Role role, std::uint64_t players) : players_(players) {
    for (const auto& [id, info] : routes.all())
      if (info.from_client && info.goes_to(role)) ids_.push_back(id);
  }
  SomeFrame next(Input& input) const {
    SomeFrame frame;
    frame.player = 1 + input.byte() % players_;
    frame.message_id = ids_[input.below(ids_.size())];
    const std::size_t size = input.byte();
    frame.body = std::string(input.take(size));
    return frame;
  }

 private:
  std::uint64_t players_;
  std::vector<std::uint32_t> ids_;
};

}  // namespace dure::fuzz

// The client frame on TCP (and, without the length, one WebSocket binary message). Little-endian:
//
//      0        4        6        8            12
//      ┌────────┬────────┬────────┬────────────┬──────────────┐
//      │ length │ id     │ 0      │ seq        │ body …       │
//      │ u32    │ u16    │ u16    │ u32        │ protobuf     │
//      └────────┴────────┴────────┴────────────┴──────────────┘
//
// length counts what follows it (8 + body). Client → server: seq is 1, 2, 3 … per connection; a gap or a repeat closes
// it. Server → client: seq names the request that is answered, 0 otherwise. Pure functions, any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/bytes.h"

namespace dure {

inline constexpr std::size_t kFrameHeaderBytes = 12;
inline constexpr std::uint32_t kFrameOverhead = 8;  // counted by length besides the body

struct ClientFrame {
  std::uint16_t message_id = 0;
  std::uint32_t seq = 0;
  std::string_view body;  // points into the bytes that were decoded
};

std::string encode_frame(std::uint16_t message_id, std::uint32_t seq, std::string_view body);

enum class FrameState { kPartial, kWhole, kBad };
struct FrameCut {
  FrameState state = FrameState::kPartial;
  ClientFrame frame;
  std::size_t bytes = 0;  // how many the frame took
};
// Cuts the first frame off `bytes`. kBad already on the header (length below 8, above 8 + body_max, id 0, or the
// reserved field not 0), so that nothing is ever kept for a length that a stranger made up.
FrameCut cut_frame(std::string_view bytes, std::size_t body_max);

}  // namespace dure

#include "common/proto/client_frame.h"

namespace dure {

std::string encode_frame(std::uint16_t message_id, std::uint32_t seq, std::string_view body) {
  std::string out(kFrameHeaderBytes, '\0');
  out.reserve(kFrameHeaderBytes + body.size());
  store_le<std::uint32_t>(out.data(), kFrameOverhead + static_cast<std::uint32_t>(body.size()));
  store_le<std::uint16_t>(out.data() + 4, message_id);
  store_le<std::uint32_t>(out.data() + 8, seq);
  out += body;
  return out;
}

FrameCut cut_frame(std::string_view bytes, std::size_t body_max) {
  FrameCut cut;
  if (bytes.size() < 4) return cut;
  const auto length = load_le<std::uint32_t>(bytes.data());
  if (length < kFrameOverhead || length - kFrameOverhead > body_max) {
    cut.state = FrameState::kBad;
    return cut;
  }
  const bool no_id = bytes.size() >= 6 && load_le<std::uint16_t>(bytes.data() + 4) == 0;
  const bool reserved_set = bytes.size() >= 8 && load_le<std::uint16_t>(bytes.data() + 6) != 0;
  if (no_id || reserved_set) {
    cut.state = FrameState::kBad;
    return cut;
  }
  if (bytes.size() < 4 + static_cast<std::size_t>(length)) return cut;
  cut.state = FrameState::kWhole;
  cut.bytes = 4 + static_cast<std::size_t>(length);
  cut.frame = {load_le<std::uint16_t>(bytes.data() + 4), load_le<std::uint32_t>(bytes.data() + 8),
               bytes.substr(kFrameHeaderBytes, length - kFrameOverhead)};
  return cut;
}

}  // namespace dure

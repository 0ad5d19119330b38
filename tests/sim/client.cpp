#include "tests/sim/client.h"

#include "common/base/check.h"

namespace dure::sim {

std::string name_ending(int number) {
  constexpr std::string_view kLetters = "bdegkpst";
  const auto at = static_cast<std::size_t>(number);
  return {kLetters[at / kLetters.size()], kLetters[at % kLetters.size()]};
}

bool Client::connect(NodeId gateway) {
  close();
  seq_ = 0;
  kept_.clear();
  gateway_ = gateway;
  socket_ = cluster_.connect(gateway, address_, this);
  return connected();
}

void Client::close() {
  if (const SocketId socket = std::exchange(socket_, 0)) cluster_.close(socket);
}

std::uint32_t Client::send_frame(std::uint32_t message_id, const std::string& body) {
  if (!connected()) return 0;
  const std::string frame = encode_frame(static_cast<std::uint16_t>(message_id), ++seq_, body);
  cluster_.tell("sent", gateway_, {}, frame);
  cluster_.send(socket_, frame);
  return seq_;
}

void Client::bytes(std::string_view bytes) {
  kept_ += bytes;
  // A handler may close or reconnect: then what was kept is gone.
  for (;;) {
    const FrameCut cut = cut_frame(kept_, kMeshBytesMax);
    CHECK_MSG(cut.state != FrameState::kBad, "the server sent a bad frame");
    if (cut.state != FrameState::kWhole) return;
    const std::string frame = kept_.substr(0, cut.bytes);
    kept_.erase(0, cut.bytes);
    ++frames_in_;
    cluster_.tell("got", gateway_, {}, frame);
    const FrameCut again = cut_frame(frame, kMeshBytesMax);
    if (on_frame) on_frame(again.frame);
  }
}

void Client::closed() {
  socket_ = 0;
  if (on_closed) on_closed();
}

}  // namespace dure::sim

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
  socket_ = cluster_.connect(gateway, address_, this, web_ ? Door::kWebSocket : Door::kPlain);
  if (!connected() || !web_) return connected();
  // A stream of its own for each: what one draws shifts nothing.
  web_end_.emplace(Rng(cluster_.scheduler().seed(), mix64(0x3eb ^ stream_ << 16) + ++web_sockets_));
  cluster_.send(socket_, web_end_->opening(mangles_));
  return connected();
}

void Client::close() {
  if (const SocketId socket = std::exchange(socket_, 0)) cluster_.close(socket);
  web_ended();
}

std::uint32_t Client::send_frame(std::uint32_t message_id, const std::string& body) {
  if (!connected()) return 0;
  std::string frame = encode_frame(static_cast<std::uint16_t>(message_id), ++seq_, body);
  const bool hostile = mangles_ && rng_.chance(0.3);
  const bool web_frame = hostile && web_end_ && rng_.chance(0.4);
  if (hostile && !web_frame) frame = mangled(std::move(frame));
  cluster_.tell("sent", gateway_, {}, frame);
  cluster_.send(socket_, web_end_ ? web_end_->put(frame, web_frame) : frame);
  return seq_;
}

void Client::web_ended() {
  if (!web_end_) return;
  web_figures_.upgraded += web_end_->upgraded();
  web_figures_.refused += web_end_->refused();
  web_figures_.broken_off += web_end_->closed_with() != 0 && web_end_->closed_with() != WebSocketCodec::kNormal;
  web_end_.reset();
}

std::string Client::mangled(std::string frame) {
  const std::string other = std::exchange(last_frame_, frame);
  // Mostly what its header says of it stays true, so that somebody reads it.
  const std::size_t from = frame.size() > kFrameHeaderBytes && rng_.chance(0.8) ? kFrameHeaderBytes : 0;
  const auto somewhere = [&] { return from + rng_.below(frame.size() - from); };
  const auto byte = [&] { return static_cast<char>(rng_.below(256)); };
  switch (rng_.below(6)) {
    case 0:
      for (auto left = 1 + rng_.below(4); left > 0; --left) frame[somewhere()] ^= static_cast<char>(1 << rng_.below(8));
      return frame;
    case 1:
      for (auto left = 1 + rng_.below(8); left > 0; --left) frame[somewhere()] = byte();
      return frame;
    case 2:
      return frame.substr(0, somewhere());
    case 3:
      return frame + frame;
    case 4: {
      std::string more;
      for (auto left = 1 + rng_.below(40); left > 0; --left) more += byte();
      return frame.insert(somewhere(), more);
    }
    default: {
      ClientFrame taken;
      const FrameCut mine = cut_frame(frame, kMeshBytesMax), its = cut_frame(other, kMeshBytesMax);
      if (its.state == FrameState::kWhole) taken = its.frame;
      return encode_frame(mine.frame.message_id, mine.frame.seq, taken.body);
    }
  }
}

void Client::bytes(std::string_view bytes) {
  if (web_end_) {
    std::string answer;
    kept_ += web_end_->take(bytes, &answer);
    cluster_.send(socket_, answer);
  } else {
    kept_ += bytes;
  }
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
  web_ended();
  if (on_closed) on_closed();
}

}  // namespace dure::sim

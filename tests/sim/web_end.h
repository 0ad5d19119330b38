// The client's end of a WebSocket, at byte level: its opening request, its masked frames (some messages in fragments,
// with a ping between), and what the server sends, back into the frames of the plain door. Told so, it is hostile. It
// has no socket: bytes in, bytes out. One thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/random.h"
#include "common/proto/web_socket_codec.h"

namespace dure::sim {

class WebEnd {
 public:
  explicit WebEnd(Rng rng) : rng_(rng), codec_(WebSocketCodec::Side::kClient) {}

  // What the socket begins with. Hostile: now and then it is no such request, or only a part of one.
  std::string opening(bool hostile);
  // A frame as the plain door would take it. Empty while the server has not said yes: what was put leaves with the
  // bytes of take(). Hostile: now and then the WebSocket's own frame is wrong.
  std::string put(std::string_view frame, bool hostile);
  // The server's bytes → its frames, as the plain door would have sent them; `answer`: bytes to send.
  std::string take(std::string_view bytes, std::string* answer);

  bool upgraded() const { return upgraded_; }
  bool refused() const { return refused_; }                  // with an HTTP status
  std::uint16_t closed_with() const { return close_code_; }  // the server's word; 0: none yet

 private:
  std::string message(std::string_view payload);
  std::string frame(std::uint8_t opcode, bool last, std::string_view payload);
  std::string mangled(std::string bytes);
  std::string answered(std::string_view bytes, std::string* answer);

  Rng rng_;
  WebSocketCodec codec_;
  std::string key_, head_, waiting_;
  bool upgraded_ = false, refused_ = false, honest_ = true;
  std::uint16_t close_code_ = 0;
};

}  // namespace dure::sim

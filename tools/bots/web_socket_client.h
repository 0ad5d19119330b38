// The client's side of a WebSocket: the opening request, the proof that it was understood, then frames in binary
// messages. Bytes only, no socket. One thread.
#pragma once
#include <http_parser.h>

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/proto/web_socket_codec.h"

namespace dure {

class WebSocketClient {
 public:
  // Of one connection; `seed` draws its key and masks.
  WebSocketClient(const std::string& host, std::uint64_t seed);
  // parser_ points at this object.
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  // The first bytes to be sent.
  const std::string& request() const { return request_; }
  // The answer has come: frames may go.
  bool open() const { return open_; }
  // Bytes of the gateway → frames as TCP brings them, appended to `frames`; what has to be answered is appended to
  // `out`. The error says how the gateway refused, closed, or broke the rules.
  [[nodiscard]] Result<> take(std::string_view bytes, std::string* frames, std::string* out);
  // A frame as TCP would bring it, sent as a message.
  void put(std::string_view frame, std::string* out);

 private:
  struct Parts;
  Result<> take_answer(std::string_view* bytes);

  WebSocketCodec codec_;
  std::string key_, request_;
  http_parser parser_{};
  bool open_ = false, head_done_ = false, in_accept_ = false;
  std::string name_, accept_;
};

}  // namespace dure

// The opening request of a WebSocket (RFC 6455, 4.2; HTTP by http-parser): bytes → the answer to it. One connection,
// one thread. A request's head is bounded; what is no WebSocket's is answered with its HTTP status. Any path and any
// origin are taken: who one is, is said in the frames (LoginRequest), nothing a browser would add by itself.
#pragma once
#include <http_parser.h>

#include <map>
#include <string>
#include <string_view>

namespace dure {

class WebSocketUpgrade {
 public:
  enum class State { kPartial, kAccepted, kRefused };

  explicit WebSocketUpgrade(std::size_t head_bytes_max);
  // parser_ points at this object.
  WebSocketUpgrade(const WebSocketUpgrade&) = delete;
  WebSocketUpgrade& operator=(const WebSocketUpgrade&) = delete;

  // Not after it was accepted or refused. What stands behind `used` are frames already.
  State take(std::string_view bytes, std::size_t* used);
  // What to answer, once it was accepted or refused.
  const std::string& answer() const { return answer_; }
  // To who has not sent a whole head in time.
  static std::string too_late();

 private:
  struct Parts;
  State judge();
  State refuse(std::string_view status, std::string_view header = {});

  const std::size_t head_bytes_max_;
  http_parser parser_{};
  std::size_t seen_ = 0;
  bool in_value_ = false, whole_ = false;
  std::string name_;
  std::map<std::string, std::string> headers_;  // names in small letters; a repeated one's values joined by commas
  std::string answer_;
};

}  // namespace dure

#include "tools/bots/web_socket_client.h"

#include <strings.h>

#include "common/base/bytes.h"
#include "common/proto/client_frame.h"
#include "common/proto/web_socket_key.h"

namespace dure {
namespace {

constexpr std::size_t kMessageMax = 4 * 1024 * 1024;
constexpr std::size_t kLengthBytes = 4;

std::string key_of(std::uint64_t seed) {
  Rng rng(seed, 0x5ec);
  std::string bytes(16, '\0');
  store_le<std::uint64_t>(bytes.data(), rng.next());
  store_le<std::uint64_t>(bytes.data() + 8, rng.next());
  return web_socket_key(bytes);
}

}  // namespace

struct WebSocketClient::Parts {
  static WebSocketClient& of(http_parser* parser) { return *static_cast<WebSocketClient*>(parser->data); }
  static int name(http_parser* parser, const char* at, std::size_t size) {
    WebSocketClient& self = of(parser);
    if (self.in_accept_) self.name_.clear();
    self.in_accept_ = false;
    self.name_.append(at, size);
    return 0;
  }
  static int value(http_parser* parser, const char* at, std::size_t size) {
    WebSocketClient& self = of(parser);
    self.in_accept_ = true;
    if (strcasecmp(self.name_.c_str(), "Sec-WebSocket-Accept") == 0) self.accept_.append(at, size);
    return 0;
  }
  static int head_done(http_parser* parser) {
    of(parser).head_done_ = true;
    return 2;  // nothing behind it is HTTP
  }
};

WebSocketClient::WebSocketClient(const std::string& host, std::uint64_t seed)
    : codec_(WebSocketCodec::Side::kClient, seed), key_(key_of(seed)) {
  request_ =
      "GET / HTTP/1.1\r\nHost: " + host +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key_ +
      "\r\n\r\n";
  http_parser_init(&parser_, HTTP_RESPONSE);
  parser_.data = this;
}

Result<> WebSocketClient::take_answer(std::string_view* bytes) {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_header_field = &Parts::name;
  settings.on_header_value = &Parts::value;
  settings.on_headers_complete = &Parts::head_done;
  const std::size_t used = http_parser_execute(&parser_, &settings, bytes->data(), bytes->size());
  if (!head_done_ && HTTP_PARSER_ERRNO(&parser_) != HPE_OK) return fail(Trouble::kInvalid, "no HTTP");
  bytes->remove_prefix(used);
  if (!head_done_) return {};
  if (parser_.status_code != 101) return fail(Trouble::kRefused, "HTTP " + std::to_string(parser_.status_code));
  if (accept_ != web_socket_accept(key_)) return fail(Trouble::kInvalid, "a wrong Sec-WebSocket-Accept");
  open_ = true;
  return {};
}

Result<> WebSocketClient::take(std::string_view bytes, std::string* frames, std::string* out) {
  if (!open_)
    if (auto answered = take_answer(&bytes); !answered || !open_) return answered;
  codec_.append(bytes);
  for (;;) {
    const auto read = codec_.next(kMessageMax);
    switch (read.event) {
      case WebSocketCodec::Event::kNone:
        return {};
      case WebSocketCodec::Event::kBinary: {
        char length[kLengthBytes];
        store_le<std::uint32_t>(length, static_cast<std::uint32_t>(read.payload.size()));
        frames->append(length, kLengthBytes).append(read.payload);
        break;
      }
      case WebSocketCodec::Event::kPing:
        codec_.put_pong(read.payload, out);
        break;
      case WebSocketCodec::Event::kClose:
        return fail(Trouble::kPeerLost, "closed by the gateway with " + std::to_string(read.code));
      case WebSocketCodec::Event::kBad:
        return fail(Trouble::kInvalid, "unreadable WebSocket frame");
      default:
        break;
    }
  }
}

void WebSocketClient::put(std::string_view frame, std::string* out) {
  codec_.put_binary(frame.substr(kLengthBytes), out);
}

}  // namespace dure

#include "gateway/web_socket_upgrade.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/proto/web_socket_key.h"

namespace dure {
namespace {

std::string small_letters(std::string_view text) {
  std::string small(text);
  for (char& letter : small)
    if (letter >= 'A' && letter <= 'Z') letter += 'a' - 'A';
  return small;
}

std::string refusal(std::string_view status, std::string_view header) {
  std::string text = "HTTP/1.1 ";
  text.append(status).append("\r\nConnection: ").append(header.starts_with("Upgrade") ? "Upgrade, close" : "close");
  text += "\r\n";
  if (!header.empty()) text.append(header).append("\r\n");
  text.append("Content-Type: text/plain\r\nContent-Length: ").append(std::to_string(status.size() + 1));
  return text.append("\r\n\r\n").append(status).append("\n");
}

}  // namespace

struct WebSocketUpgrade::Parts {
  static WebSocketUpgrade& of(http_parser* parser) { return *static_cast<WebSocketUpgrade*>(parser->data); }
  static int name(http_parser* parser, const char* at, std::size_t size) {
    WebSocketUpgrade& self = of(parser);
    if (self.in_value_) self.name_.clear();
    self.in_value_ = false;
    self.name_ += small_letters({at, size});
    return 0;
  }
  static int value(http_parser* parser, const char* at, std::size_t size) {
    WebSocketUpgrade& self = of(parser);
    const auto [header, fresh] = self.headers_.try_emplace(self.name_);
    if (!self.in_value_ && !fresh) header->second += ",";
    self.in_value_ = true;
    header->second.append(at, size);
    return 0;
  }
  static int head_done(http_parser* parser) {
    of(parser).whole_ = true;
    return 2;  // nothing behind it is HTTP
  }
  static http_parser_settings settings() {
    http_parser_settings all;
    http_parser_settings_init(&all);
    all.on_header_field = &name;
    all.on_header_value = &value;
    all.on_headers_complete = &head_done;
    return all;
  }
  static std::string header(const WebSocketUpgrade& self, const std::string& wanted) {
    const auto at = self.headers_.find(wanted);
    return at == self.headers_.end() ? std::string() : at->second;
  }
  // Whether a header's list of words has this one.
  static bool has_word(const WebSocketUpgrade& self, const std::string& wanted, std::string_view word) {
    const std::string all = small_letters(header(self, wanted));
    for (std::string_view rest = all; !rest.empty();) {
      const std::string_view one = rest.substr(0, rest.find(','));
      const auto first = one.find_first_not_of(" \t");
      if (first != one.npos && one.substr(first, one.find_last_not_of(" \t") - first + 1) == word) return true;
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
    return false;
  }
};

WebSocketUpgrade::WebSocketUpgrade(std::size_t head_bytes_max) : head_bytes_max_(head_bytes_max) {
  http_parser_init(&parser_, HTTP_REQUEST);
  parser_.data = this;
}

WebSocketUpgrade::State WebSocketUpgrade::take(std::string_view bytes, std::size_t* used) {
  CHECK(answer_.empty());
  const std::string_view allowed = bytes.substr(0, head_bytes_max_ - seen_);
  const http_parser_settings settings = Parts::settings();
  *used = http_parser_execute(&parser_, &settings, allowed.data(), allowed.size());
  seen_ += *used;
  if (whole_) return judge();
  if (HTTP_PARSER_ERRNO(&parser_) != HPE_OK) return refuse("400 Bad Request");
  if (seen_ >= head_bytes_max_) return refuse("431 Request Header Fields Too Large");
  return State::kPartial;
}

WebSocketUpgrade::State WebSocketUpgrade::judge() {
  if (parser_.method != HTTP_GET) return refuse("405 Method Not Allowed", "Allow: GET");
  if (parser_.http_major != 1 || parser_.http_minor < 1) return refuse("505 HTTP Version Not Supported");
  const bool body = headers_.count("transfer-encoding") != 0 ||
                    (headers_.count("content-length") != 0 && Parts::header(*this, "content-length") != "0");
  if (body || headers_.count("host") == 0) return refuse("400 Bad Request");
  if (!Parts::has_word(*this, "upgrade", "websocket") || !Parts::has_word(*this, "connection", "upgrade"))
    return refuse("426 Upgrade Required", "Upgrade: websocket");
  if (Parts::header(*this, "sec-websocket-version") != "13")
    return refuse("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13");
  const std::string key = Parts::header(*this, "sec-websocket-key");
  if (!is_web_socket_key(key)) return refuse("400 Bad Request");
  answer_ = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
            web_socket_accept(key) + "\r\n\r\n";
  return State::kAccepted;
}

WebSocketUpgrade::State WebSocketUpgrade::refuse(std::string_view status, std::string_view header) {
  answer_ = refusal(status, header);
  return State::kRefused;
}

std::string WebSocketUpgrade::too_late() { return refusal("408 Request Timeout", {}); }

}  // namespace dure

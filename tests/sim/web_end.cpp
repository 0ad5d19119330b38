#include "tests/sim/web_end.h"

#include <algorithm>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/check.h"
#include "common/proto/web_socket_key.h"

namespace dure::sim {
namespace {

constexpr std::size_t kLengthBytes = 4;  // what a frame of the plain door has and a message has not
constexpr std::uint8_t kContinuation = 0, kBinary = 2, kPing = 9;
constexpr std::uint8_t kLast = 0x80, kMasked = 0x80;
constexpr std::size_t kShort = 125, kMiddle = 65535;  // of RFC 6455's three forms of a length

}  // namespace

std::string WebEnd::opening(bool hostile) {
  std::string sixteen;
  for (int i = 0; i < 16; ++i) sixteen += static_cast<char>(rng_.below(256));
  key_ = web_socket_key(sixteen);
  std::string request =
      "GET /play HTTP/1.1\r\nHost: sim\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: " +
      key_ + "\r\n\r\n";
  if (!hostile || !rng_.chance(0.5)) return request;
  honest_ = false;
  const auto instead = [&request](std::string_view text, std::string_view other) {
    return request.replace(request.find(text), text.size(), other);
  };
  switch (rng_.below(7)) {
    case 0:
      return instead("13", "12");
    case 1:
      return instead("GET", "POST");
    case 2:
      return instead("Sec-WebSocket-Key", "Sec-WebSocket-Kay");
    case 3:
      return instead("Host: sim", "Host: " + std::string(20'000, 's'));
    case 4:
      return request.substr(0, rng_.below(request.size()));
    default:
      return mangled(std::move(request));
  }
}

std::string WebEnd::put(std::string_view plain, bool hostile) {
  plain.remove_prefix(std::min(plain.size(), kLengthBytes));
  std::string bytes = message(plain);
  if (hostile) bytes = mangled(std::move(bytes));
  if (upgraded_) return bytes;
  waiting_ += bytes;
  return {};
}

std::string WebEnd::message(std::string_view payload) {
  if (payload.empty() || !rng_.chance(0.15)) return frame(kBinary, true, payload);
  const std::size_t cut = rng_.below(payload.size());
  std::string bytes = frame(kBinary, false, payload.substr(0, cut));
  if (rng_.chance(0.3)) bytes += frame(kPing, true, "still here");
  return bytes + frame(kContinuation, true, payload.substr(cut));
}

std::string WebEnd::frame(std::uint8_t opcode, bool last, std::string_view payload) {
  std::string bytes(1, static_cast<char>(opcode | (last ? kLast : 0)));
  const auto big_endian = [&bytes](std::size_t value, int count) {
    while (count-- > 0) bytes += static_cast<char>(value >> (8 * count));
  };
  if (payload.size() <= kShort) {
    big_endian(kMasked | payload.size(), 1);
  } else if (payload.size() <= kMiddle) {
    big_endian(kMasked | 126, 1);
    big_endian(payload.size(), 2);
  } else {
    big_endian(kMasked | 127, 1);
    big_endian(payload.size(), 8);
  }
  char mask[4];
  for (char& byte : mask) bytes += byte = static_cast<char>(rng_.below(256));
  for (std::size_t i = 0; i < payload.size(); ++i) bytes += static_cast<char>(payload[i] ^ mask[i % 4]);
  return bytes;
}

std::string WebEnd::mangled(std::string bytes) {
  // Mostly where the header is: what it says of the rest then is not so.
  const auto somewhere = [&] {
    return rng_.below(rng_.chance(0.6) ? std::min<std::size_t>(bytes.size(), 8) : bytes.size());
  };
  switch (rng_.below(5)) {
    case 0:
      return bytes.substr(0, somewhere());
    case 1:
      bytes[1] = static_cast<char>(bytes[1] & 0x7f);  // a client must mask
      return bytes;
    case 2: {
      // Each draw by itself: the order of arguments is the compiler's.
      const std::size_t at = somewhere(), count = 1 + rng_.below(20);
      return bytes.insert(at, count, static_cast<char>(rng_.below(256)));
    }
    default:
      for (auto left = 1 + rng_.below(4); left > 0; --left) bytes[somewhere()] ^= static_cast<char>(1 << rng_.below(8));
      return bytes;
  }
}

std::string WebEnd::answered(std::string_view bytes, std::string* answer) {
  head_ += bytes;
  const std::size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos || refused_) return {};
  const std::string rest = head_.substr(end + 4);
  upgraded_ = head_.rfind("HTTP/1.1 101 ", 0) == 0;
  refused_ = !upgraded_;
  if (refused_) {
    const bool too_late = head_.rfind("HTTP/1.1 408 ", 0) == 0;  // the gateway stood still meanwhile
    CHECK_MSG(!honest_ || too_late, "an honest request was refused: " + head_);
    return {};
  }
  CHECK_MSG(!honest_ || head_.find(web_socket_accept(key_)) < end, "the server has not read the key: " + head_);
  *answer += std::exchange(waiting_, {});
  return take(rest, answer);
}

std::string WebEnd::take(std::string_view bytes, std::string* answer) {
  if (!upgraded_) return answered(bytes, answer);
  std::string frames;
  codec_.append(bytes);
  for (;;) {
    const auto read = codec_.next(~std::uint32_t{0});
    switch (read.event) {
      case WebSocketCodec::Event::kNone:
        return frames;
      case WebSocketCodec::Event::kBinary: {
        char length[kLengthBytes];
        store_le<std::uint32_t>(length, static_cast<std::uint32_t>(read.payload.size()));
        frames.append(length, kLengthBytes).append(read.payload);
        break;
      }
      case WebSocketCodec::Event::kClose:
        close_code_ = read.code;
        break;
      case WebSocketCodec::Event::kPong:
        break;
      default:
        CHECK_MSG(false, "the server sent a bad WebSocket frame");
    }
  }
}

}  // namespace dure::sim

#include "common/proto/web_socket_codec.h"

#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>

#include "common/base/check.h"

namespace dure {
namespace {

constexpr std::size_t kKeptCapacity = 1024;

std::uint64_t frame_bytes(const wslay_frame_iocb& frame) {
  const std::uint64_t length = frame.payload_length;
  return 2 + (length < 126 ? 0 : length < 65536 ? 2 : 8) + (frame.mask ? 4 : 0) + length;
}

bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

struct WebSocketCodec::Wslay {
  static ssize_t receive(std::uint8_t* into, std::size_t most, int, void* self) {
    auto& codec = *static_cast<WebSocketCodec*>(self);
    const std::size_t bytes = std::min(most, codec.input_.size());
    if (bytes == 0) return -1;
    std::memcpy(into, codec.input_.data(), bytes);
    codec.input_.remove_prefix(bytes);
    return static_cast<ssize_t>(bytes);
  }
  static ssize_t send(const std::uint8_t* bytes, std::size_t count, int, void* self) {
    static_cast<WebSocketCodec*>(self)->output_->append(reinterpret_cast<const char*>(bytes), count);
    return static_cast<ssize_t>(count);
  }
  static int mask(std::uint8_t* into, std::size_t bytes, void* self) {
    const std::uint64_t drawn = static_cast<WebSocketCodec*>(self)->masks_.next();
    std::memcpy(into, &drawn, std::min(bytes, sizeof drawn));
    return 0;
  }
  static wslay_frame_context* make(WebSocketCodec* codec) {
    const wslay_frame_callbacks callbacks{&send, &receive, &mask};
    wslay_frame_context* made = nullptr;
    CHECK(wslay_frame_context_init(&made, &callbacks, codec) == 0);
    return made;
  }
  // The close code of a frame that must not be; 0: it may.
  static std::uint16_t judge(const WebSocketCodec& codec, const wslay_frame_iocb& frame, std::size_t message_max) {
    if (frame.rsv != 0 || (frame.mask != 0) != (codec.side_ == Side::kServer)) return kProtocolError;
    if (wslay_is_ctrl_frame(frame.opcode))
      return frame.opcode <= WSLAY_PONG ? 0 : kProtocolError;  // wslay has judged its length
    if (frame.opcode > WSLAY_BINARY_FRAME) return kProtocolError;
    if ((frame.opcode == WSLAY_CONTINUATION_FRAME) != codec.in_message_) return kProtocolError;
    if (frame.opcode == WSLAY_TEXT_FRAME) return kUnsupported;
    return frame.payload_length > message_max - std::min(message_max, codec.message_.size()) ? kTooBig : 0;
  }
};

WebSocketCodec::WebSocketCodec(Side side, std::uint64_t mask_seed)
    : side_(side), masks_(mask_seed), frames_(Wslay::make(this), &wslay_frame_context_free) {}

WebSocketCodec::~WebSocketCodec() = default;

void WebSocketCodec::append(std::string_view bytes) {
  CHECK(input_.empty());
  if (broken_) return;
  input_ = bytes;
  given_ += bytes.size();
}

WebSocketCodec::Read WebSocketCodec::bad(std::uint16_t code) {
  broken_ = true;
  input_ = {};
  return {Event::kBad, {}, code};
}

WebSocketCodec::Read WebSocketCodec::next(std::size_t message_bytes_max) {
  if (broken_) return {};
  if (!in_message_ && !in_frame_) {  // what was given out last is no longer needed
    if (message_.capacity() > kKeptCapacity) std::string().swap(message_);
    message_.clear();
  }
  for (;;) {
    wslay_frame_iocb frame{};
    const ssize_t bytes = wslay_frame_recv(frames_.get(), &frame);
    if (bytes == WSLAY_ERR_WANT_READ) {
      // It asks for more only after it was given all.
      if (input_.empty()) return {};
      continue;
    }
    if (bytes < 0) return bad(kProtocolError);
    const bool control = wslay_is_ctrl_frame(frame.opcode);
    if (!in_frame_) {
      if (const std::uint16_t code = Wslay::judge(*this, frame, message_bytes_max); code != 0) return bad(code);
      in_frame_ = true;
      frame_taken_ = 0;
      if (control) control_.clear();
    }
    (control ? control_ : message_).append(reinterpret_cast<const char*>(frame.data), frame.data_length);
    frame_taken_ += frame.data_length;
    if (frame_taken_ < frame.payload_length) continue;
    in_frame_ = false;
    used_ += frame_bytes(frame);
    if (!control) {
      in_message_ = frame.fin == 0;
      return in_message_ ? Read{Event::kPart, {}, 0} : Read{Event::kBinary, message_, 0};
    }
    if (frame.opcode == WSLAY_PING) return {Event::kPing, control_, 0};
    if (frame.opcode == WSLAY_PONG) return {Event::kPong, control_, 0};
    if (control_.empty()) return {Event::kClose, {}, kNoCode};
    if (control_.size() == 1) return bad(kProtocolError);
    const auto code = static_cast<std::uint16_t>(static_cast<std::uint8_t>(control_[0]) << 8 |
                                                 static_cast<std::uint8_t>(control_[1]));
    return may_be_sent(code) ? Read{Event::kClose, {}, code} : bad(kProtocolError);
  }
}

void WebSocketCodec::put(std::uint8_t opcode, std::string_view payload, std::string* out) {
  wslay_frame_iocb frame{};
  frame.fin = 1;
  frame.opcode = opcode;
  frame.mask = side_ == Side::kClient ? 1 : 0;
  frame.payload_length = frame.data_length = payload.size();
  frame.data = reinterpret_cast<const std::uint8_t*>(payload.data());
  output_ = out;
  CHECK(wslay_frame_send(frames_.get(), &frame) == static_cast<ssize_t>(payload.size()));
  output_ = nullptr;
}

void WebSocketCodec::put_binary(std::string_view payload, std::string* out) { put(WSLAY_BINARY_FRAME, payload, out); }
void WebSocketCodec::put_ping(std::string_view payload, std::string* out) { put(WSLAY_PING, payload, out); }
void WebSocketCodec::put_pong(std::string_view payload, std::string* out) { put(WSLAY_PONG, payload, out); }

void WebSocketCodec::put_close(std::uint16_t code, std::string* out) {
  const char bytes[] = {static_cast<char>(code >> 8), static_cast<char>(code)};
  put(WSLAY_CONNECTION_CLOSE, code == kNoCode ? std::string_view() : std::string_view(bytes, 2), out);
}

}  // namespace dure

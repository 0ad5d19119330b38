// The frames of a WebSocket (RFC 6455; framing by wslay): bytes → messages, and back. One side of one connection, one
// thread. The stream is bounded: a message longer than allowed is refused on its frame's header, and nothing but the
// message under way is kept. Text, extensions and unmasked clients are refused with the close code that the RFC names.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/random.h"

struct wslay_frame_context;

namespace dure {

class WebSocketCodec {
 public:
  enum class Side { kServer, kClient };
  enum class Event {
    kNone,    // give more bytes
    kBinary,  // a whole message
    kPart,    // a fragment of one, not the last
    kPing,
    kPong,
    kClose,  // the peer says goodbye with `code`
    kBad,    // it broke the rules; answer with `code` and close. Nothing comes after it.
  };
  struct Read {
    Event event = Event::kNone;
    std::string_view payload;  // until the next call
    std::uint16_t code = 0;
  };
  // The codes of RFC 6455, 7.4.1 that are used here.
  static constexpr std::uint16_t kNormal = 1000, kProtocolError = 1002, kUnsupported = 1003, kNoCode = 1005,
                                 kPolicy = 1008, kTooBig = 1009;

  // mask_seed: of the masks that a client's frames need; a server has none.
  explicit WebSocketCodec(Side side, std::uint64_t mask_seed = 0);
  ~WebSocketCodec();
  WebSocketCodec(const WebSocketCodec&) = delete;
  WebSocketCodec& operator=(const WebSocketCodec&) = delete;

  // The bytes must live, and next() be called, until it returns kNone or kBad.
  void append(std::string_view bytes);
  Read next(std::size_t message_bytes_max);
  // A frame, or a message of several, has begun and is not whole.
  bool unfinished() const { return in_message_ || given_ != used_; }
  bool in_message() const { return in_message_; }
  // Bytes of it.
  std::size_t unfinished_bytes() const { return message_.size() + static_cast<std::size_t>(given_ - used_); }

  // Append one frame to `out`.
  void put_binary(std::string_view payload, std::string* out);
  void put_ping(std::string_view payload, std::string* out);
  void put_pong(std::string_view payload, std::string* out);
  // kNoCode: without any.
  void put_close(std::uint16_t code, std::string* out);

 private:
  struct Wslay;
  void put(std::uint8_t opcode, std::string_view payload, std::string* out);
  Read bad(std::uint16_t code);

  const Side side_;
  Rng masks_;
  std::unique_ptr<wslay_frame_context, void (*)(wslay_frame_context*)> frames_;
  std::string_view input_;
  std::string* output_ = nullptr;
  std::string message_, control_;
  bool in_message_ = false;  // fragments of one have come
  bool in_frame_ = false;    // its header was judged
  bool broken_ = false;
  std::uint64_t frame_taken_ = 0;       // of the frame's payload
  std::uint64_t given_ = 0, used_ = 0;  // bytes of the stream, and those of whole frames
};

}  // namespace dure

// A stranger's bytes at the WebSocket's door, before and after the upgrade, in any pieces: what waits is bounded, a
// close is final, and once its socket is gone nothing of it is left. A plain client beside it notices nothing.
#include "common/base/check.h"
#include "common/proto/client_frame.h"
#include "gateway/web_socket_port.h"
#include "tests/fuzz/input.h"

namespace dure {
namespace {

constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
constexpr std::size_t kOutMax = 512 * 1024;
const ClientId kPlain(1);

class Door {
 public:
  Door() : routes_(std::move(*Routes::build(engine_files()))), port_(routes_, options_, addresses_) {
    CHECK(web_.opened(kPlain, "10.0.0.1:1", now_));
    web_.command(ClientAccepted{kPlain}, now_);
  }
  void run(fuzz::Input input) {
    const ClientId client(++last_);
    CHECK(web_.opened_web(client, "127.0.0.1:5", now_));
    const std::uint8_t state = input.byte();
    if (state & 1) web_.received(client, kRequest, now_);
    if (state & 2) web_.command(ClientAccepted{client}, now_);
    const bool reads_late = state & 4;
    while (!input.empty() && !web_.closing(client)) {
      const std::uint8_t choice = input.byte();
      if (choice == 0xFF) pass(milliseconds(500));
      if (web_.reads(client) && !input.empty()) web_.received(client, input.take(1 + choice), now_);
      answer();
      if (!reads_late) drain(client);
    }
    const bool closing = web_.closing(client);
    drain(client);
    CHECK(web_.closing(client) == closing);
    web_.closed(client, now_);
    answer();
    CHECK(web_.clients() == 0 && port_.clients() == 1 && !web_.closing(kPlain));
    pass(milliseconds(100));
    web_.received(kPlain, encode_frame(112, ++seq_, ""), now_);
    answer();
    drain(kPlain);
  }

 private:
  void pass(Duration time) {
    now_ += time;
    web_.tick(now_);
  }
  // The logic thread: each frame is answered.
  void answer() {
    std::vector<Inbound> events;
    web_.take_events(&events);
    for (const auto& event : events)
      if (const auto* frame = std::get_if<ClientFrameIn>(&event)) {
        web_.command(FrameOut{frame->client, {}, Bytes(encode_frame(200, frame->seq, frame->body)), false}, now_);
        web_.command(FrameCredit{frame->client, 1}, now_);
      }
  }
  void drain(ClientId client) {
    std::size_t bytes = 0;
    for (;;) {
      std::vector<std::string_view> pieces;
      web_.gather(client, 64, &pieces);
      if (pieces.empty()) break;
      for (const auto piece : pieces) bytes += piece.size(), web_.wrote(client, piece.size(), now_);
    }
    CHECK(bytes <= kOutMax);
    std::vector<ClientId> touched;
    web_.take_touched(&touched, now_);
  }

  PortOptions options_ = [] {
    PortOptions options;
    options.limit_loopback = false;
    return options;
  }();
  AddressLimits addresses_{options_};
  Routes routes_;
  ClientPort port_;
  WebSocketPort web_{port_, options_};
  std::uint64_t last_ = 1;
  std::uint32_t seq_ = 0;
  MonoTime now_{seconds(100)};
};

}  // namespace
}  // namespace dure

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static dure::Door door;
  door.run({data, size});
  return 0;
}

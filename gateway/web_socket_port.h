// The WebSocket's door of a ClientPort: clients that came through it speak the same frames, one in a binary message
// each, without the length. Everything else (limits, deadlines, sessions, queues) is the port's, which sees such a
// client as any other; what is asked of this object for a client of the plain door goes straight there. One IO thread,
// no socket or clock inside. Borrows port and options.
//
//   upgrading ──101──► frames ──► closing        a refused upgrade: its HTTP status; a broken rule: its close code
//       └──────────────────────────▲
//
// Closed by the port after a CloseNotice: 1000; without a word: 1008, or 408 if it is still upgrading.
#pragma once
#include <map>
#include <optional>

#include "common/proto/web_socket_codec.h"
#include "gateway/client_port.h"
#include "gateway/web_socket_upgrade.h"

namespace dure {

class WebSocketPort : public ClientIo {
 public:
  WebSocketPort(ClientPort& port, const PortOptions& options) : port_(port), options_(options) {}

  [[nodiscard]] bool opened(ClientId client, std::string_view address, MonoTime now) override;
  [[nodiscard]] bool opened_web(ClientId client, std::string_view address, MonoTime now) override;
  void received(ClientId client, std::string_view bytes, MonoTime now) override;
  void closed(ClientId client, MonoTime now) override;
  void command(const Outbound& command, MonoTime now) override;
  void tick(MonoTime now) override;
  [[nodiscard]] bool reads(ClientId client) const override { return port_.reads(client); }
  void gather(ClientId client, std::size_t most, std::vector<std::string_view>* pieces) override;
  void wrote(ClientId client, std::size_t bytes, MonoTime now) override;
  [[nodiscard]] bool closing(ClientId client) const override { return port_.closing(client); }
  void take_touched(std::vector<ClientId>* touched, MonoTime now) override;
  [[nodiscard]] MonoTime due() const override { return port_.due(); }
  void take_events(std::vector<Inbound>* events) override { port_.take_events(events); }

  std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    explicit Client(const PortOptions& options) : upgrade(std::in_place, options.memory_bytes_max_before_login) {}
    std::optional<WebSocketUpgrade> upgrade;  // until it is answered
    std::optional<WebSocketCodec> codec;      // from then on
    std::string out;                          // encoded and not yet written
    TokenBucket idle_frames;                  // those that bring no message
    MonoTime begun{};                         // when the unfinished message began; zero: there is none
    bool accepted = false;                    // logged in: the wider limits hold
    bool told = false;                        // a frame of ours left after the port had closed it
    bool ended = false;                       // its last bytes are in `out`
  };
  void take_frames(ClientId id, Client& client, std::string_view bytes, MonoTime now);
  // The port's frames → messages, as many as a write can use.
  void fill(ClientId id, Client& client);
  void end(ClientId id, Client& client, std::uint16_t code, const char* reason);

  ClientPort& port_;
  const PortOptions& options_;
  std::map<ClientId, Client> clients_;
  std::vector<ClientId> touched_;
  MonoTime now_{};
};

}  // namespace dure

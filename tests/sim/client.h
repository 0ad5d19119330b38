// The near end of a client's socket, at byte level, at the plain door or the WebSocket's: frames with their seq out,
// frames in, and what a game client must know of the route (place and epoch). Scripts stand on it; it decides nothing.
// One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "common/proto/client_frame.h"
#include "common/proto/routes.h"
#include "tests/sim/cluster.h"
#include "tests/sim/web_end.h"

namespace dure::sim {

// Epochs from here on were granted by a shard that was restored (dbagent/store/schema.h).
inline constexpr std::uint64_t kRestoredEpoch = 1 << 20;

// The end of a character's name: no two of them look alike, or the second would be refused.
std::string name_ending(int number);

// What became of its WebSockets.
struct WebFigures {
  int upgraded = 0, refused = 0;  // by an HTTP status
  int broken_off = 0;             // closed by the server, which said why
};

class Client : public Wire {
 public:
  // `stream`: of what it draws, its own.
  Client(Cluster& cluster, std::string address, std::uint64_t stream = 0)
      : cluster_(cluster),
        address_(std::move(address)),
        rng_(cluster.scheduler().seed(), 0x3a2e ^ stream << 16),
        stream_(stream) {}
  ~Client() override { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // From the next connect() on.
  void use_web_socket() { web_ = true; }
  bool connect(NodeId gateway);
  void close();
  bool connected() const { return socket_ != 0; }
  // The seq it was sent under.
  template <class Message>
  std::uint32_t send(const Message& message) {
    std::string body;
    message.SerializeToString(&body);
    return send_frame(route_id(Message::descriptor()), body);
  }
  std::uint32_t send_frame(std::uint32_t message_id, const std::string& body);
  // From now on many of its frames leave with bytes wrong: flipped, cut off, too many, twice, or another's body.
  // Of a WebSocket the opening and its own frames, too.
  void mangle(bool on) { mangles_ = on; }
  void send_bytes(std::string bytes) { cluster_.send(socket_, std::move(bytes)); }
  const WebFigures& web() const { return web_figures_; }

  // Told of every whole frame, and of the end.
  std::function<void(const ClientFrame&)> on_frame;
  std::function<void()> on_closed;
  std::uint64_t frames_in() const { return frames_in_; }

 private:
  std::string mangled(std::string frame);
  void web_ended();
  void bytes(std::string_view bytes) override;
  void closed() override;
  Cluster& cluster_;
  std::string address_;
  NodeId gateway_;
  SocketId socket_ = 0;
  std::uint32_t seq_ = 0;
  std::string kept_;
  bool mangles_ = false;
  Rng rng_;
  std::uint64_t stream_;
  bool web_ = false;
  std::uint64_t web_sockets_ = 0;
  std::optional<WebEnd> web_end_;  // of the socket that is open
  WebFigures web_figures_;
  std::string last_frame_;
  std::uint64_t frames_in_ = 0;
};

}  // namespace dure::sim

// One client socket, plain or with a WebSocket on it: frames out with their seq, frames in cut from the stream.
// Non-blocking, driven by the reactor.
// Failure: on_closed with a reason, once, never from inside open() or send(); close() by ourselves says nothing.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "common/proto/client_frame.h"
#include "tools/bots/reactor.h"
#include "tools/bots/web_socket_client.h"

namespace google::protobuf {
class MessageLite;
}

namespace dure {

class Connection : private Reactor::Reader {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_open() = 0;
    virtual void on_frame(const ClientFrame& frame) = 0;  // the body lives until the return
    virtual void on_closed(const std::string& why) = 0;
  };

  Connection(Reactor& reactor, Listener& listener) : reactor_(reactor), listener_(listener) {}
  ~Connection() override { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // "127.0.0.1:7001", or "ws://127.0.0.1:7011". False: not an address, or no socket to be had.
  [[nodiscard]] bool open(const std::string& address);
  void close();
  bool is_open() const { return open_; }
  // The frame's seq; 0 when there is no connection.
  std::uint32_t send(std::uint16_t message_id, const google::protobuf::MessageLite& message);
  std::uint32_t send(std::uint16_t message_id, const std::string& body);

  std::uint64_t frames_in = 0, frames_out = 0, bytes_in = 0;

 private:
  void on_ready(std::uint32_t epoll_events) override;
  void read();
  // What the socket brought → `frames`. False: the connection ended.
  bool unwrap(std::string_view bytes, std::string* frames);
  bool opened();
  // Cuts frames off `bytes`; returns how many bytes were used, or npos when the connection ended meanwhile.
  std::size_t cut(std::string_view bytes);
  bool flush();
  void fail(const std::string& why);

  Reactor& reactor_;
  Listener& listener_;
  int fd_ = -1;
  bool connected_ = false;  // the socket stands
  bool open_ = false;       // and frames may go
  bool writing_ = false;    // waiting for EPOLLOUT
  std::uint32_t seq_ = 0;
  std::uint64_t incarnation_ = 0;         // rises with every open and close: whoever called back looks at it
  std::unique_ptr<WebSocketClient> web_;  // none: plain
  std::string in_, out_;
};

}  // namespace dure

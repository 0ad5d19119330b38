// A client IO thread: epoll over listeners of its own (one a door) and the sockets it accepted. It moves bytes; a
// ClientIo object, touched by this thread only, understands them. It reads a socket only while reads() says so and
// while the mailbox takes what comes out; it writes gathered.
//
// Constructed, started and stopped by the main thread; submit() from any thread. ClientIo and mailbox are borrowed.
// After a standstill of a second or more tick() waits for another, in which all is read that was sent meanwhile.
// Descriptors gone: one kept in reserve accepts and closes, then accepting pauses for 100 ms.
#pragma once
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/host/mailbox.h"
#include "common/host/wake.h"
#include "common/logic/client_io.h"
#include "common/logic/log_limit.h"

namespace dure {

class IoThread {
 public:
  // index: below 255; its clients have index + 1 in the top byte of their ids. Owns the listening sockets; web_listener
  // is the WebSocket's, -1: there is none.
  IoThread(std::size_t index, int listener, ClientIo& io, Mailbox& mailbox, EventLog& log, int web_listener = -1);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  void start();
  // Commands of the logic thread, one turn's batch.
  void submit(std::vector<Outbound> commands);
  // No new clients from now on; those that are here stay. Any thread.
  void stop_accepting();
  // Writes what can be written within half a second, then closes every client.
  void stop();

  static std::size_t index_of(ClientId client) { return static_cast<std::size_t>(client.value >> 56) - 1; }

 private:
  struct Client {
    int fd = -1;
    std::uint32_t interest = 0;  // what epoll was told
    bool stuck = false;          // the socket took no more
  };
  // A socket whose client is gone for ClientIo: what it still sends is read and forgotten for a moment, since closing
  // with unread bytes would reset the connection and lose our last frame.
  struct Lingering {
    int fd = -1;
    MonoTime until{};
  };
  struct Door {
    int listener = -1;
    bool web = false;
  };
  void run();
  void take_commands();
  void listen(bool on);
  void accept_some(const Door& door);
  void accept_paused(const Door& door);
  void tell_descriptors_gone();
  void admit(const Door& door, int fd, const std::string& address);
  void client_event(ClientId client, std::uint32_t events);
  void read_some(ClientId client, int fd);
  void flush(ClientId client);
  void update_interest(ClientId client, Client& state);
  void close_client(ClientId client, bool linger);
  void run_touched();
  void run_deadlines();
  void watch(int fd, std::uint64_t tag, std::uint32_t events);

  const std::size_t index_;
  std::vector<Door> doors_;
  ClientIo& io_;
  Mailbox& mailbox_;
  EventLog& log_;
  int epoll_ = -1;
  int reserve_ = -1;  // descriptor kept for when there are none
  Wake wake_;
  std::mutex mutex_;
  std::vector<Outbound> commands_;
  std::atomic<bool> stopping_{false}, accepting_{true};
  std::thread thread_;

  // IO thread only
  std::unordered_map<std::uint64_t, Client> clients_;
  std::unordered_map<std::uint64_t, MonoTime> closing_;  // want to close, but the peer does not read
  std::unordered_map<std::uint64_t, Lingering> lingering_;
  std::vector<Inbound> events_;  // not yet taken by the mailbox
  std::vector<ClientId> touched_;
  std::vector<std::string_view> pieces_;
  const int clients_below_;  // no client gets a descriptor of this number or above
  std::vector<char> buffer_;
  std::uint64_t next_client_ = 1;
  LogLimit log_limit_;
  MonoTime now_{}, looked_at_{}, tick_due_{}, accept_again_{};
  bool listening_ = false;
};

}  // namespace dure

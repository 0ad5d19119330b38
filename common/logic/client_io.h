// What an IO thread asks of the object that understands its connections. The thread moves bytes; the object decodes,
// limits, queues, fans out. One object per IO thread, used by that thread only; no thread or socket inside, so that
// the simulator drives the very same object, to the byte.
#pragma once
#include <string_view>
#include <vector>

#include "common/logic/crossing.h"

namespace dure {

class ClientIo {
 public:
  virtual ~ClientIo() = default;
  // A socket was accepted. False: refuse it (the thread closes it at once; nothing else is called for it).
  [[nodiscard]] virtual bool opened(ClientId client, std::string_view address, MonoTime now) = 0;
  // The same at the WebSocket's door. Who has none refuses.
  [[nodiscard]] virtual bool opened_web(ClientId, std::string_view, MonoTime) { return false; }
  virtual void received(ClientId client, std::string_view bytes, MonoTime now) = 0;
  // The socket is gone: by the peer, by an error, or because closing() was true. Called exactly once.
  virtual void closed(ClientId client, MonoTime now) = 0;
  // A command of the logic thread (one of the client alternatives of Outbound).
  virtual void command(const Outbound& command, MonoTime now) = 0;
  // Deadlines; called at least every 100 ms.
  virtual void tick(MonoTime now) = 0;

  // Whether more bytes may be read now (frame credit).
  [[nodiscard]] virtual bool reads(ClientId client) const = 0;
  // The next bytes to write, up to `most` pieces, for one gathered write. Valid until the next call that changes the
  // client.
  virtual void gather(ClientId client, std::size_t most, std::vector<std::string_view>* pieces) = 0;
  virtual void wrote(ClientId client, std::size_t bytes, MonoTime now) = 0;
  // To be closed as soon as gather() gives nothing more (or at once, if the peer does not read).
  [[nodiscard]] virtual bool closing(ClientId client) const = 0;

  // Clients with something to write, to close, or newly allowed to read, since the last call. What may wait for more to
  // the same client is not among them before due().
  virtual void take_touched(std::vector<ClientId>* touched, MonoTime now) = 0;
  // When take_touched() is to be called next, even if nothing else happens. MonoTime::max(): nothing waits.
  [[nodiscard]] virtual MonoTime due() const { return MonoTime::max(); }
  // Events for the logic thread, since the last call.
  virtual void take_events(std::vector<Inbound>* events) = 0;
};

}  // namespace dure

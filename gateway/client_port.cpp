#include "gateway/client_port.h"

#include "common/base/check.h"
#include "common/proto/client_frame.h"
#include "common/proto/gateway.pb.h"

namespace dure {
namespace {

template <class Message>
Bytes frame_of(const Message& message, std::uint32_t seq) {
  return Bytes(
      encode_frame(static_cast<std::uint16_t>(route_id(Message::descriptor())), seq, message.SerializeAsString()));
}

}  // namespace

ClientPort::ClientPort(const Routes& routes, const PortOptions& options)
    : routes_(routes), options_(options), addresses_(options) {}

ClientConnection* ClientPort::find(ClientId client) {
  const auto at = connections_.find(client);
  return at == connections_.end() ? nullptr : at->second.get();
}

const ClientConnection* ClientPort::find(ClientId client) const {
  const auto at = connections_.find(client);
  return at == connections_.end() ? nullptr : at->second.get();
}

// ── what the socket says ────────────────────────────────────────────────────────────────────────────────────

bool ClientPort::opened(ClientId client, std::string_view address, MonoTime now) {
  CHECK(client && find(client) == nullptr);
  std::string key = address_key(address);
  if (!addresses_.enter(key, now)) {
    ++figures_.refused;
    return false;
  }
  connections_.emplace(client,
                       std::make_unique<ClientConnection>(client, std::string(address), std::move(key), options_, now));
  return true;
}

void ClientPort::received(ClientId client, std::string_view bytes, MonoTime now) {
  ClientConnection* connection = find(client);
  if (connection == nullptr || connection->closing) return;
  connection->reader.append(bytes, now);
  cut_frames(*connection, now);
}

void ClientPort::cut_frames(ClientConnection& connection, MonoTime now) {
  ClientFrame frame;
  while (!connection.closing && connection.undelivered < options_.frames_undelivered_max) {
    const FrameState state = connection.reader.next(&frame, now);
    if (state == FrameState::kBad) return close_silently(connection, "not a frame");
    if (state == FrameState::kPartial) break;
    take_frame(connection, frame, now);
  }
  if (connection.reader.too_much()) close_silently(connection, "too much before login");
}

void ClientPort::take_frame(ClientConnection& connection, const ClientFrame& frame, MonoTime now) {
  if (frame.seq != connection.seq + 1) return close(connection, proto::INVALID, "seq out of order");
  connection.seq = frame.seq;
  connection.last_frame_at = now;
  ++figures_.frames_in;
  const RouteInfo* route = routes_.find(frame.message_id);
  if (route == nullptr || !route->from_client) {
    if (++connection.unknown >= options_.unknown_messages_max)
      return close(connection, proto::UNKNOWN_MESSAGE, "too many unknown messages");
    return refuse(connection, frame, proto::UNKNOWN_MESSAGE, {}, now);
  }
  const auto rate = static_cast<std::size_t>(route->rate);
  if (!connection.buckets[rate].take(options_.rates[rate], now)) {
    if (!connection.refusals.take(options_.refusals, now)) return close(connection, proto::TOO_FAST, "flood");
    return refuse(connection, frame, proto::TOO_FAST, connection.buckets[rate].wait(options_.rates[rate]), now);
  }
  if (!connection.announced) {
    connection.announced = true;
    events_.push_back(ClientOpened{connection.id, connection.address});
  }
  ++connection.undelivered;
  events_.push_back(ClientFrameIn{connection.id, frame.message_id, frame.seq, std::string(frame.body)});
}

void ClientPort::refuse(ClientConnection& connection, const ClientFrame& frame, std::uint32_t code, Duration wait,
                        MonoTime now) {
  ++figures_.refused;
  proto::ErrorReply error;
  error.set_code(static_cast<proto::Code>(code));
  error.set_message_id(frame.message_id);
  error.set_retry_after_ms(wait > Duration{} ? static_cast<std::uint32_t>(to_ms(wait) + 1) : 0);
  const Bytes bytes = frame_of(error, frame.seq);
  if (connection.session)
    deliver(connection.session, bytes, false, now);
  else
    queue(connection, bytes, false, now);
}

void ClientPort::closed(ClientId client, MonoTime) {
  ClientConnection* connection = find(client);
  if (connection == nullptr) return;
  uncount(*connection);
  if (const auto at = sessions_.find(connection->session); at != sessions_.end()) at->second.client = {};
  if (connection->announced)
    events_.push_back(ClientClosed{client, connection->reason.empty() ? "connection closed" : connection->reason});
  connections_.erase(client);
}

bool ClientPort::reads(ClientId client) const {
  const ClientConnection* connection = find(client);
  return connection != nullptr && !connection->closing && connection->undelivered < options_.frames_undelivered_max;
}

void ClientPort::gather(ClientId client, std::size_t most, std::vector<std::string_view>* pieces) {
  if (const ClientConnection* connection = find(client)) connection->queue.gather(most, pieces);
}

void ClientPort::wrote(ClientId client, std::size_t bytes, MonoTime) {
  ClientConnection* connection = find(client);
  if (connection == nullptr) return;
  connection->queue.wrote(bytes);
  if (connection->queue.bytes() < options_.queue_bytes_max / 2) connection->full_since = {};
}

bool ClientPort::closing(ClientId client) const {
  const ClientConnection* connection = find(client);
  return connection != nullptr && connection->closing;
}

void ClientPort::take_touched(std::vector<ClientId>* touched) {
  for (const ClientId client : touched_)
    if (ClientConnection* connection = find(client)) {
      connection->touched = false;
      touched->push_back(client);
    }
  touched_.clear();
}

void ClientPort::take_events(std::vector<Inbound>* events) {
  for (auto& event : events_) events->push_back(std::move(event));
  events_.clear();
}

void ClientPort::touch(ClientConnection& connection) {
  if (std::exchange(connection.touched, true)) return;
  touched_.push_back(connection.id);
}

void ClientPort::uncount(ClientConnection& connection) {
  if (std::exchange(connection.counted, false)) addresses_.left(connection.address_key);
}

// ── deadlines and closing ───────────────────────────────────────────────────────────────────────────────────

void ClientPort::tick(MonoTime now) {
  for (auto& [client, connection] : connections_)
    if (!connection->closing) check_deadlines(*connection, now);
  addresses_.sweep(now);
}

void ClientPort::check_deadlines(ClientConnection& connection, MonoTime now) {
  const Duration age = now - connection.opened_at;
  if (connection.seq == 0 && age >= options_.handshake_deadline)
    return close_silently(connection, "no frame after connecting");
  if (!connection.accepted && age >= options_.login_deadline)
    return close(connection, proto::BUSY, "login took too long");
  if (connection.accepted && now - connection.last_frame_at >= options_.heartbeat_deadline)
    return close_silently(connection, "silent");
  if (connection.undelivered < options_.frames_undelivered_max && connection.reader.late(now))
    return close_silently(connection, "frame too slow");
  if (connection.full_since != MonoTime{} && now - connection.full_since >= options_.queue_full_deadline)
    return close_silently(connection, "does not read");
}

void ClientPort::close(ClientConnection& connection, std::uint32_t code, const char* reason) {
  proto::CloseNotice notice;
  notice.set_code(static_cast<proto::Code>(code));
  notice.set_reason(reason);
  connection.queue.put(frame_of(notice, 0), false);
  connection.closing = true;
  connection.reason = reason;
  ++figures_.closed_for_cause;
  touch(connection);
}

void ClientPort::close_silently(ClientConnection& connection, const char* reason) {
  connection.queue.clear();
  connection.closing = true;
  connection.reason = reason;
  ++figures_.closed_for_cause;
  touch(connection);
}

// ── what the logic thread says ──────────────────────────────────────────────────────────────────────────────

void ClientPort::command(const Outbound& command, MonoTime now) {
  if (const auto* frame = std::get_if<FrameOut>(&command)) return run(*frame, now);
  if (const auto* publish = std::get_if<TopicFrame>(&command)) return run(*publish, now);
  if (const auto* credit = std::get_if<FrameCredit>(&command)) return run(*credit, now);
  if (const auto* join = std::get_if<TopicJoin>(&command)) {
    if (sessions_.count(join->session)) topics_.join(join->topic, join->session);
    return;
  }
  if (const auto* leave = std::get_if<TopicLeave>(&command)) return topics_.leave(leave->topic, leave->session);
  if (const auto* bind = std::get_if<SessionBind>(&command)) return run(*bind);
  if (const auto* take = std::get_if<SessionTake>(&command)) return run(*take);
  if (const auto* resumed = std::get_if<SessionResumed>(&command)) return run(*resumed, now);
  if (const auto* ended = std::get_if<SessionEnded>(&command)) return run(*ended);
  if (const auto* accepted = std::get_if<ClientAccepted>(&command)) return run(*accepted, now);
  if (const auto* close = std::get_if<ClientClose>(&command)) return run(*close);
}

void ClientPort::run(const SessionBind& bind) {
  Session session{bind.client, ReplayRing(options_.ring_frames_max, options_.ring_bytes_max), !bind.fresh, {}};
  if (ClientConnection* connection = find(bind.client))
    connection->session = bind.session;
  else
    session.client = {};
  sessions_.insert_or_assign(bind.session, std::move(session));
}

void ClientPort::run(const SessionTake& take) {
  SessionTaken taken;
  taken.session = take.session;
  if (const auto at = sessions_.find(take.session); at != sessions_.end()) {
    // Taken while it waits for its own ring: what it had is on the way elsewhere.
    taken.found = !at->second.waiting;
    taken.sent = at->second.ring.sent();
    taken.ring = at->second.ring.frames();
  }
  run(SessionEnded{take.client, take.session});
  events_.push_back(std::move(taken));
}

void ClientPort::run(const SessionResumed& resumed, MonoTime now) {
  const auto at = sessions_.find(resumed.session);
  if (at == sessions_.end() || !at->second.waiting) return;
  Session& session = at->second;
  const ReplayRing old(options_.ring_frames_max, options_.ring_bytes_max, resumed.sent, resumed.ring);
  const auto missed = old.after(resumed.reliable_received);
  // Not whole: the owner sends full state, and counting starts anew.
  session.ring = missed ? old : ReplayRing(options_.ring_frames_max, options_.ring_bytes_max);
  session.waiting = false;
  if (ClientConnection* connection = find(session.client); connection != nullptr && missed)
    for (const Bytes& frame : *missed) queue(*connection, frame, false, now);
  const std::vector<Bytes> meanwhile = std::move(session.meanwhile);
  session.meanwhile.clear();
  for (const Bytes& frame : meanwhile) deliver(resumed.session, frame, false, now);
}

void ClientPort::run(const SessionEnded& ended) {
  const auto at = sessions_.find(ended.session);
  if (at == sessions_.end()) return;
  if (ClientConnection* connection = find(at->second.client)) connection->session = {};
  topics_.leave_all(ended.session);
  sessions_.erase(at);
}

void ClientPort::run(const FrameOut& out, MonoTime now) {
  if (out.session) return deliver(out.session, out.frame, out.latest, now);
  if (ClientConnection* connection = find(out.client)) queue(*connection, out.frame, out.latest, now);
}

void ClientPort::run(const TopicFrame& publish, MonoTime now) {
  for (const SessionId session : topics_.sessions(publish.topic)) deliver(session, publish.frame, publish.latest, now);
}

void ClientPort::run(const FrameCredit& credit, MonoTime now) {
  ClientConnection* connection = find(credit.client);
  if (connection == nullptr) return;
  CHECK(credit.frames <= connection->undelivered);
  const bool stalled = connection->undelivered >= options_.frames_undelivered_max;
  connection->undelivered -= credit.frames;
  if (!stalled || connection->closing) return;
  connection->reader.excuse(now);
  cut_frames(*connection, now);
  touch(*connection);
}

void ClientPort::run(const ClientClose& close) {
  ClientConnection* connection = find(close.client);
  if (connection == nullptr || connection->closing) return;
  if (!close.last_frame.empty()) connection->queue.put(close.last_frame, false);
  connection->closing = true;
  connection->reason = "closed by the gateway";
  touch(*connection);
}

void ClientPort::run(const ClientAccepted& accepted, MonoTime now) {
  ClientConnection* connection = find(accepted.client);
  if (connection == nullptr) return;
  connection->accepted = true;
  connection->last_frame_at = now;
  connection->reader.accepted();
  uncount(*connection);
}

void ClientPort::deliver(SessionId id, const Bytes& frame, bool latest, MonoTime now) {
  const auto at = sessions_.find(id);
  if (at == sessions_.end()) return;
  Session& session = at->second;
  if (session.waiting) {
    if (latest) return;
    session.meanwhile.push_back(frame);
    if (session.meanwhile.size() > options_.ring_frames_max)
      if (ClientConnection* connection = find(session.client)) close(*connection, proto::BUSY, "resume took too long");
    return;
  }
  if (!latest) session.ring.add(frame);
  if (ClientConnection* connection = find(session.client)) queue(*connection, frame, latest, now);
}

void ClientPort::queue(ClientConnection& connection, const Bytes& frame, bool latest, MonoTime now) {
  if (connection.closing) return;
  if (latest && !connection.latest_budget.take(options_.latest_bytes, now, static_cast<double>(frame.size()))) {
    ++figures_.latest_dropped;
    return;
  }
  switch (connection.queue.put(frame, latest)) {
    case SendQueue::Put::kQueued:
      ++figures_.frames_out;
      break;
    case SendQueue::Put::kDropped:
      ++figures_.latest_dropped;
      if (connection.full_since == MonoTime{}) connection.full_since = now;
      break;
    case SendQueue::Put::kFull:
      return close_silently(connection, "does not read");
  }
  if (connection.queue.bytes() >= options_.queue_bytes_max * 3 / 4 && connection.full_since == MonoTime{})
    connection.full_since = now;
  touch(connection);
}

}  // namespace dure

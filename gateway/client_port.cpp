#include "gateway/client_port.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/proto/client_frame.h"
#include "common/proto/gateway.pb.h"

namespace dure {
namespace {

constexpr Duration kFiguresInterval = seconds(1);

template <class Message>
Bytes frame_of(const Message& message, std::uint32_t seq) {
  return Bytes(
      encode_frame(static_cast<std::uint16_t>(route_id(Message::descriptor())), seq, message.SerializeAsString()));
}

}  // namespace

ClientPort::ClientPort(const Routes& routes, const PortOptions& options, AddressGate& addresses,
                       std::uint32_t io_thread)
    : routes_(routes),
      options_(options),
      addresses_(addresses),
      io_thread_(io_thread),
      ping_(route_id(proto::Ping::descriptor())) {}

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
    ++figures_.refused_by_address;
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
  if (frame.message_id == ping_) confirm(connection, frame.body);
  ++connection.undelivered;
  events_.push_back(ClientFrameIn{connection.id, frame.message_id, frame.seq, std::string(frame.body)});
}

// What the client says it has need not be kept for it. The logic thread answers the Ping.
void ClientPort::confirm(const ClientConnection& connection, std::string_view body) {
  const auto session = sessions_.find(connection.session);
  proto::Ping ping;
  if (session == sessions_.end() || session->second.waiting || !parse_strict(body, &ping)) return;
  session->second.ring.forget(ping.reliable_received());
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
  else if (!queue(connection, bytes, SendQueue::Kind::kOwn, now))
    close_silently(connection, "does not read");
}

void ClientPort::closed(ClientId client, MonoTime now) {
  ClientConnection* connection = find(client);
  if (connection == nullptr) return;
  uncount(*connection);
  if (const auto at = sessions_.find(connection->session); at != sessions_.end()) {
    at->second.client = {};
    if (!at->second.waiting) at->second.limits_full_at = connection->limits_full_at(options_, now);
  }
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

void ClientPort::wrote(ClientId client, std::size_t bytes, MonoTime now) {
  ClientConnection* connection = find(client);
  if (connection == nullptr) return;
  connection->queue.wrote(bytes);
  if (connection->queue.bytes() < options_.queue_bytes_max / 2) connection->full_since = {};
  ask_for_state(*connection, now);
}

bool ClientPort::closing(ClientId client) const {
  const ClientConnection* connection = find(client);
  return connection != nullptr && connection->closing;
}

MonoTime ClientPort::due() const { return gathering_.empty() ? MonoTime::max() : gathering_.front().due; }

void ClientPort::take_touched(std::vector<ClientId>* touched, MonoTime now) {
  for (; due() <= now; gathering_.pop_front())
    if (ClientConnection* connection = find(gathering_.front().client)) {
      connection->gathers = false;
      touch(*connection);
    }
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

// A tick's frames come one topic after the other: written one by one they would be as many packets.
void ClientPort::touch_soon(ClientConnection& connection, MonoTime now) {
  if (options_.gather_topics == Duration{}) return touch(connection);
  if (connection.touched || std::exchange(connection.gathers, true)) return;
  gathering_.push_back({now + options_.gather_topics, connection.id});
}

void ClientPort::uncount(ClientConnection& connection) {
  if (std::exchange(connection.counted, false)) addresses_.left(connection.address_key);
}

// ── deadlines and closing ───────────────────────────────────────────────────────────────────────────────────

void ClientPort::tick(MonoTime now) {
  for (auto& [client, connection] : connections_)
    if (!connection->closing) check_deadlines(*connection, now);
  if (now < figures_due_) return;
  figures_due_ = now + kFiguresInterval;
  addresses_.sweep(now);
  tell_figures(now);
}

void ClientPort::tell_figures(MonoTime) {
  ClientFigures told;
  told.io_thread = io_thread_;
  const auto add = [&told](std::string name, std::uint64_t value) { told.values.emplace_back(std::move(name), value); };
  std::size_t queued = 0, longest = 0;
  for (const auto& [client, connection] : connections_) {
    queued += connection->queue.bytes();
    longest = std::max(longest, connection->queue.bytes());
  }
  add("connections", connections_.size());
  add("send_queue_bytes", queued);
  add("send_queue_bytes_max", longest);
  add("frames_in", figures_.frames_in);
  add("frames_out", figures_.frames_out);
  add("frames_refused", figures_.refused);
  add("latest_dropped", figures_.latest_dropped);
  add("topics_gapped", figures_.topic_gaps);
  add("refused_by_address", figures_.refused_by_address);
  for (const auto& [reason, count] : figures_.closed_for_cause) {
    std::string name = "closed_" + std::string(reason);
    std::replace(name.begin(), name.end(), ' ', '_');
    add(std::move(name), count);
  }
  events_.push_back(std::move(told));
}

void ClientPort::check_deadlines(ClientConnection& connection, MonoTime now) {
  const Duration age = now - connection.opened_at;
  if (connection.seq == 0 && age >= options_.handshake_deadline)
    return close_silently(connection, "no frame after connecting");
  if (!connection.accepted && age >= options_.login_deadline)
    return close(connection, proto::BUSY, "login took too long");
  // Not read from meanwhile, through no fault of the client.
  const bool unread = connection.undelivered >= options_.frames_undelivered_max;
  if (connection.accepted && !unread && now - connection.last_frame_at >= options_.heartbeat_deadline)
    return close_silently(connection, "silent");
  if (!unread && connection.reader.late(now)) return close_silently(connection, "frame too slow");
  if (connection.full_since != MonoTime{} && now - connection.full_since >= options_.queue_full_deadline)
    return close_silently(connection, "does not read");
  ask_for_state(connection, now);
}

void ClientPort::close(ClientConnection& connection, std::uint32_t code, const char* reason) {
  proto::CloseNotice notice;
  notice.set_code(static_cast<proto::Code>(code));
  notice.set_reason(reason);
  (void)connection.queue.put(frame_of(notice, 0), SendQueue::Kind::kOwn);
  connection.closing = true;
  connection.reason = reason;
  ++figures_.closed_for_cause[reason];
  touch(connection);
}

void ClientPort::give_up(ClientId client, const char* reason) {
  ClientConnection* connection = find(client);
  if (connection != nullptr && !connection->closing) close_silently(*connection, reason);
}

void ClientPort::close_silently(ClientConnection& connection, const char* reason) {
  connection.queue.clear();
  connection.closing = true;
  connection.reason = reason;
  ++figures_.closed_for_cause[reason];
  touch(connection);
}

// ── what the logic thread says ──────────────────────────────────────────────────────────────────────────────

void ClientPort::command(const Outbound& command, MonoTime now) {
  if (const auto* frame = std::get_if<FrameOut>(&command)) return run(*frame, now);
  if (const auto* publish = std::get_if<TopicFrame>(&command)) return run(*publish, now);
  if (const auto* credit = std::get_if<FrameCredit>(&command)) return run(*credit, now);
  if (const auto* join = std::get_if<TopicJoin>(&command)) return run(*join);
  if (const auto* leave = std::get_if<TopicLeave>(&command)) return topics_.leave(leave->topic, leave->session);
  if (const auto* bind = std::get_if<SessionBind>(&command)) return run(*bind);
  if (const auto* take = std::get_if<SessionTake>(&command)) return run(*take, now);
  if (const auto* resumed = std::get_if<SessionResumed>(&command)) return run(*resumed, now);
  if (const auto* ended = std::get_if<SessionEnded>(&command)) return run(*ended);
  if (const auto* accepted = std::get_if<ClientAccepted>(&command)) return run(*accepted, now);
  if (const auto* close = std::get_if<ClientClose>(&command)) return run(*close);
}

void ClientPort::run(const TopicJoin& join) {
  const auto at = sessions_.find(join.session);
  if (at == sessions_.end()) return;
  topics_.join(join.topic, join.session);
  // Whoever joins is told the state.
  at->second.gapped.erase(join.topic);
  at->second.incomplete.erase(join.topic);
}

void ClientPort::run(const SessionBind& bind) {
  Session session{
      bind.client, ReplayRing(options_.ring_frames_max, options_.ring_bytes_max), !bind.fresh, {}, {}, {}, {}, {}};
  if (ClientConnection* connection = find(bind.client))
    connection->session = bind.session;
  else
    session.client = {};
  sessions_.insert_or_assign(bind.session, std::move(session));
}

void ClientPort::run(const SessionTake& take, MonoTime now) {
  SessionTaken taken;
  taken.session = take.session;
  if (const auto at = sessions_.find(take.session); at != sessions_.end()) {
    // Taken while it waits for its own ring: what it had is on the way elsewhere. Gapped: the ring is not all.
    taken.found = !at->second.waiting && at->second.gapped.empty();
    taken.sent = at->second.ring.sent();
    taken.ring = at->second.ring.frames();
    taken.incomplete.assign(at->second.incomplete.begin(), at->second.incomplete.end());
    const ClientConnection* connection = find(at->second.client);
    if (connection == nullptr)
      taken.limits_full_at = at->second.limits_full_at;
    else if (!at->second.waiting)
      taken.limits_full_at = connection->limits_full_at(options_, now);
  }
  run(SessionEnded{take.client, take.session});
  events_.push_back(std::move(taken));
}

void ClientPort::run(const SessionResumed& resumed, MonoTime now) {
  const auto at = sessions_.find(resumed.session);
  if (at == sessions_.end() || !at->second.waiting) return;
  Session& session = at->second;
  if (ClientConnection* connection = find(session.client))
    connection->limits_no_fuller(resumed.limits_full_at, options_, now);
  const ReplayRing old(options_.ring_frames_max, options_.ring_bytes_max, resumed.sent, resumed.ring);
  const auto missed = old.after(resumed.reliable_received);
  // Not whole: the owner sends full state, and counting starts anew.
  session.ring = missed ? old : ReplayRing(options_.ring_frames_max, options_.ring_bytes_max);
  session.waiting = false;
  if (ClientConnection* connection = find(session.client); connection != nullptr && missed)
    for (const Bytes& frame : *missed) (void)queue(*connection, frame, SendQueue::Kind::kOwn, now);
  if (missed)
    for (const TopicKey& topic : resumed.incomplete) leave_out(session, topic, true);
  else
    session.incomplete.clear();
  if (ClientConnection* connection = find(session.client)) connection->incomplete = !session.whole();
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
  ClientConnection* connection = find(out.client);
  if (connection == nullptr) return;
  const auto kind = out.latest ? SendQueue::Kind::kLatest : SendQueue::Kind::kOwn;
  if (!queue(*connection, out.frame, kind, now) && !out.latest) close_silently(*connection, "does not read");
}

void ClientPort::run(const TopicFrame& publish, MonoTime now) {
  for (const SessionId session : topics_.sessions(publish.topic)) deliver_topic(session, publish, now);
}

void ClientPort::run(const FrameCredit& credit, MonoTime now) {
  ClientConnection* connection = find(credit.client);
  if (connection == nullptr) return;
  CHECK(credit.frames <= connection->undelivered);
  const bool stalled = connection->undelivered >= options_.frames_undelivered_max;
  connection->undelivered -= credit.frames;
  if (!stalled || connection->closing) return;
  connection->last_frame_at = now;
  connection->reader.excuse(now);
  cut_frames(*connection, now);
  touch(*connection);
}

void ClientPort::run(const ClientClose& close) {
  ClientConnection* connection = find(close.client);
  if (connection == nullptr || connection->closing) return;
  if (!close.last_frame.empty()) (void)connection->queue.put(close.last_frame, SendQueue::Kind::kOwn);
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

// ── what a session is sent ──────────────────────────────────────────────────────────────────────────────────

void ClientPort::deliver(SessionId id, const Bytes& frame, bool latest, MonoTime now) {
  const auto at = sessions_.find(id);
  if (at == sessions_.end()) return;
  Session& session = at->second;
  ClientConnection* connection = find(session.client);
  if (session.waiting) {
    if (latest) return;
    session.meanwhile.push_back(frame);
    if (session.meanwhile.size() > options_.ring_frames_max && connection != nullptr)
      close(*connection, proto::BUSY, "resume took too long");
    return;
  }
  if (!latest) session.ring.add(frame);
  if (connection == nullptr) return;
  if (!queue(*connection, frame, latest ? SendQueue::Kind::kLatest : SendQueue::Kind::kOwn, now) && !latest)
    close_silently(*connection, "does not read");
}

void ClientPort::deliver_topic(SessionId id, const TopicFrame& publish, MonoTime now) {
  const auto at = sessions_.find(id);
  if (at == sessions_.end()) return;
  Session& session = at->second;
  ClientConnection* connection = find(session.client);
  if (publish.latest) {
    if (session.waiting || connection == nullptr)
      leave_out(session, publish.topic, true);
    else
      queue(*connection, publish.frame, SendQueue::Kind::kLatest, now, &publish.topic);
    return;
  }
  if (session.gapped.count(publish.topic)) return;
  if (session.waiting) {
    if (session.meanwhile.size() < options_.ring_frames_max / 2)
      session.meanwhile.push_back(publish.frame);
    else
      leave_out(session, publish.topic, false);
    return;
  }
  if (connection != nullptr && !connection->closing &&
      !queue(*connection, publish.frame, SendQueue::Kind::kTopic, now, &publish.topic))
    return leave_out(session, publish.topic, false);
  session.ring.add(publish.frame);
}

bool ClientPort::queue(ClientConnection& connection, const Bytes& frame, SendQueue::Kind kind, MonoTime now,
                       const TopicKey* topic) {
  if (connection.closing) return true;
  const bool latest = kind == SendQueue::Kind::kLatest;
  bool taken = !latest || connection.latest_budget.take(options_.latest_bytes, now, static_cast<double>(frame.size()));
  const auto session = sessions_.find(connection.session);
  if (!taken) {
    ++figures_.latest_dropped;
    if (topic != nullptr && session != sessions_.end()) leave_out(session->second, *topic, true);
    return false;
  }
  const std::size_t dropped = connection.queue.dropped();
  taken = connection.queue.put(frame, kind, topic) == SendQueue::Put::kQueued;
  figures_.frames_out += taken ? 1 : 0;
  figures_.latest_dropped += connection.queue.dropped() - dropped;
  if (connection.queue.dropped() != dropped && session != sessions_.end())
    for (const TopicKey& lost : connection.queue.take_left_out()) leave_out(session->second, lost, true);
  const bool full = !taken || connection.queue.bytes() >= options_.queue_bytes_max * 3 / 4;
  if (full && connection.full_since == MonoTime{}) connection.full_since = now;
  if (topic != nullptr && !full)
    touch_soon(connection, now);
  else
    touch(connection);
  return taken;
}

void ClientPort::leave_out(Session& session, const TopicKey& topic, bool latest) {
  if (!(latest ? session.incomplete : session.gapped).insert(topic).second) return;
  figures_.topic_gaps += latest ? 0 : 1;
  if (ClientConnection* connection = find(session.client)) connection->incomplete = true;
}

// Once everything has left and not too often, so that a client cannot have the world sent by reading slowly.
void ClientPort::ask_for_state(ClientConnection& connection, MonoTime now) {
  if (!connection.incomplete || connection.closing || !connection.queue.empty()) return;
  const auto at = sessions_.find(connection.session);
  if (at == sessions_.end() || at->second.waiting) return;
  Session& session = at->second;
  if (session.asked_at != MonoTime{} && now - session.asked_at < options_.state_interval) return;
  session.asked_at = now;
  connection.incomplete = false;
  session.incomplete.merge(session.gapped);
  for (const TopicKey& topic : session.incomplete) events_.push_back(TopicGapped{session.client, at->first, topic});
  session.incomplete.clear();
  session.gapped.clear();
}

}  // namespace dure

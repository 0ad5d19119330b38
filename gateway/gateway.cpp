#include "gateway/gateway.h"

#include <algorithm>

#include "common/logic/gm.h"
#include "common/proto/client_frame.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"

namespace dure {
namespace {
constexpr Duration kSweepInterval = milliseconds(100);
constexpr Duration kFenceKept = seconds(10);  // longer than any grant is under way

// Whoever was asked could not parse it: its sender does not speak our language.
bool says_unreadable(const MeshHeader& header, std::string_view body) {
  static const std::uint32_t error_id = route_id(proto::ErrorReply::descriptor());
  proto::ErrorReply error;
  return header.message_id == error_id && parse_strict(body, &error) && error.code() == proto::INVALID;
}
}  // namespace

Gateway::Gateway(NodeIdentity identity, const Routes& routes, Seams seams, GatewayOptions options)
    : Node(std::move(identity), routes, seams),
      options_(std::move(options)),
      guard_(options_.password_tries, options_.address_logins),
      hashes_(options_.hash_work_max, options_.hash_cost),
      login_ramp_(options_.admissions),
      resume_ramp_(options_.admissions) {
  on(&Gateway::ping);
  on(&Gateway::login);
  on(&Gateway::resume);
  on(&Gateway::create_character);
  on(&Gateway::delete_character);
  on(&Gateway::change_password);
  on(&Gateway::select_character);
  on(&Gateway::route_set);
  on(&Gateway::subscribe);
  on(&Gateway::unsubscribe);
  on(&Gateway::publish);
  on(&Gateway::route_hold);
  on(&Gateway::route_drop);
  on(&Gateway::leave_world);
  on(&Gateway::session_fenced);
}

void Gateway::on_start() {
  every(kSweepInterval, [this] { sweep(); });
}

void Gateway::check_invariants() const {
  for (const auto& [id, session] : sessions_) {
    CHECK(session.id == id && session.epoch != 0);
    CHECK(session.held.size() <= options_.held_frames_max);
    if (session.state == SessionState::kAccount) CHECK(session.route.epoch == 0 && session.topics.empty());
    if (session.state == SessionState::kWorld) CHECK(session.route.owner && session.held.empty());
    if (!session.attached) continue;
    const auto client = clients_.find(session.client);
    CHECK(client != clients_.end() && client->second.session == id);
  }
}

const Session* Gateway::session(SessionId id) const {
  const auto at = sessions_.find(id);
  return at == sessions_.end() ? nullptr : &at->second;
}

Session* Gateway::find(SessionId id) {
  const auto at = sessions_.find(id);
  return at == sessions_.end() ? nullptr : &at->second;
}

// ── clients ─────────────────────────────────────────────────────────────────────────────────────────────────

void Gateway::on_client_opened(const ClientOpened& opened) { clients_[opened.client].address = opened.address; }

void Gateway::on_client_closed(const ClientClosed& closed) {
  const auto at = clients_.find(closed.client);
  if (at == clients_.end()) return;
  Session* session = find(at->second.session);
  clients_.erase(at);
  credit_.erase(closed.client);
  if (session == nullptr || session->client != closed.client) return;
  log().event(LogLevel::kInfo, "session.unlinked", {{"session", session->id}, {"why", closed.reason}});
  session->attached = false;
  session->lost_at = now();
  tell_lost(*session, false);
}

void Gateway::on_client_frame(const ClientFrameIn& frame) {
  ++credit_[frame.client];
  const auto at = clients_.find(frame.client);
  const RouteInfo* route = routes().find(frame.message_id);
  if (at == clients_.end() || route == nullptr || !route->from_client) return;
  Session* session = find(at->second.session);
  const Bound bound = route->goes_to(Role::kGateway) ? Bound::kGateway
                      : route->goes_to(Role::kChat)  ? Bound::kChat
                                                     : Bound::kOwner;
  const auto refuse = [&](std::uint32_t code, std::uint32_t retry_after_ms) {
    refuse_frame(frame.client, session != nullptr ? session->id : SessionId(), frame.message_id, frame.seq, code,
                 retry_after_ms);
  };
  if (route->developer_only && !identity().developer) return refuse(proto::NOT_ALLOWED, 0);
  switch (judge(session, at->second.logging_in, route->phase, bound)) {
    case Verdict::kWrongState:
      return refuse(proto::WRONG_STATE, 0);
    case Verdict::kBusy:
      return refuse(proto::BUSY, 500);
    case Verdict::kHold:
      if (session->held.size() >= options_.held_frames_max || now() >= session->held_until)
        return refuse(proto::BUSY, 500);
      session->held.push_back(frame);
      return;
    case Verdict::kTake:
      break;
  }
  if (bound != Bound::kGateway) return forward(*session, frame);
  if (route->phase == Phase::kConnected) at->second.logging_in = true;
  MeshHeader header;
  header.kind = MeshKind::kFromClient;
  header.message_id = frame.message_id;
  header.call = CallId(frame.client.value);
  header.client_seq = frame.seq;
  if (session != nullptr)
    header.session = session->id, header.account = session->account, header.player = session->player;
  send_raw(id(), header, frame.body);
}

void Gateway::on_turn_end() {
  for (const auto& [client, frames] : credit_) effect(FrameCredit{client, frames});
  credit_.clear();
}

void Gateway::frame_to(ClientId client, SessionId session, std::uint32_t message_id, std::uint32_t seq,
                       std::string_view body) {
  const RouteInfo* route = routes().find(message_id);
  FrameOut out;
  out.client = client;
  out.session = session;
  out.frame = Bytes(encode_frame(static_cast<std::uint16_t>(message_id), seq, body));
  out.latest = route != nullptr && route->latest;
  effect(std::move(out));
}

void Gateway::to_client(const Session& session, std::uint32_t message_id, std::uint32_t seq, std::string_view body) {
  frame_to(session.client, session.id, message_id, seq, body);
}

void Gateway::refuse_frame(ClientId client, SessionId session, std::uint32_t message_id, std::uint32_t seq,
                           std::uint32_t code, std::uint32_t retry_after_ms) {
  proto::ErrorReply error;
  error.set_code(static_cast<proto::Code>(code));
  error.set_message_id(message_id);
  error.set_retry_after_ms(retry_after_ms);
  frame_to(client, session, route_id(proto::ErrorReply::descriptor()), seq, error.SerializeAsString());
}

// An answer of our own handlers, or a frame of an owner or of chat.
void Gateway::on_to_client(const MeshHeader& header, std::string_view body) {
  const ClientId asked(header.call.value);
  const bool own = header.from == id();
  const Session* session = find(header.session);
  if (own && session == nullptr) {
    const auto at = clients_.find(asked);
    if (at == clients_.end()) return;
    static const std::uint32_t login_id = route_id(proto::LoginReply::descriptor());
    static const std::uint32_t error_id = route_id(proto::ErrorReply::descriptor());
    const bool counted = header.message_id != login_id;
    if (!counted || header.message_id == error_id) at->second.logging_in = false;
    frame_to(asked, counted ? at->second.session : SessionId(), header.message_id, header.client_seq, body);
    if (says_unreadable(header, body)) close_client(asked, proto::INVALID, "unreadable message");
    return;
  }
  if (session == nullptr || header.session_epoch > session->epoch) return;
  const bool owner = header.from == session->route.owner && header.player_epoch == session->route.epoch;
  if (!own && !owner && header.from.role() != Role::kChat) {
    ++stale_frames_;
    return;
  }
  // A request of an earlier connection has no number on this one.
  const bool same_connection = !asked || asked == session->client;
  to_client(*session, header.message_id, same_connection ? header.client_seq : 0, body);
  if (asked && same_connection && says_unreadable(header, body))
    close_client(session->client, proto::INVALID, "unreadable message");
}

void Gateway::close_client(ClientId client, std::uint32_t code, const std::string& reason) {
  proto::CloseNotice notice;
  notice.set_code(static_cast<proto::Code>(code));
  notice.set_reason(reason);
  const auto id = static_cast<std::uint16_t>(route_id(proto::CloseNotice::descriptor()));
  effect(ClientClose{client, Bytes(encode_frame(id, 0, notice.SerializeAsString()))});
}

// ── sessions ────────────────────────────────────────────────────────────────────────────────────────────────

Session& Gateway::open_session(SessionId id, std::uint32_t epoch, AccountId account, std::uint32_t shard,
                               ClientId client, bool fresh) {
  Session& session = sessions_[id];
  session.id = id;
  session.epoch = epoch;
  session.account = account;
  session.shard = shard;
  session.client = client;
  session.attached = true;
  Client& socket = clients_.at(client);
  socket.session = id;
  socket.logging_in = false;
  effect(ClientAccepted{client});
  effect(SessionBind{client, id, fresh});
  return session;
}

void Gateway::leave_the_world(Session& session) {
  for (const auto topics = session.topics; const auto& [topic, publishers] : topics)
    for (const NodeId publisher : publishers) drop_topic(session, topic, publisher);
  refuse_held(session);
  session.state = SessionState::kAccount;
  session.route = {};
  session.player = {};
  session.owner_lost = false;
  session.walk = 0;
  session.because.clear();
}

void Gateway::tell_lost(const Session& session, bool gone) {
  if (!session.player) return;
  proto::SessionLost lost;
  lost.set_session_id(session.id.value);
  lost.set_player_id(session.player.value);
  lost.set_gone(gone);
  if (session.route.owner) send(session.route.owner, lost);
  for (const NodeId chat : peers(Role::kChat)) send(chat, lost);
}

void Gateway::end_session(SessionId id, std::uint32_t code, const std::string& reason, bool tell_directory) {
  Session* session = find(id);
  if (session == nullptr) return;
  log().event(LogLevel::kInfo, "session.ended", {{"session", id}, {"account", session->account}, {"why", reason}});
  tell_lost(*session, true);
  leave_the_world(*session);
  if (session->attached) close_client(session->client, code, reason);
  effect(SessionEnded{session->client, id});
  if (tell_directory) end_in_directory(session->account, session->epoch);
  if (const auto at = clients_.find(session->client); at != clients_.end() && at->second.session == id)
    at->second.session = {};
  resumes_.erase(id);
  sessions_.erase(id);
}

void Gateway::end_in_directory(AccountId account, std::uint32_t epoch) {
  proto::SessionEnd end;
  end.set_account_id(account.value);
  end.set_session_epoch(epoch);
  send(directory_agent(), end);
}

void Gateway::sweep() {
  std::vector<SessionId> over;
  for (auto& [id, session] : sessions_) {
    if (!session.attached && now() - session.lost_at >= options_.session_kept) over.push_back(id);
    if (session.state != SessionState::kHolding || now() < session.held_until) continue;
    refuse_held(session);
    if (session.owner_lost) continue;
    if (!session.route.owner) {
      walk_back(session, "nobody took you in");
      continue;
    }
    // The handoff did not happen, or its word was lost: whom we know must say which.
    session.state = SessionState::kWorld;
    session.walk = ++walks_;
    spawn(ask_owner(id, session.walk));
  }
  for (const SessionId id : over) end_session(id, proto::OK, "link lost", true);
  guard_.sweep(now());
  hashes_.sweep(now());
  next_hash();
  std::erase_if(fences_, [&](const auto& entry) { return now() - entry.second.at >= kFenceKept; });
}

const Gateway::Fence* Gateway::overtaken(AccountId account, std::uint32_t session_epoch) const {
  const auto at = fences_.find(account);
  return at != fences_.end() && at->second.epoch >= session_epoch ? &at->second : nullptr;
}

void Gateway::session_fenced(const From&, const proto::SessionFenced& fenced) {
  Fence& fence = fences_[AccountId(fenced.account_id())];
  if (fenced.session_epoch() >= fence.epoch) fence = {fenced.session_epoch(), fenced.reason(), now(), fenced.goes_on()};
  std::vector<SessionId> older;
  for (const auto& [id, session] : sessions_)
    if (session.account == AccountId(fenced.account_id()) && session.epoch <= fenced.session_epoch())
      older.push_back(id);
  for (const SessionId id : older) {
    if (id.value == fenced.goes_on()) {
      // Its player stays where it is, and waits for the other gateway as for any other socket.
      Session& session = *find(id);
      tell_lost(session, false);
      leave_the_world(session);
    }
    end_session(id, proto::NOT_ALLOWED, fenced.reason(), false);
  }
}

Task<void> Gateway::ask_who_goes_on(NodeId directory) {
  constexpr int kAtOnce = 500;
  SessionId last;
  while (peer_up(directory)) {
    proto::SessionsHeld held;
    auto at = sessions_.upper_bound(last);
    for (; at != sessions_.end() && held.sessions_size() < kAtOnce; ++at) {
      auto* session = held.add_sessions();
      session->set_account_id(at->second.account.value);
      session->set_session_epoch(at->second.epoch);
    }
    if (held.sessions_size() == 0) co_return;
    const SessionId asked = std::prev(at)->first;
    const auto reply = co_await call<proto::SessionsHeldReply>(directory, held);
    if (!reply || reply->code() != proto::STORED) {
      co_await wait(seconds(1));
      continue;
    }
    for (const auto& over : reply->over()) {
      proto::SessionFenced fenced;
      fenced.set_account_id(over.account_id());
      fenced.set_session_epoch(over.session_epoch());
      fenced.set_reason("ended elsewhere");
      fenced.set_goes_on(over.goes_on());
      session_fenced(From(), fenced);
    }
    last = asked;
  }
}

void Gateway::on_switches() {
  if (!switched_on("maintenance", false)) return;
  std::vector<SessionId> all;
  for (const auto& [id, session] : sessions_) all.push_back(id);
  for (const SessionId id : all) end_session(id, proto::CLOSED, "maintenance", true);
}

// ── leaving in order ────────────────────────────────────────────────────────────────────────────────────────

void Gateway::on_stop(bool at_once) {
  if (at_once) return stopped();
  if (!std::exchange(draining_, true)) spawn(drain());
}

Task<void> Gateway::drain() {
  const MonoTime deadline = now() + options_.drain_deadline;
  std::vector<SessionId> all;
  for (const auto& [id, session] : sessions_) all.push_back(id);
  for (const SessionId id : all) spawn(drain_one(id));
  while (leaving_ > 0 && now() < deadline) co_await wait(milliseconds(10));
  for (const SessionId id : all) end_session(id, proto::CLOSED, "the gateway stops", false);
  for (const auto& [client, known] : clients_) close_client(client, proto::CLOSED, "the gateway stops");
  // One turn more, so that what was said has left before the process may end.
  co_await wait(milliseconds(20));
  stopped();
}

Task<void> Gateway::drain_one(SessionId id) {
  Session* session = find(id);
  if (session == nullptr || !session->route.owner) co_return;
  session->state = SessionState::kLeaving;
  refuse_held(*session);
  ++leaving_;
  proto::LeavePlayer leave;
  leave.set_player_id(session->player.value);
  leave.set_reason("drain");
  leave.set_session_id(id.value);
  (void)co_await call<proto::LeavePlayerReply>(session->route.owner, leave, options_.drain_deadline);
  --leaving_;
}

// ── seeing ──────────────────────────────────────────────────────────────────────────────────────────────────

std::string Gateway::waits_for() const {
  if (!directory_agent()) return "the directory's agent";
  return peers(Role::kGeneral).empty() ? "a general" : "";
}

PeerLoad Gateway::load() const {
  PeerLoad load;
  for (const auto& [id, session] : sessions_) load.players += session.route.owner ? 1 : 0;
  return load;
}

void Gateway::on_client_figures(const ClientFigures& figures) { io_figures_[figures.io_thread] = figures; }

void Gateway::monitor(std::vector<std::pair<std::string, std::string>>* fields) const {
  const auto add = [fields](const char* key, std::uint64_t value) { fields->emplace_back(key, std::to_string(value)); };
  add("clients", clients_.size());
  add("sessions", sessions_.size());
  add("forwarded", forwarded_);
  add("stale_frames", stale_frames_);
  add("topic_gaps", topic_gaps_);
  add("topics", subscribers_.size());
  add("hashes_waiting", hashes_.waiting());
  std::map<std::string, std::uint64_t> of_all_threads;
  for (const auto& [thread, figures] : io_figures_)
    for (const auto& [name, value] : figures.values) {
      std::uint64_t& all = of_all_threads[name];
      all = name.ends_with("_max") ? std::max(all, value) : all + value;
    }
  for (const auto& [name, value] : of_all_threads) add(name.c_str(), value);
}

}  // namespace dure

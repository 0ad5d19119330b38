#include <algorithm>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "gateway/gateway.h"

namespace dure {

// ── input ───────────────────────────────────────────────────────────────────────────────────────────────────

void Gateway::forward(Session& session, const ClientFrameIn& frame) {
  const RouteInfo* route = routes().find(frame.message_id);
  const bool chat = route->goes_to(Role::kChat);
  const NodeId to = chat ? rendezvous(Role::kChat, identity().realm_id) : session.route.owner;
  if (!chat && !route->goes_to(to.role())) return refuse_request(session, frame, proto::WRONG_STATE, 0);
  MeshHeader header;
  header.kind = MeshKind::kFromClient;
  header.message_id = frame.message_id;
  header.call = CallId(frame.client.value);
  header.session = session.id;
  header.session_epoch = session.epoch;
  header.player = session.player;
  header.player_epoch = session.route.epoch;
  header.account = session.account;
  header.client_seq = frame.seq;
  header.trace = TraceId(mix64(identity().incarnation.low ^ ++traces_));
  ++forwarded_;
  if (!to || !send_raw(to, header, frame.body)) refuse_request(session, frame, proto::BUSY, 1000);
}

void Gateway::refuse_request(const Session& session, const ClientFrameIn& frame, std::uint32_t code,
                             std::uint32_t retry_after_ms) {
  // A request of an earlier connection has no number on this one.
  const std::uint32_t seq = frame.client == session.client ? frame.seq : 0;
  // Of the session also when its socket has just gone: whoever hears it all the same counts it.
  refuse_frame(session.client, session.id, frame.message_id, seq, code, retry_after_ms);
}

void Gateway::hold(Session& session, Duration how_long) {
  session.state = SessionState::kHolding;
  session.held_until = now() + (unlucky("hold.short") ? milliseconds(1) : how_long);
}

void Gateway::release_held(Session& session) {
  session.state = SessionState::kWorld;
  const auto held = std::move(session.held);
  session.held.clear();
  for (const ClientFrameIn& frame : held) forward(session, frame);
}

void Gateway::refuse_held(Session& session) {
  for (const ClientFrameIn& frame : session.held) refuse_request(session, frame, proto::BUSY, 500);
  session.held.clear();
}

// ── what owners say ─────────────────────────────────────────────────────────────────────────────────────────

bool Gateway::is_owner(const Session& session, const From& from, std::uint64_t player_epoch) const {
  return session.route.owner == from.node() && session.route.epoch == player_epoch;
}

void Gateway::route_set(const From& from, const proto::RouteSet& route) {
  Session* session = find(SessionId(route.session_id()));
  const bool wanted = session != nullptr && session->player == PlayerId(route.player_id()) &&
                      route.session_epoch() <= session->epoch && session->state != SessionState::kAccount &&
                      session->state != SessionState::kLeaving;
  if (!wanted) {
    // Nobody waits for it any more, or somebody at another gateway, who will tell the owner so.
    const bool goes_on = std::any_of(fences_.begin(), fences_.end(), [&route](const auto& entry) {
      return entry.second.goes_on == route.session_id();
    });
    proto::SessionLost lost;
    lost.set_session_id(route.session_id());
    lost.set_player_id(route.player_id());
    lost.set_gone(session != nullptr || !goes_on);
    send(from.node(), lost);
    return;
  }
  const bool again = is_owner(*session, from, route.player_epoch());
  // The same epoch is the same owner, who had seemed lost.
  const bool found_again = route.player_epoch() == session->route.epoch && !session->route.owner;
  if (route.player_epoch() <= session->route.epoch && !again && !found_again) return;
  if (!again) drop_topics(*session, {});
  session->route = {from.node(), route.player_epoch()};
  session->owner_lost = false;
  session->walk = 0;
  proto::RouteNotice notice;
  notice.set_epoch(route.player_epoch());
  notice.set_place(route.place());
  notice.set_place_kind(route.place_kind());
  notice.set_returned_because(!session->because.empty() ? session->because : route.returned_because());
  session->because.clear();
  tell(*session, notice);
  release_held(*session);
  if (!session->attached) tell_lost(*session, false);
}

void Gateway::route_hold(const From& from, const proto::RouteHold& request) {
  Session* session = find(SessionId(request.session_id()));
  if (session == nullptr || session->state != SessionState::kWorld || !is_owner(*session, from, request.player_epoch()))
    return;
  hold(*session, options_.hold_deadline);
}

void Gateway::route_drop(const From& from, const proto::RouteDrop& drop) {
  Session* session = find(SessionId(drop.session_id()));
  if (session == nullptr || !is_owner(*session, from, drop.player_epoch())) return;
  if (drop.ask_lobby() && session->state != SessionState::kLeaving) return walk_back(*session, drop.reason());
  end_session(session->id, drop.code(), drop.reason(), true);
}

// ── topics ──────────────────────────────────────────────────────────────────────────────────────────────────

void Gateway::subscribe(const From& from, const proto::Subscribe& subscribe) {
  Session* session = find(SessionId(subscribe.session_id()));
  if (session == nullptr || session->state == SessionState::kAccount) return;
  const std::uint64_t epoch = from.header.player_epoch;
  const bool chat = from.node().role() == Role::kChat;
  if (!chat && (session->route.owner != from.node() || (epoch != 0 && epoch != session->route.epoch))) return;
  for (const auto& bytes : subscribe.topics()) {
    TopicKey topic;
    if (!decode_topic(bytes, &topic)) continue;
    std::set<NodeId>& publishers = session->topics[topic];
    if (publishers.insert(from.node()).second) ++subscribers_[{from.node(), topic}];
    // A join forgets that frames were left out, for its publisher tells the state; another's are missing still.
    if (publishers.size() == 1) effect(TopicJoin{session->client, session->id, topic});
  }
}

void Gateway::unsubscribe(const From& from, const proto::Unsubscribe& unsubscribe) {
  Session* session = find(SessionId(unsubscribe.session_id()));
  if (session == nullptr) return;
  const std::uint64_t epoch = from.header.player_epoch;
  // Of an earlier epoch: those went with the route.
  if (from.node() == session->route.owner && epoch != 0 && epoch != session->route.epoch) return;
  for (const auto& bytes : unsubscribe.topics()) {
    TopicKey topic;
    if (!decode_topic(bytes, &topic)) continue;
    drop_topic(*session, topic, from.node());
  }
}

void Gateway::drop_topic(Session& session, TopicKey topic, NodeId publisher) {
  const auto at = session.topics.find(topic);
  if (at == session.topics.end() || at->second.erase(publisher) == 0) return;
  const auto count = subscribers_.find({publisher, topic});
  CHECK(count != subscribers_.end() && count->second > 0);
  if (--count->second == 0) subscribers_.erase(count);
  if (!at->second.empty()) return;
  session.topics.erase(at);
  effect(TopicLeave{session.client, session.id, topic});
}

void Gateway::drop_topics(Session& session, NodeId publisher) {
  for (const auto topics = session.topics; const auto& [topic, publishers] : topics)
    for (const NodeId from : publishers)
      if (publisher ? from == publisher : from.role() != Role::kChat) drop_topic(session, topic, from);
}

void Gateway::publish(const From& from, const proto::Publish& publish) {
  TopicKey topic;
  if (!decode_topic(publish.topic(), &topic) || !subscribers_.count({from.node(), topic})) return;
  effect(TopicFrame{topic, Bytes(publish.frame()), publish.latest()});
  if (!unlucky("topic.gapped")) return;
  for (const auto& [id, session] : sessions_)
    if (const auto at = session.topics.find(topic); at != session.topics.end() && at->second.count(from.node()))
      return on_topic_gapped({session.client, id, topic});
}

void Gateway::on_topic_gapped(const TopicGapped& gapped) {
  const Session* session = find(gapped.session);
  if (session == nullptr) return;
  const auto at = session->topics.find(gapped.topic);
  if (at == session->topics.end()) return;
  proto::TopicGap gap;
  gap.set_session_id(gapped.session.value);
  gap.set_topic(encode_topic(gapped.topic));
  ++topic_gaps_;
  for (const NodeId publisher : at->second) send(publisher, gap);
}

// ── lost owners ─────────────────────────────────────────────────────────────────────────────────────────────

void Gateway::on_peer_up(NodeId peer) {
  if (peer == directory_agent()) spawn(ask_who_goes_on(peer));
}

void Gateway::on_peer_down(NodeId peer, const std::string&) {
  for (auto& [id, session] : sessions_) {
    drop_topics(session, peer);
    const bool held = session.state == SessionState::kWorld || session.state == SessionState::kHolding;
    if (session.route.owner == peer && held && !session.owner_lost)
      walk_back(session, std::string(to_text(peer.role())) + " lost");
  }
}

void Gateway::walk_back(Session& session, const std::string& because) {
  if (stopping()) return;
  session.owner_lost = true;
  session.route.owner = {};
  session.because = because;
  session.walk = ++walks_;
  hold(session, options_.hold_deadline);
  spawn(find_general(session.id, session.walk, "fault"));
}

Task<void> Gateway::find_general(SessionId id, std::uint64_t walk, std::string reason) {
  const MonoTime deadline = now() + options_.walk_back_deadline;
  Duration pause = milliseconds(50);
  for (std::size_t attempt = 0;; ++attempt) {
    auto admitted = co_await admit(id, reason, attempt);
    Session* session = find(id);
    // Walked by somebody else, or home: RouteSet ends the walk.
    if (session == nullptr || session->walk != walk) co_return;
    if (admitted && admitted->code() == proto::OK) pause = options_.hold_deadline;  // its RouteSet is on the way
    if (admitted && admitted->code() == proto::NOT_FOUND)
      co_return end_session(id, proto::NOT_FOUND, "the character is gone", true);
    if (now() >= deadline) co_return end_session(id, proto::BUSY, "no place takes you back", true);
    co_await wait(pause);
    pause = std::min<Duration>(pause * 2, seconds(1));
    session = find(id);
    if (session == nullptr || session->walk != walk) co_return;
  }
}

// A hold ran out and nobody said who has the player: its owner may have it still, be about to hand it over, or have
// handed it to somebody whose word never came and who may be dead since.
Task<void> Gateway::ask_owner(SessionId id, std::uint64_t walk) {
  const MonoTime deadline = now() + options_.walk_back_deadline;
  Session* session = find(id);
  while (session != nullptr && session->walk == walk && session->attached && now() < deadline) {
    const NodeId owner = session->route.owner;
    const proto::Attach attach = attach_of(*session, false);
    auto answer = co_await call<proto::AttachReply>(owner, attach);
    session = find(id);
    // RouteSet, of whomever, ends the walk.
    if (session == nullptr || session->walk != walk) co_return;
    if (answer && answer->code() == proto::OK) co_return;
    if (answer && answer->code() == proto::NOT_FOUND) co_return walk_back(*session, "nobody has you");
    co_await wait(milliseconds(200));
    session = find(id);
  }
}

NodeId Gateway::general_for(PlayerId player, std::size_t attempt) const {
  // As rendezvous(), but with an order, so that the second choice is the same everywhere, too.
  std::vector<NodeId> generals = peers(Role::kGeneral, true);
  if (generals.empty()) return {};
  std::sort(generals.begin(), generals.end(), [player](NodeId a, NodeId b) {
    return mix64(player.value ^ mix64(a.value)) > mix64(player.value ^ mix64(b.value));
  });
  if (unlucky("general.second_choice")) ++attempt;
  return generals[attempt % generals.size()];
}

Task<Result<proto::AdmitReply>> Gateway::admit(SessionId id, std::string reason, std::size_t attempt) {
  Session* session = find(id);
  if (session == nullptr) co_return fail(Trouble::kCancelled);
  proto::Admit admit;
  admit.set_player_id(session->player.value);
  admit.set_account_id(session->account.value);
  admit.set_session_id(id.value);
  admit.set_session_epoch(session->epoch);
  admit.set_gateway(this->id().value);
  admit.set_reason(reason);
  const NodeId general = general_for(session->player, attempt);
  auto admitted = co_await call<proto::AdmitReply>(general, admit, options_.admit_deadline);
  co_return admitted;
}

}  // namespace dure

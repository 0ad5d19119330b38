#include "common/proto/client_frame.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "gateway/gateway.h"
#include "gateway/replay_ring.h"
#include "gateway/token_hash.h"

namespace dure {

void Gateway::resume(const From& from, const proto::ResumeRequest& request) {
  spawn(try_resume(ClientId(from.header.call.value), from.header.client_seq, request));
}

void Gateway::refuse_resume(ClientId client, std::uint32_t seq, std::uint32_t code, Duration retry_after) {
  const auto at = clients_.find(client);
  if (at == clients_.end()) return;
  at->second.logging_in = false;
  proto::ResumeReply reply;
  reply.set_code(static_cast<proto::Code>(code));
  if (code == proto::BUSY) reply.set_retry_after_ms(static_cast<std::uint32_t>(to_ms(retry_after)));
  frame_to(client, {}, route_id(proto::ResumeReply::descriptor()), seq, reply.SerializeAsString());
}

Task<void> Gateway::try_resume(ClientId client, std::uint32_t seq, proto::ResumeRequest request) {
  const auto at = clients_.find(client);
  proto::LoginReply away;
  if (at == clients_.end()) co_return;
  if (turned_away(at->second, request.protocol_version(), request.content_version(), &away))
    co_return refuse_resume(client, seq, away.has_update_required() ? proto::NOT_ALLOWED : proto::BUSY);
  const SessionId id(request.session_id());
  if (const Duration wait = admission(at->second, LoginGuard::Way::kResume, id); wait > Duration{})
    co_return refuse_resume(client, seq, proto::BUSY, wait);
  const std::string next_token = token();
  proto::SessionResume ask;
  ask.set_session_id(id.value);
  ask.set_token_hash(token_hash(request.resume_token()));
  ask.set_next_token_hash(token_hash(next_token));
  ask.set_gateway(this->id().value);
  ask.set_now_unix_ms(unix_ms(wall_now()));
  auto granted = co_await call<proto::SessionReply>(directory_agent(), ask);
  if (!granted || granted->code() == proto::RETRY) co_return refuse_resume(client, seq, proto::BUSY);
  if (granted->code() == proto::EXPECTED_OTHER) {
    // A token was used twice: one of the two is a thief, so neither stays.
    if (const auto times = log_limit().due("session.token_reused", now()))
      log().event(LogLevel::kWarning, "session.token_reused",
                  {{"session", id}, {"detail", granted->detail()}, {"times", times}});
    proto::SessionFenced fenced;
    fenced.set_account_id(granted->account_id());
    fenced.set_session_epoch(granted->session_epoch());
    fenced.set_reason("token reused");
    for (const NodeId gateway : peers(Role::kGateway))
      if (gateway != this->id()) send(gateway, fenced);
    end_session(id, proto::NOT_ALLOWED, "token reused", false);
    co_return refuse_resume(client, seq, proto::NOT_ALLOWED);
  }
  if (granted->code() != proto::STORED || granted->banned_until_unix_ms() > unix_ms(wall_now()))
    co_return refuse_resume(client, seq, proto::NOT_ALLOWED);
  if (overtaken(AccountId(granted->account_id()), granted->session_epoch()) != nullptr)
    co_return refuse_resume(client, seq, proto::NOT_ALLOWED);
  if (!clients_.count(client)) co_return;  // the previous token stays good for a while
  if (in_maintenance(&away)) {
    end_in_directory(AccountId(granted->account_id()), granted->session_epoch());
    co_return refuse_resume(client, seq, proto::BUSY);
  }
  Session* session = find(id);
  if (session == nullptr) {
    auto elsewhere = resume_from_elsewhere(client, seq, id, *granted, next_token);
    co_await elsewhere;
    co_return;
  }
  // Take the output from the old socket's IO thread; frames from now on wait at the new one.
  const ClientId old = session->client;
  if (session->attached) {
    clients_[old].session = {};
    close_client(old, proto::NOT_ALLOWED, "resumed by another connection");
  }
  // Another gateway may have had it since, and its word of that be lost: what it sent is in no ring here, and the
  // client has counted its frames.
  // A reply that began the count anew, and that the client has not heard, as its token tells: it counts from before
  // that.
  const bool same_count = session->counts_from.empty() || session->counts_from == request.resume_token();
  const bool follows = same_count && granted->session_epoch() == session->epoch + 1;
  session->epoch = granted->session_epoch();
  effect(SessionTake{old, id});
  Rings& rings = rings_[id];
  rings.overtaken = rings.under_way++ > 0 || rings.overtaken;
  resumes_[id] = Resume{client, seq, request.reliable_received(), next_token, follows};
  open_session(id, session->epoch, session->account, session->shard, client, false);
  for (const auto& [topic, publishers] : session->topics) effect(TopicJoin{client, id, topic});
}

void Gateway::on_session_taken(const SessionTaken& taken) {
  const auto rings = rings_.find(taken.session);
  if (rings == rings_.end() || --rings->second.under_way > 0) return;
  // A newer resume took it while an earlier one's ring was under way: what came between them went with a socket that
  // had no ring yet, so none of these rings is all.
  const bool overtaken = rings->second.overtaken;
  rings_.erase(rings);
  const auto at = resumes_.find(taken.session);
  Session* session = find(taken.session);
  if (at == resumes_.end() || session == nullptr) return;
  const Resume resume = at->second;
  resumes_.erase(at);
  std::uint64_t sent = taken.sent;
  const ReplayRing ring(taken.ring.size(), static_cast<std::size_t>(-1), sent, taken.ring);
  const bool whole = taken.found && !overtaken && resume.follows && ring.after(resume.reliable_received).has_value();
  session->counts_from = whole ? std::string() : resume.token;
  proto::ResumeReply reply;
  reply.set_code(proto::OK);
  reply.set_resume_token(resume.token);
  reply.set_replayed(whole);
  reply.set_player_id(session->player.value);
  frame_to(resume.client, {}, route_id(proto::ResumeReply::descriptor()), resume.seq, reply.SerializeAsString());
  SessionResumed resumed;
  resumed.client = resume.client;
  resumed.session = session->id;
  resumed.reliable_received = whole ? resume.reliable_received : ~0ull;
  resumed.sent = sent;
  resumed.ring = taken.ring;
  resumed.incomplete = taken.incomplete;
  resumed.limits_full_at = taken.limits_full_at;
  effect(std::move(resumed));
  if (session->state == SessionState::kWorld || (session->state == SessionState::kHolding && !session->owner_lost))
    spawn(reattach(session->id, whole));
}

proto::Attach Gateway::attach_of(const Session& session, bool replayed) const {
  proto::Attach attach;
  attach.set_player_id(session.player.value);
  attach.set_session_id(session.id.value);
  attach.set_session_epoch(session.epoch);
  attach.set_gateway(id().value);
  attach.set_replayed(replayed);
  return attach;
}

// The owner learns of the new socket and the new session epoch; input waits until it has.
Task<void> Gateway::reattach(SessionId id, bool replayed) {
  const MonoTime deadline = now() + options_.walk_back_deadline;
  Session* session = find(id);
  const std::uint32_t epoch = session->epoch;
  hold(*session, options_.hold_deadline);
  while (session->state == SessionState::kHolding || session->state == SessionState::kWorld) {
    const OwnerRoute route = session->route;
    if (session->owner_lost || !session->attached) co_return;
    const proto::Attach attach = attach_of(*session, replayed);
    auto answer = co_await call<proto::AttachReply>(route.owner, attach);
    session = find(id);
    if (session == nullptr || session->epoch != epoch) co_return;
    if (answer && answer->code() == proto::OK) {
      if (session->state == SessionState::kHolding && session->route.owner == route.owner) release_held(*session);
      co_return;
    }
    const bool same = session->route.owner == route.owner && session->route.epoch == route.epoch;
    if (same && answer && answer->code() == proto::NOT_FOUND) co_return walk_back(*session, "you were gone");
    if (now() >= deadline) co_return;
    co_await wait(milliseconds(200));
    session = find(id);
    if (session == nullptr || session->epoch != epoch) co_return;
  }
}

// The gateway that had this session is gone or was left: nothing of its output is here.
Task<void> Gateway::resume_from_elsewhere(ClientId client, std::uint32_t seq, SessionId id, proto::SessionReply granted,
                                          std::string next_token) {
  const AccountId account(granted.account_id());
  const PlayerId player(granted.selected_player());
  auto characters = co_await characters_of(granted.shard(), account);
  if (!clients_.count(client) || find(id) != nullptr) co_return refuse_resume(client, seq, proto::BUSY);
  if (overtaken(account, granted.session_epoch()) != nullptr) co_return refuse_resume(client, seq, proto::NOT_ALLOWED);
  if (proto::LoginReply away; in_maintenance(&away)) {
    end_in_directory(account, granted.session_epoch());
    co_return refuse_resume(client, seq, proto::BUSY);
  }
  proto::SessionFenced fenced;
  fenced.set_account_id(account.value);
  fenced.set_session_epoch(granted.session_epoch() - 1);
  fenced.set_reason("resumed at another gateway");
  fenced.set_goes_on(id.value);
  for (const NodeId gateway : peers(Role::kGateway))
    if (gateway != this->id()) send(gateway, fenced);
  Session& session = open_session(id, granted.session_epoch(), account, granted.shard(), client, true);
  session.counts_from = next_token;
  proto::ResumeReply reply;
  reply.set_code(proto::OK);
  reply.set_resume_token(next_token);
  reply.set_player_id(player.value);
  if (characters) *reply.mutable_characters() = characters->characters();
  frame_to(client, {}, route_id(proto::ResumeReply::descriptor()), seq, reply.SerializeAsString());
  if (!player) co_return;
  session.player = player;
  for (const auto& character : reply.characters())
    if (character.player_id() == player.value) session.name = character.name();
  session.owner_lost = true;
  session.walk = ++walks_;
  hold(session, options_.hold_deadline);
  spawn(find_general(id, session.walk, "resume"));
}

}  // namespace dure

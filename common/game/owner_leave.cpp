// How a player leaves an OwnerNode: let go, forgotten, handed over, read again; what its peers' ups and downs mean, and
// the drain.
#include <algorithm>

#include "common/game/owner.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"

namespace dure {
namespace {
constexpr Duration kDrainPause = milliseconds(200), kDrainLook = milliseconds(10), kDrainPatience = seconds(10);
constexpr std::size_t kDrainLanes = 64;  // of a shard: so many of its players are on their way at once
}  // namespace

// ── leaving ─────────────────────────────────────────────────────────────────────────────────────────────────

void OwnerNode::session_lost(const From& from, const proto::SessionLost& lost) {
  Player* player = find(PlayerId(lost.player_id()));
  if (player == nullptr || player->session.session != SessionId(lost.session_id())) return;
  if (player->session.gateway != from.node()) return;  // it was resumed at another one meanwhile
  player->session.linked = false;
  player->link_dead_since = now();
  if (!lost.gone()) return;
  const PlayerRef ref{player->id, player->epoch};
  spawn([](OwnerNode* self, PlayerRef who) -> Task<void> { (void)co_await self->let_go(who); }(this, ref));
}

Task<proto::LeavePlayerReply> OwnerNode::leave_player(From from, proto::LeavePlayer request) {
  proto::LeavePlayerReply answer;
  Player* player = find(PlayerId(request.player_id()));
  if (player == nullptr) co_return answer;
  // Who asks for a session that has moved, or was displaced, has no player here any more.
  if (player->session.gateway != from.node()) co_return answer;
  if (request.session_id() != 0 && player->session.session != SessionId(request.session_id())) co_return answer;
  const PlayerRef ref{player->id, player->epoch};
  const bool done = co_await let_go(ref);
  answer.set_code(done ? proto::OK : proto::BUSY);
  co_return answer;
}

Task<bool> OwnerNode::let_go(PlayerRef ref) {
  Player* player = find(ref);
  if (player == nullptr) co_return true;
  if (player->state == Player::State::kLeaving) co_return false;
  on_letting_go(*player);
  flush_soft(*player);
  player->state = Player::State::kLeaving;
  write_hint(*player);
  const bool done = co_await saved(ref);
  player = find(ref);
  if (player == nullptr) co_return true;
  if (!done) {
    player->state = Player::State::kActive;
    const std::string reason = "out of step";
    if (player->poisoned) {
      (void)co_await reacquire(ref, reason);
    } else if (player->untold && player->session.linked) {
      // Perhaps nobody waits for it there any more: who answers the route says so.
      const SessionBinding session = player->session;
      bring_in(*player, session, proto::Admit(), false, std::string());
    }
    co_return false;
  }
  forget(ref.id);
  co_return true;
}

void OwnerNode::forget(PlayerId pid) {
  Player* player = find(pid);
  if (player == nullptr) return;
  guarded("leaving", {}, 0, [&] { on_left(*player); });
  tell_presence(*player, true);
  for (const auto& [pseq, waiter] : player->saved_waiters) complete(waiter, fail(Trouble::kCancelled));
  retire(std::move(player->scope));
  parties_.forget(pid);
  players_.erase(pid);
}

void OwnerNode::stale(const Player& player) {
  log().event(LogLevel::kInfo, "owner.stale", {{"player", player.id}, {"epoch", player.epoch}});
  // Whoever has it may have taken it for a session that is over: the gateway, if it still believes us, asks on.
  ask_on(player.session, player.epoch, "another owner has you");
  forget(player.id);
}

void OwnerNode::close_session(const Player& player, std::uint32_t code, const std::string& reason) {
  proto::RouteDrop drop;
  drop.set_session_id(player.session.session.value);
  drop.set_player_epoch(player.epoch);
  drop.set_code(static_cast<proto::Code>(code));
  drop.set_reason(reason);
  send(player.session.gateway, drop);
}

void OwnerNode::kick(Player& player, std::uint32_t code, const std::string& reason) {
  close_session(player, code, reason);
  forget(player.id);
}

void OwnerNode::send_away(Player& player, std::uint32_t code, const std::string& reason) {
  close_session(player, code, reason);
  let_go_soon(player);
}

void OwnerNode::let_go_soon(Player& player) {
  player.session.linked = false;
  player.link_dead_since = now();
  const PlayerRef ref{player.id, player.epoch};
  spawn([](OwnerNode* self, PlayerRef who) -> Task<void> { (void)co_await self->let_go(who); }(this, ref));
}

// ── handing over ────────────────────────────────────────────────────────────────────────────────────────────

Task<bool> OwnerNode::hand_over(PlayerRef ref, NodeId target, proto::Admit admit_request) {
  Player* player = find(ref);
  if (player == nullptr || player->state != Player::State::kActive || !target) co_return false;
  flush_soft(*player);
  player->state = Player::State::kLeaving;
  proto::RouteHold hold;
  hold.set_session_id(player->session.session.value);
  hold.set_player_epoch(player->epoch);
  send(player->session.gateway, hold);

  bool flushed = co_await saved(ref);
  if (unlucky("handover.not_saved")) flushed = false;
  player = find(ref);
  if (player == nullptr) co_return false;
  if (!flushed) {
    // Nobody was asked to take it: it is ours as before, with what is not saved yet. It arrives, for what that undoes.
    log().event(LogLevel::kWarning, "handover.failed", {{"player", ref.id}, {"target", target}, {"why", "not saved"}});
    player->state = Player::State::kActive;
    if (player->poisoned) {
      const std::string reason = "out of step";
      (void)co_await reacquire(ref, reason);
    } else {
      const SessionBinding session = player->session;
      bring_in(*player, session, proto::Admit(), false, std::string());
    }
    co_return false;
  }
  admit_request.set_player_id(ref.id.value);
  admit_request.set_account_id(player->account.value);
  admit_request.set_session_id(player->session.session.value);
  admit_request.set_session_epoch(player->session.epoch);
  admit_request.set_gateway(player->session.gateway.value);
  admit_request.set_expected_epoch(ref.epoch);
  admit_request.set_ticket(true);
  if (!admit_request.has_hint()) {
    auto* hint = admit_request.mutable_hint();
    hint->set_zone(player->zone_hint);
    hint->set_channel(player->channel_hint);
    hint->set_x_cm(player->position.x_cm);
    hint->set_y_cm(player->position.y_cm);
    hint->set_hit_points(player->hit_points);
  }
  auto there = co_await call<proto::AdmitReply>(target, admit_request, options_.acquire_deadline);
  player = find(ref);
  if (player == nullptr) co_return false;
  if (there && there->code() == proto::OK) {
    // The new owner has told the gateway and the chat already: only our own memory goes.
    parties_.hand_over(ref.id, NodeId(there->owner()));
    player->session.linked = false;
    guarded("leaving", {}, 0, [&] { on_left(*player); });
    for (const auto& [pseq, waiter] : player->saved_waiters) complete(waiter, fail(Trouble::kCancelled));
    retire(std::move(player->scope));
    players_.erase(ref.id);
    co_return true;
  }
  const std::string why = there ? there->detail() : there.error().detail;
  log().event(LogLevel::kWarning, "handover.failed", {{"player", ref.id}, {"target", target}, {"why", why}});
  player->state = Player::State::kActive;
  const SessionBinding session = player->session;
  const std::string silently;
  if (co_await reacquire(ref, silently) || find(ref.id) != nullptr) co_return false;
  // It was granted to the target, which died before it could say so, or has given up waiting and does not know. The
  // gateway, if it still believes us, asks on; who has heard of the new owner does not.
  ask_on(session, ref.epoch, "where you went did not take you in");
  co_return false;
}

Task<bool> OwnerNode::reacquire(PlayerRef ref, std::string reason, bool flush) {
  Player* player = find(ref);
  if (player == nullptr || player->state != Player::State::kActive) co_return false;
  player->state = Player::State::kLeaving;  // nothing is executed meanwhile
  const std::uint32_t shard = player->shard;
  if (flush && !player->window.empty()) (void)co_await saved(ref, seconds(5));
  if (find(ref) == nullptr) co_return false;
  auto grant = co_await acquire(ref.id, shard, ref.epoch, false);
  player = find(ref);
  if (player == nullptr) co_return false;
  if (!grant) {
    // Somebody else has it, or nobody can be asked: the gateway walks the session on.
    log().event(LogLevel::kWarning, "reacquire.failed", {{"player", ref.id}, {"why", grant.error().detail}});
    if (grant.error().trouble != Trouble::kRefused)
      ask_on(player->session, player->epoch, "the player's state could not be read again");
    forget(ref.id);
    co_return false;
  }
  const SessionBinding session = player->session;
  const proto::Admit again;
  co_return bring_in(install(*grant, shards_.peek(ref.id, shard)), session, again, false, reason);
}

// ── peers, drain ────────────────────────────────────────────────────────────────────────────────────────────

void OwnerNode::on_peer_up(NodeId peer) {
  if (peer.role() == Role::kGateway) {
    // The same life: the link was cut, the sessions are still there. None: it was away when we took the player, and has
    // not been told; another life of it says that nobody waits.
    const Incarnation life = link(peer)->heard_incarnation();
    std::vector<PlayerId> returned;
    for (auto& [pid, player] : players_) {
      if (player.session.gateway != peer || (player.session.gateway_life && player.session.gateway_life != life))
        continue;
      // Who is about to leave may yet stay, and is then told.
      if (player.state == Player::State::kActive)
        returned.push_back(pid);
      else
        player.session.linked = player.untold = true;
    }
    for (const PlayerId pid : returned) {
      SessionBinding session = players_.at(pid).session;
      session.linked = true;
      bring_in(players_.at(pid), session, proto::Admit(), false, {});
    }
  } else if (peer.role() == Role::kChat) {
    for (const auto& [pid, player] : players_) tell_presence(player);
    parties_.tell_chat();
  } else if (peer.role() == Role::kDbagent) {
    for (auto& [pid, player] : players_) {
      if (shard_agent(player.shard) != peer) continue;
      complete(player.save_pause, std::string("its agent is back"));
      look_into_inbox(player);  // its notices may have been lost
    }
  }
}

void OwnerNode::on_peer_down(NodeId peer, const std::string&) {
  if (peer.role() == Role::kChat) parties_.tell_chat();  // another one orders them now
  if (peer.role() != Role::kGateway) return;
  for (auto& [pid, player] : players_)
    if (player.session.gateway == peer) {
      player.session.linked = false;
      player.link_dead_since = now();
    }
}

void OwnerNode::on_stop(bool at_once) {
  if (at_once) return stopped();
  spawn(drain());
}

Task<void> OwnerNode::drain() {
  // Each by the same act as any other move, and a shard that is away keeps nobody of another one; the host's own
  // deadline bounds it, too.
  const MonoTime patience = now() + kDrainPatience;
  for (bool last = false; !players_.empty() && !last;) {
    last = now() >= patience;
    std::map<std::uint32_t, std::shared_ptr<std::deque<PlayerRef>>> next;
    for (const auto& [pid, player] : players_) {
      auto& of_shard = next[player.shard];
      if (!of_shard) of_shard = std::make_shared<std::deque<PlayerRef>>();
      of_shard->push_back({pid, player.epoch});
    }
    for (const auto& [shard, players] : next)
      for (std::size_t lane = 0, lanes = std::min(players->size(), kDrainLanes); lane < lanes; ++lane)
        spawn(drain_lane(players, patience));
    while (lanes_ > 0) co_await wait(kDrainLook);
    if (!players_.empty()) co_await wait(kDrainPause);
  }
  stopped();
}

Task<void> OwnerNode::drain_lane(std::shared_ptr<std::deque<PlayerRef>> next, MonoTime late) {
  struct Lane {
    std::size_t& lanes;
    explicit Lane(std::size_t& all) : lanes(all) { ++lanes; }
    Lane(const Lane&) = delete;
    ~Lane() { --lanes; }
  } const lane(lanes_);
  while (!next->empty()) {
    const PlayerRef ref = next->front();
    next->pop_front();
    Player* player = find(ref);
    if (player == nullptr || player->state != Player::State::kActive) continue;
    const auto target = player->session.linked && now() < late ? drain_target(*player) : NodeId();
    if (!target) continue;
    if (!*target) {
      (void)co_await let_go(ref);
      continue;
    }
    proto::Admit admit_request;
    admit_request.set_reason("drain");
    (void)co_await hand_over(ref, *target, admit_request);
  }
}

}  // namespace dure

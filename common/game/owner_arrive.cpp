// How a player comes to an OwnerNode: acquired from its row, brought into the world, attached to its session.
#include "common/game/owner.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"

namespace dure {
namespace {
constexpr std::uint32_t kHopsMax = 4;
constexpr Duration kAcquireTry = seconds(1);
constexpr Duration kHolderPatience = seconds(1);
constexpr Duration kBetweenLooks = milliseconds(50);
// So long a login waits for who is just leaving a living owner, which saves it first; then it is taken all the same.
constexpr Duration kReleasePatience = seconds(2);

proto::AdmitReply admit_reply(proto::Code code, const std::string& detail = {}) {
  proto::AdmitReply reply;
  reply.set_code(code);
  reply.set_detail(detail);
  return reply;
}

}  // namespace

// ── acquiring ───────────────────────────────────────────────────────────────────────────────────────────────

Task<Result<std::uint32_t>> OwnerNode::shard_of(PlayerId player, bool refresh) {
  if (!refresh && !unlucky("shard.forgotten"))
    if (const auto known = shards_.find(player)) co_return *known;
  proto::PlayerLocate request;
  request.set_player_id(player.value);
  auto found = co_await call<proto::PlayerLocateReply>(directory_agent(), request);
  if (!found) co_return tl::unexpected<Error>(found.error());
  if (found->code() == proto::RETRY) co_return fail(Trouble::kBusy, "the directory is busy");
  if (found->code() != proto::STORED) co_return fail(Trouble::kRefused, "no such player");
  shards_.put(player, found->shard());
  co_return found->shard();
}

// Where it was is still known here; the directory knows that it is no more: nobody need ask again.
Task<bool> OwnerNode::is_gone(PlayerId player) {
  const auto known = co_await shard_of(player, true);
  co_return !known && known.error().trouble == Trouble::kRefused;
}

Task<Result<proto::AcquireReply>> OwnerNode::holder_of(PlayerId player) {
  const MonoTime give_up = now() + kHolderPatience;
  bool stale = false;
  for (;;) {
    auto shard = co_await shard_of(player, stale);
    if (!shard) co_return tl::unexpected<Error>(shard.error());
    proto::OwnerQuery query;
    query.set_shard(*shard);
    query.set_player_id(player.value);
    auto holder = co_await call<proto::AcquireReply>(shard_agent(*shard), query);
    if (!holder) co_return holder;
    const bool elsewhere = holder->code() == proto::WRONG_SHARD || holder->code() == proto::NO_SUCH;
    if (elsewhere && stale) co_return fail(Trouble::kRefused, "no such player");
    if (!elsewhere && holder->code() != proto::RETRY) co_return holder;
    if (now() >= give_up) co_return fail(Trouble::kBusy, "the player is on the move");
    stale = elsewhere;
    if (!elsewhere) co_await wait(kBetweenLooks);
  }
}

// ACQUIRE with one fresh id, resent until answered. `insist`: a forced takeover reads the epoch first and tries again
// with the new one; otherwise exactly `expected` or nothing.
Task<Result<proto::AcquireReply>> OwnerNode::acquire(PlayerId player, std::uint32_t shard, std::uint64_t expected,
                                                     bool insist) {
  const MonoTime give_up = now() + options_.acquire_deadline;
  proto::AcquireRequest request;
  request.set_shard(shard);
  request.set_player_id(player.value);
  *request.mutable_owner_incarnation() = uid_of({identity().incarnation.high, identity().incarnation.low});
  request.set_owner_node(id().value);
  request.set_expected_epoch(expected);
  request.set_acquire_id(entropy().u64());
  while (now() < give_up) {
    auto answer = co_await call<proto::AcquireReply>(shard_agent(request.shard()), request, kAcquireTry);
    if (!answer || answer->code() == proto::RETRY) {
      co_await wait(milliseconds(100));
      continue;
    }
    if (answer->code() == proto::STORED) {
      // A grant that already counts operations is not the state we loaded: fence and read again.
      if (answer->last_pseq() == 0 && !unlucky("acquire.again")) co_return std::move(*answer);
      request.set_expected_epoch(answer->epoch());
      request.set_acquire_id(entropy().u64());
      continue;
    }
    if (answer->code() == proto::WRONG_SHARD || answer->code() == proto::NO_SUCH) {
      auto moved = co_await shard_of(player, true);
      const bool nobody = moved ? *moved == request.shard() : moved.error().trouble == Trouble::kRefused;
      if (nobody) co_return fail(Trouble::kRefused, "no such player");
      if (moved)
        request.set_shard(*moved);
      else
        co_await wait(milliseconds(100));
      continue;
    }
    if (answer->code() != proto::EXPECTED_OTHER || !insist) co_return fail(Trouble::kRefused, "epoch moved on");
    request.set_expected_epoch(answer->epoch());
    request.set_acquire_id(entropy().u64());
  }
  co_return fail(Trouble::kTimeout, "acquire");
}

Player& OwnerNode::install(const proto::AcquireReply& grant, std::uint32_t shard) {
  const PlayerId pid(grant.aggregate().player_id());
  Player& player = players_[pid];
  if (!player.scope) player.scope = make_scope("player", pid);
  player.id = pid;
  player.account = AccountId(grant.aggregate().account_id());
  player.name = grant.aggregate().name();
  player.shard = shard;
  player.epoch = grant.epoch();
  player.state = Player::State::kActive;
  player.mirror.load(grant.aggregate());
  player.window = Window(&unsaved_);
  player.stranded = false;
  heard_of_[shard] = now();
  player.creqs.load(grant.last_creq(), grant.last_creq_hash(), grant.last_creq_result() == 1);
  player.creq_saved_told = player.creq_committed = grant.last_creq();
  load_trades(player, grant);
  player.saving = Player::Saving::kNothing;
  player.poisoned = false;
  player.soft_balances.clear();
  player.soft_counters.clear();
  for (const auto& [pseq, waiter] : std::exchange(player.saved_waiters, {}))
    complete(waiter, fail(Trouble::kCancelled));
  player.hint_due = now() + options_.hint_interval;
  // Whoever looks for an earlier epoch ends without a word.
  const auto arriving = arriving_.find(pid);
  const bool look_again = player.reading_inbox || (arriving != arriving_.end() && arriving->second);
  player.inbox_asked = player.reading_inbox = false;
  player.inbox_due = now() + options_.inbox_interval;
  player.unclaimable.clear();
  // What waits in the inbox is claimed by ordinary operations.
  std::vector<std::string> claimed = claim_what_fits(player);
  player.claimed = changed_by(player, claimed);
  if (!claimed.empty()) player.scope->spawn(tell_when_saved({player.id, player.epoch}, std::move(claimed), false));
  if (look_again) look_into_inbox(player);
  return player;
}

void OwnerNode::bind(Player& player, const SessionBinding& session, const std::string& returned_because) {
  player.session = session;
  player.session.linked = true;
  player.untold = false;
  if (const Link* gateway = link(session.gateway)) player.session.gateway_life = gateway->heard_incarnation();
  proto::RouteSet route;
  route.set_session_id(session.session.value);
  route.set_session_epoch(session.epoch);
  route.set_player_id(player.id.value);
  route.set_player_epoch(player.epoch);
  route.set_place(player.place);
  route.set_place_kind(place_kind());
  route.set_returned_because(returned_because);
  send(session.gateway, route);
}

// ── arriving ────────────────────────────────────────────────────────────────────────────────────────────────

// Into this node's world, or anew into it, and told so: whole, or not at all. False: it threw, and the player is not
// here any more, or, if it was here before, not for longer than it takes to save it; its gateway takes it to the lobby.
bool OwnerNode::bring_in(Player& player, const SessionBinding& session, const proto::Admit& admit_request, bool fresh,
                         const std::string& returned_because) {
  const bool whole = guarded(kArrival, {}, 0, [&] {
    if (!fresh) on_left(player);
    bind(player, session, returned_because);
    player.session.linked = session.linked;
    on_arrived(player, admit_request, fresh);
    // After a login PlayerState is the first that is told.
    if (fresh && !admit_request.ticket())
      player.claimed.clear();
    else
      tell_claimed(player);
    tell_state(player);
    // What was told to a socket that is gone may not have arrived.
    if (player.creq_saved_told != 0) {
      proto::SavedNotice saved_so_far;
      saved_so_far.set_epoch(player.epoch);
      saved_so_far.set_creq(player.creq_saved_told);
      tell(player, saved_so_far);
    }
    tell_presence(player);
  });
  if (whole) return true;
  log().event(LogLevel::kWarning, "arrival.failed", {{"player", player.id}, {"place", player.place}});
  player.session = session;
  const PlayerId pid = player.id;
  guarded("arrival failed", {}, 0, [&] { on_arrival_failed(player); });
  Player* still = find(pid);
  if (still == nullptr) return false;
  // A login is answered and may be tried again; who was in the world before is taken back into it elsewhere.
  if (session.linked && (!fresh || admit_request.ticket())) walk_on(*still, "you could not be put there");
  if (fresh)
    forget(pid);
  else
    let_go_soon(*still);
  return false;
}

// The gateway takes it to the lobby. What the route says first makes us the owner whose word that is.
void OwnerNode::walk_on(Player& player, const std::string& reason) {
  bind(player, player.session, reason);
  ask_on(player.session, player.epoch, reason);
}

void OwnerNode::ask_on(const SessionBinding& session, std::uint64_t epoch, const std::string& reason) {
  proto::RouteDrop drop;
  drop.set_session_id(session.session.value);
  drop.set_player_epoch(epoch);
  drop.set_reason(reason);
  drop.set_ask_lobby(true);
  send(session.gateway, drop);
}

Task<proto::AdmitReply> OwnerNode::admit(From, proto::Admit request) {
  const PlayerId pid(request.player_id());
  if (stopping()) co_return admit_reply(proto::BUSY, "draining");
  if (request.hops() > kHopsMax) co_return admit_reply(proto::BUSY, "nobody holds the place");
  const SessionBinding session{NodeId(request.gateway()), SessionId(request.session_id()), request.session_epoch(),
                               true};
  const std::string because = request.reason() == "fault" ? request.reason() : std::string();

  if (Player* held = find(pid); held != nullptr && !request.ticket()) {
    if (held->state != Player::State::kActive) co_return admit_reply(proto::BUSY, "leaving");
    if (session.epoch < held->session.epoch) co_return admit_reply(proto::BUSY, "a newer session has it");
    if (held->session.session != session.session && held->session.linked)
      log().event(LogLevel::kInfo, "session.displaced", {{"player", pid}, {"by", session.session}});
    proto::AdmitReply here = admit_reply(proto::OK);
    here.set_player_epoch(held->epoch);
    if (!bring_in(*held, session, request, false, because)) co_return admit_reply(proto::INTERNAL, "fault");
    here.set_owner(id().value);
    co_return here;
  }
  if (!arriving_.emplace(pid, false).second) co_return admit_reply(proto::BUSY, "already arriving");
  struct Arriving {
    std::map<PlayerId, bool>& all;
    PlayerId id;
    Arriving(std::map<PlayerId, bool>& a, PlayerId p) : all(a), id(p) {}
    Arriving(const Arriving&) = delete;
    ~Arriving() { all.erase(id); }
  } const arriving(arriving_, pid);

  auto shard = co_await shard_of(pid, false);
  if (!shard) co_return admit_reply(shard.error().trouble == Trouble::kRefused ? proto::NOT_FOUND : proto::BUSY);
  std::uint64_t expected = request.expected_epoch();
  if (!request.ticket()) {
    const MonoTime release = now() + kReleasePatience;
    for (bool waits = true; waits;) {
      auto holder = co_await holder_of(pid);
      if (!holder) {
        const bool gone = co_await is_gone(pid);
        co_return admit_reply(gone ? proto::NOT_FOUND : proto::BUSY, holder.error().detail);
      }
      expected = holder->epoch();
      if (holder->aggregate().has_hint()) *request.mutable_hint() = holder->aggregate().hint();
      // A living owner keeps the player: its session moves, not its ownership.
      const NodeId owner(holder->owner_node());
      const Link* to_owner = link(owner);
      const Incarnation inc{holder->owner_incarnation().high(), holder->owner_incarnation().low()};
      if (owner == id() || to_owner == nullptr || to_owner->breaker_open() || to_owner->heard_incarnation() != inc)
        break;
      proto::Attach attach_request;
      attach_request.set_player_id(pid.value);
      attach_request.set_session_id(request.session_id());
      attach_request.set_session_epoch(request.session_epoch());
      attach_request.set_gateway(request.gateway());
      auto attached = co_await call<proto::AttachReply>(owner, attach_request, seconds(2));
      const proto::Code code = attached ? attached->code() : proto::INTERNAL;
      if (code == proto::OK) {
        proto::AdmitReply there = admit_reply(proto::OK);
        there.set_player_epoch(attached->player_epoch());
        there.set_owner(owner.value);
        co_return there;
      }
      if (code == proto::NOT_ALLOWED) co_return admit_reply(proto::BUSY, "a newer session has it");
      // It is leaving there: what is taken from an owner before it has saved is lost.
      waits = code == proto::BUSY && now() < release;
      if (waits) co_await wait(kBetweenLooks);
    }
  }
  const Placing placed = placing(request);
  if (placed.forward && placed.forward != id()) {
    proto::Admit onward = request;
    onward.set_hops(request.hops() + 1);
    auto there = co_await call<proto::AdmitReply>(placed.forward, onward, options_.acquire_deadline);
    co_return there ? *there : admit_reply(proto::BUSY, there.error().detail);
  }
  if (!placed.here) co_return admit_reply(placed.code != 0 ? static_cast<proto::Code>(placed.code) : proto::BUSY);

  auto grant = co_await acquire(pid, shards_.peek(pid, *shard), expected, !request.ticket());
  if (!grant) {
    const bool refused = grant.error().trouble == Trouble::kRefused;
    const bool gone = refused && !request.ticket() && co_await is_gone(pid);
    co_return admit_reply(gone ? proto::NOT_FOUND : refused ? proto::ABORTED : proto::BUSY, grant.error().detail);
  }
  // What the last owner wrote may have come after what we read to place it.
  if (!request.ticket() && grant->aggregate().has_hint()) *request.mutable_hint() = grant->aggregate().hint();
  // It may have closed meanwhile. The row of a login is ours and unused: whoever is asked next takes it.
  const bool open = still_open(placed.place, request);
  if (!open && !request.ticket()) co_return admit_reply(proto::BUSY, "the place closed");
  // Held here of an earlier epoch, and not yet told that it went elsewhere: now it stands in another place. A later
  // login that was bound to it meanwhile would hear nothing of that.
  const Player* zombie = find(pid);
  if (zombie != nullptr && (zombie->session.session != session.session || zombie->session.epoch != session.epoch))
    stale(*zombie);
  forget(pid);
  Player& player = install(*grant, shards_.peek(pid, *shard));
  player.place = placed.place;
  player.hit_points = request.hint().hit_points() > 0 ? request.hint().hit_points() : player.hit_points_max;
  proto::AdmitReply here = admit_reply(proto::OK);
  here.set_player_epoch(player.epoch);
  here.set_owner(id().value);
  if (!open) {
    player.session = session;
    walk_on(player, "the place closed");
    forget(pid);
  } else if (!bring_in(player, session, request, true, because) && !request.ticket()) {
    co_return admit_reply(proto::INTERNAL, "fault");
  }
  co_return here;  // by ticket: it is not the last owner's any more, wherever it goes now
}

Task<proto::AttachReply> OwnerNode::attach(From, proto::Attach request) {
  proto::AttachReply answer;
  Player* player = find(PlayerId(request.player_id()));
  const SessionBinding session{NodeId(request.gateway()), SessionId(request.session_id()), request.session_epoch(),
                               true};
  if (player == nullptr || session.epoch < player->session.epoch || player->state != Player::State::kActive) {
    const bool overtaken = player != nullptr && session.epoch < player->session.epoch;
    answer.set_code(player == nullptr ? proto::NOT_FOUND : overtaken ? proto::NOT_ALLOWED : proto::BUSY);
    co_return answer;
  }
  if (!peer_up(session.gateway)) {
    // Nothing that is told would arrive there. Who asks takes it to where it would.
    let_go_soon(*player);
    answer.set_code(proto::BUSY);
    co_return answer;
  }
  const std::string silently;
  const proto::Admit again;
  answer.set_player_epoch(player->epoch);
  // While it is saved it is not to be taken from here.
  if (!bring_in(*player, session, again, false, silently))
    answer.set_code(find(PlayerId(request.player_id())) != nullptr ? proto::BUSY : proto::INTERNAL);
  co_return answer;
}

}  // namespace dure

#include "dungeon/dungeon.h"

#include <algorithm>

#include "common/proto/cluster.pb.h"
#include "common/proto/dungeon.pb.h"
#include "common/proto/lobby.pb.h"

namespace dure {
namespace {
constexpr int kLobbiesAskedMost = 20;  // for one player, one after the other
}  // namespace

Dungeon::Dungeon(NodeIdentity identity, const Routes& node_routes, Seams seams, DungeonOptions options)
    : OwnerNode(std::move(identity), node_routes, seams, options.owner),
      options_(std::move(options)),
      publisher_(*this) {
  on(&Dungeon::open);
  on(&Dungeon::topic_gap);
  on_player(this, &Dungeon::move_to);
  on_player(this, &Dungeon::echo);
  on_player(this, &Dungeon::leave);
  on_player(this, &Dungeon::break_instance);
}

// ── opening ─────────────────────────────────────────────────────────────────────────────────────────────────

TopicKey Dungeon::instance_topic(RunId run) {
  TopicKey key;
  key.kind = TopicKind::kInstance;
  key.place = run.value;
  return key;
}

proto::OpenInstanceReply Dungeon::open(const From&, const proto::OpenInstance& request) {
  proto::OpenInstanceReply reply;
  const RunId run(request.run_id());
  if (instances_.count(run)) return reply;  // asked again
  const auto handler = options_.handlers.find(request.dungeon());
  const auto factory = handler == options_.handlers.end() ? factories_.end() : factories_.find(handler->second);
  if (factory == factories_.end()) {
    reply.set_code(proto::NOT_FOUND);
    reply.set_detail("no dungeon '" + request.dungeon() + "'");
    return reply;
  }
  if (stopping() || instances_.size() >= options_.instances_max || unlucky("instance.full")) {
    reply.set_code(proto::BUSY);
    return reply;
  }
  std::set<PlayerId> expected;
  for (const auto player : request.players()) expected.insert(PlayerId(player));
  AreaOptions ground;
  ground.topic = instance_topic(run);
  ground.topic.layer = 1;  // cells; layer 0 is the instance's own topic
  ground.width_cm = ground.height_cm = 6400;
  auto instance = std::make_unique<Instance>(
      run, request.dungeon(), std::move(expected), request.seed(), publisher_, ground,
      [this](PlayerId watcher, const proto::CellChanged& cell) {
        if (Player* player = find(watcher)) tell(*player, cell);
      },
      now());
  instance->content_version = content_version();
  instance->handler = factory->second(*this, *instance);
  log().event(LogLevel::kInfo, "instance.opened",
              {{"run", run}, {"dungeon", request.dungeon()}, {"players", request.players_size()}});
  instances_.emplace(run, std::move(instance));
  return reply;
}

OwnerNode::Placing Dungeon::placing(const proto::Admit& admit) {
  Placing answer;
  const std::string place = "run/" + std::to_string(admit.run_id());
  if (!still_open(place, admit)) {
    answer.code = proto::NOT_FOUND;
    return answer;
  }
  answer.here = true;
  answer.place = place;
  return answer;
}

bool Dungeon::still_open(const std::string&, const proto::Admit& admit) const {
  const auto at = instances_.find(RunId(admit.run_id()));
  return at != instances_.end() && at->second->state != Instance::State::kClosing &&
         at->second->expects(PlayerId(admit.player_id()));
}

// What throws in a handler closes its instance alone.
void Dungeon::on_arrival_failed(Player& player) {
  if (Instance* instance = instance_of(player)) fail_instance(*instance);
}

Instance* Dungeon::instance_of(const Player& player) {
  const auto at = instances_.find(RunId(player.subject));
  return at == instances_.end() ? nullptr : at->second.get();
}

void Dungeon::on_arrived(Player& player, const proto::Admit& admit, bool fresh) {
  if (fresh) {
    player.subject = admit.run_id();
    // A position of a run means nothing in a zone: who falls back to the lobby arrives at a spawn.
    player.zone_hint.clear();
    player.channel_hint = 0;
    player.position = {3200, 600};
  }
  Instance* instance = instance_of(player);
  CHECK(instance != nullptr);
  AreaEntity self{EntityId(player.id.value), player.name,       "player",
                  player.position,           player.hit_points, player.hit_points_max};
  instance->area().enter(self);
  instance->members.insert(player.id);
  instance->area().watch(player.id, player.session, player.epoch, tick_number());
  publisher_.subscribe(player.session.gateway, player.session.session, player.id, player.epoch,
                       {instance_topic(instance->id())});
  instance->handler->joined(player);
}

void Dungeon::on_left(Player& player) {
  Instance* instance = instance_of(player);
  if (instance == nullptr) return;
  // Whoever stumbles over it: the player is gone.
  for (const auto& listener : leave_listeners_) guarded("leaving", {}, 0, [&] { listener(player); });
  publisher_.unsubscribe(player.session.gateway, player.session.session, {instance_topic(instance->id())});
  instance->area().unwatch(player.id, true);
  instance->area().leave(EntityId(player.id.value));
  instance->members.erase(player.id);
  if (instance->members.empty()) instance->empty_since = now();
  // Who only comes into it anew goes with the others.
  if (!guarded("instance", {}, instance->id().value, [&] { instance->handler->left(player.id); }))
    send_back(player, "fault");
}

// ── living ──────────────────────────────────────────────────────────────────────────────────────────────────

void Dungeon::move_to(Player& player, const proto::MoveTo& move) {
  Instance* instance = instance_of(player);
  if (instance == nullptr) return;
  const Position to{move.x_cm(), move.y_cm()};
  Pace& pace = instance->paces[player.id];
  if (player.hit_points == 0 || !instance->area().inside(to) ||
      !may_move(&pace, player.position, to, options_.speed_max_cm_s, now())) {
    proto::MoveCorrected corrected;
    corrected.set_x_cm(player.position.x_cm);
    corrected.set_y_cm(player.position.y_cm);
    corrected.set_tick(tick_number());
    tell(player, corrected);
    if (pace.refused > kPaceRefusedMax) send_away(player, proto::TOO_FAST, "moves too fast");
    return;
  }
  player.position = to;
  instance->area().move(EntityId(player.id.value), to);
}

proto::EchoReply Dungeon::echo(Player&, const proto::Echo& request) {
  proto::EchoReply reply;
  reply.set_stamp(request.stamp());
  return reply;
}

void Dungeon::on_letting_go(Player& player) {
  if (stopping()) return;  // nobody leaves by itself: what was paid for the run is given back
  if (Instance* instance = instance_of(player); instance != nullptr && instance->state != Instance::State::kClosing)
    guarded("instance", {}, instance->id().value, [&] { instance->handler->walks_out(player); });
}

proto::LeaveInstanceReply Dungeon::leave(Player& player, const proto::LeaveInstanceRequest&) {
  on_letting_go(player);
  send_back(player, "dungeon");
  return {};
}

proto::BreakInstanceReply Dungeon::break_instance(Player& player, const proto::BreakInstance&) {
  if (Instance* instance = instance_of(player)) instance->broken = true;
  return {};
}

// Frames of a topic did not reach a slow client: it is told anew what they were about.
void Dungeon::topic_gap(const From& from, const proto::TopicGap& gap) {
  TopicKey topic;
  if (!decode_topic(gap.topic(), &topic)) return;
  for (const auto& [id, known] : players()) {
    if (known.session.session != SessionId(gap.session_id()) || known.session.gateway != from.node()) continue;
    Player& player = *find(id);
    Instance* instance = instance_of(player);
    if (instance == nullptr || !player.session.linked) return;
    instance->area().show_again(id, topic, tick_number());
    if (topic == instance_topic(instance->id()))
      guarded("instance", {}, instance->id().value, [&] { instance->handler->show_again(player); });
    return;
  }
}

bool Dungeon::stranded(const Instance& instance) const {
  return std::any_of(instance.members.begin(), instance.members.end(), [this](PlayerId member) {
    const auto at = players().find(member);
    return at != players().end() && at->second.stranded;
  });
}

void Dungeon::tick_instance(Instance& instance, std::uint64_t tick) {
  CHECK_MSG(!instance.broken, "a developer broke this instance");
  switch (instance.state) {
    case Instance::State::kWaiting:
      if (instance.members.size() == instance.expected().size() ||
          now() - instance.opened() >= options_.wait_for_players) {
        if (instance.members.empty()) return close(instance, "nobody came");
        instance.state = Instance::State::kRunning;
        instance.handler->start();
      }
      break;
    case Instance::State::kRunning:
      if (instance.members.empty()) {
        if (now() - instance.empty_since >= options_.empty_closes || unlucky("instance.closed_early"))
          close(instance, "empty");
        return;
      }
      // For who cannot be saved any more time stands still: the run is its safe place, since it can be handed to
      // nobody.
      if (!stranded(instance)) instance.handler->tick(tick);
      break;
    case Instance::State::kClosing:
      break;
  }
  instance.area().publish(tick);
}

void Dungeon::on_tick(std::uint64_t tick) {
  std::vector<RunId> all;
  for (const auto& [run, instance] : instances_) all.push_back(run);
  for (const RunId run : all) {
    Instance& instance = *instances_.at(run);
    guarded("instance", {}, run.value, [&] { tick_instance(instance, tick); });
    if (instance.state == Instance::State::kClosing && instance.members.empty()) instances_.erase(run);
  }
}

void Dungeon::finish(Instance& instance, bool success) {
  if (instance.state == Instance::State::kClosing) return;
  instance.finished = success;
  instance.failed = !success;
  close(instance, "dungeon");
}

void Dungeon::fail_instance(Instance& instance) {
  instance.failed = true;
  instance.broken = false;
  close(instance, "fault");
}

void Dungeon::close(Instance& instance, const std::string& reason) {
  if (instance.state == Instance::State::kClosing) return;
  instance.state = Instance::State::kClosing;
  log().event(LogLevel::kInfo, "instance.closed",
              {{"run", instance.id()}, {"reason", reason}, {"finished", instance.finished ? 1 : 0}});
  for (const PlayerId id : instance.members)
    if (Player* player = find(id)) send_back(*player, reason);
}

// ── leaving ─────────────────────────────────────────────────────────────────────────────────────────────────

void Dungeon::send_back(const Player& player, const std::string& reason) {
  spawn(go_back(PlayerRef{player.id, player.epoch}, player.subject, reason));
}

Task<void> Dungeon::go_back(PlayerRef ref, std::uint64_t run, std::string reason) {
  // The turn that closes the instance ends first: the handlers' last words leave before the player does.
  co_await wait(milliseconds(1));
  PlayerId pid = ref.id;
  for (int asked = 0; asked < kLobbiesAskedMost;) {
    Player* player = find(pid);
    // It may be in its next run already.
    if (player == nullptr || player->subject != run) co_return;
    if (player->state == Player::State::kActive && !player->stranded) {
      Instance* instance = instance_of(*player);
      proto::Admit admit;
      admit.set_reason(reason);
      if (instance != nullptr)
        if (const auto zone = options_.return_zones.find(instance->dungeon()); zone != options_.return_zones.end())
          admit.set_zone(zone->second);
      auto* hint = admit.mutable_hint();
      hint->set_hit_points(player->hit_points);
      const NodeId target = rendezvous(Role::kGeneral, pid.value + static_cast<std::uint64_t>(asked));
      const PlayerRef current{pid, player->epoch};
      if (target && co_await hand_over(current, target, admit)) co_return;
      // Who could not be saved was offered to nobody: it stays, however long the store is away.
      player = find(pid);
      if (player != nullptr && player->window.empty()) ++asked;
    }
    co_await wait(milliseconds(250));
  }
  if (Player* player = find(pid); player != nullptr && player->subject == run)
    send_away(*player, proto::BUSY, "no lobby takes players");
}

// A run goes on with the content it began with, through one change, forward or back. After a second one its operations
// would be taken no more: it ends, as without success.
void Dungeon::on_content() {
  for (const auto& [run, instance] : instances_)
    if (instance->content_version + 1 < content_version() || instance->content_version > content_version() + 1)
      close(*instance, "the content has changed");
}

void Dungeon::on_players_faulted(const std::vector<PlayerId>& faulted, const Fault& fault) {
  const auto at = instances_.find(RunId(fault.subject));
  if (at != instances_.end()) {
    fail_instance(*at->second);
    return;
  }
  for (const PlayerId id : faulted)
    if (Player* player = find(id)) send_back(*player, "fault");
}

void Dungeon::fill_state(const Player&, std::uint64_t* tick, std::uint32_t* tick_rate_hz,
                         std::uint32_t* speed_max_cm_s) const {
  *tick = tick_number();
  *tick_rate_hz = options_.tick_rate_hz;
  *speed_max_cm_s = options_.speed_max_cm_s;
}

void Dungeon::on_peer_up(NodeId peer) {
  if (peer.role() == Role::kGateway) publisher_.gateway_up(peer);
  OwnerNode::on_peer_up(peer);
}

void Dungeon::on_peer_down(NodeId peer, const std::string& why) {
  if (peer.role() == Role::kGateway) publisher_.gateway_down(peer);
  OwnerNode::on_peer_down(peer, why);
}

PeerLoad Dungeon::load() const {
  PeerLoad mine = OwnerNode::load();
  mine.instances = static_cast<std::uint32_t>(instances_.size());
  return mine;
}

void Dungeon::check_invariants() const {
  for (const auto& [run, instance] : instances_)
    for (const PlayerId id : instance->members) CHECK(instance->expects(id));
}

}  // namespace dure

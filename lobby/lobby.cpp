#include "lobby/lobby.h"

#include <algorithm>

#include "common/proto/cluster.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/party.pb.h"

namespace dure {
namespace {
constexpr Duration kTick = milliseconds(100);
constexpr std::uint32_t kTickRateHz = 10;
constexpr const char* kZoneTick = "zone tick";
constexpr const char* kQueueTick = "queue tick";
constexpr std::uint64_t kQueueSubject = ~0ull;  // above every zone's number
}  // namespace

Lobby::Lobby(NodeIdentity identity, const Routes& node_routes, Seams seams, Options options)
    : OwnerNode(std::move(identity), node_routes, seams, options.owner),
      options_(std::move(options)),
      publisher_(*this),
      keeper_(*this, all_places(options_.content),
              {[this](const std::string& place, std::uint64_t) { place_acquired(place); },
               [this](const std::string& place) { place_lost(place); },
               [this](const std::string& place) {
                 const auto at = zones_.find(place);
                 return at == zones_.end() ? 0u : static_cast<std::uint32_t>(at->second->members().size());
               }},
              options_.settle) {
  // Arriving, staying and leaving are every owner's: common/game/owner.h.
  on_player(this, &Lobby::echo);
  on_player(this, &Lobby::move_to);
  on_player(this, &Lobby::change_zone);
  on_player(this, &Lobby::queue);
  on(&Lobby::queue_join);
  on(&Lobby::party_muster);
  on(&Lobby::party_queue_join);
  on(&Lobby::party_queued);
  on(&Lobby::match_found);
  on(&Lobby::places_notice);
  on(&Lobby::topic_gap);
}

// The features and the queue go with the members, and tasks have locals that touch them.
Lobby::~Lobby() { end_conversations(); }

void Lobby::on_start() {
  OwnerNode::on_start();
  keeper_.start();
}

void Lobby::on_peer_up(NodeId peer) {
  if (peer.role() == Role::kGateway) publisher_.gateway_up(peer);
  OwnerNode::on_peer_up(peer);
  keeper_.peer_up(peer);
  if (peer == queue_holder_) join_again();
}

void Lobby::on_peer_down(NodeId peer, const std::string& why) {
  if (peer.role() == Role::kGateway) publisher_.gateway_down(peer);
  OwnerNode::on_peer_down(peer, why);
  dismiss(matchmaker_.leave_all_of(peer), {});
  keeper_.peer_down(peer);
}

void Lobby::on_stop(bool at_once) {
  for (const auto& [id, player] : players()) end_wait(player);
  OwnerNode::on_stop(at_once);
}

// ── the player's life ───────────────────────────────────────────────────────────────────────────────────────

proto::EchoReply Lobby::echo(Player&, const proto::Echo& request) {
  proto::EchoReply reply;
  reply.set_stamp(request.stamp());
  return reply;
}

void Lobby::move_to(Player& player, const proto::MoveTo& move) {
  Zone* zone = zone_of(player);
  if (zone == nullptr) return;
  const Position to{move.x_cm(), move.y_cm()};
  Pace& pace = zone->pace(player.id);
  if (zone->area().inside(to) && may_move(&pace, player.position, to, zone->content().speed_max_cm_s, now())) {
    player.position = to;
    zone->area().move(EntityId(player.id.value), to);
    return;
  }
  if (!zone->area().inside(to)) ++pace.refused;
  ++moves_corrected_;
  proto::MoveCorrected corrected;
  corrected.set_x_cm(player.position.x_cm);
  corrected.set_y_cm(player.position.y_cm);
  corrected.set_tick(tick_number());
  tell(player, corrected);
  if (pace.refused > kPaceRefusedMax) send_away(player, proto::TOO_FAST, "moves too fast");
}

proto::ChangeZoneReply Lobby::change_zone(Player& player, const proto::ChangeZoneRequest& request) {
  proto::ChangeZoneReply reply;
  const auto refuse = [&](proto::Code code, const std::string& detail) {
    reply.set_code(code);
    reply.set_detail(detail);
    return reply;
  };
  Zone* here = zone_of(player);
  const ZoneContent* wanted = content().zone(request.zone());
  if (here == nullptr) return refuse(proto::WRONG_STATE, "nowhere");
  if (wanted == nullptr) return refuse(proto::NOT_FOUND, "no such zone");
  if (request.channel() > wanted->channels) return refuse(proto::INVALID, "no such channel");
  const auto& portals = here->content().portals;
  if (wanted != &here->content() && std::find(portals.begin(), portals.end(), wanted->name) == portals.end())
    return refuse(proto::NOT_ALLOWED, "no portal leads there");
  const std::string place =
      request.channel() != 0 ? place_of(wanted->name, request.channel()) : emptiest_channel(*wanted);
  if (place == player.place) return refuse(proto::WRONG_STATE, "already there");
  if (place.empty() || !open_holder(place)) return refuse(proto::BUSY, "nobody holds it now");
  // The reply first: it leaves before the route switches.
  const PlayerRef ref{player.id, player.epoch};
  after(Duration{}, [this, ref, place] { guarded("walk", ref.id, 0, [&] { walk(ref, place); }); });
  return reply;
}

// Frames of a topic did not reach a slow client: it sees what they were about anew.
void Lobby::topic_gap(const From& from, const proto::TopicGap& gap) {
  TopicKey topic;
  if (!decode_topic(gap.topic(), &topic)) return;
  for (const auto& [member, player] : players()) {
    if (player.session.session != SessionId(gap.session_id()) || player.session.gateway != from.node()) continue;
    if (Zone* here = zone_of(player); here != nullptr && player.session.linked)
      here->area().show_again(member, topic, tick_number());
  }
}

// ── arriving, leaving ───────────────────────────────────────────────────────────────────────────────────────

void Lobby::on_arrived(Player& player, const proto::Admit& admit, bool fresh) {
  promised_.erase(player.id);
  Zone* there = zone(player.place);
  CHECK_MSG(there != nullptr, "no zone " + player.place);
  arrive(player, *there, admit, fresh);
}

void Lobby::on_left(Player& player) {
  // Whoever stumbles over it: the player is gone.
  for (auto& feature : features_) guarded("leaving", {}, 0, [&] { feature->player_left(player); });
  if (Zone* here = zone_of(player)) here->leave(player.id);
}

void Lobby::on_players_faulted(const std::vector<PlayerId>& faulted, const Fault& fault) {
  if (fault.where == kQueueTick) {
    matchmaker_.clear();
    keeper_.renew(kMatchPlace);
    join_again();
  }
  if (fault.where == kZoneTick)
    for (auto& [place, zone] : zones_)
      if (zone->number() == fault.subject) return rebuild(*zone);
  OwnerNode::on_players_faulted(faulted, fault);
}

void Lobby::fill_state(const Player& player, std::uint64_t* tick, std::uint32_t* tick_rate_hz,
                       std::uint32_t* speed_max_cm_s) const {
  *tick = tick_number();
  *tick_rate_hz = kTickRateHz;
  const auto at = zones_.find(player.place);
  *speed_max_cm_s = at == zones_.end() ? 0 : at->second->content().speed_max_cm_s;
}

// Whoever has taken the place that this node gave up.
std::optional<NodeId> Lobby::drain_target(const Player& player) {
  if (peers(Role::kGeneral, true).empty()) return NodeId();
  const NodeId holder = open_holder(player.place);
  return holder ? std::optional(holder) : std::nullopt;
}

Duration Lobby::link_dead(const Player& player) const {
  const auto at = zones_.find(player.place);
  return at == zones_.end() ? OwnerNode::link_dead(player)
                            : at->second->content().link_dead.value_or(OwnerNode::link_dead(player));
}

// ── for features ────────────────────────────────────────────────────────────────────────────────────────────

Zone* Lobby::zone(const std::string& place) {
  const auto at = zones_.find(place);
  return at == zones_.end() ? nullptr : at->second.get();
}

Zone* Lobby::zone_of(const Player& player) { return zone(player.place); }

const AreaEntity* Lobby::npc(const Player& player, const std::string& name) {
  Zone* here = zone_of(player);
  return here == nullptr ? nullptr : here->npc(name);
}

void Lobby::show_hit_points(const Player& player) {
  if (Zone* here = zone_of(player)) here->area().hit_points(EntityId(player.id.value), player.hit_points);
}

// ── time, seeing ────────────────────────────────────────────────────────────────────────────────────────────

Duration Lobby::tick_interval() const { return kTick; }

void Lobby::on_tick(std::uint64_t tick) {
  for (auto& [place, zone] : zones_) {
    if (now() < zone->resumes) continue;
    Zone* one = zone.get();
    guarded(kZoneTick, {}, one->number(), [one, tick] { one->tick(tick); });
  }
  guarded(kQueueTick, {}, kQueueSubject, [this] { review_queue(); });
  if (tick % kTickRateHz != 0) return;
  std::erase_if(zones_,
                [this](const auto& entry) { return !keeper_.mine(entry.first) && entry.second->members().empty(); });
  for (auto& [place, zone] : zones_)
    if (!keeper_.mine(place)) evacuate(*zone);
  std::erase_if(promised_, [this](const auto& entry) { return now() > entry.second.until; });
}

PeerLoad Lobby::load() const {
  PeerLoad mine = OwnerNode::load();
  mine.instances = static_cast<std::uint32_t>(zones_.size());
  return mine;
}

void Lobby::monitor(std::vector<std::pair<std::string, std::string>>* fields) const {
  OwnerNode::monitor(fields);
  fields->emplace_back("zones", std::to_string(zones_.size()));
  fields->emplace_back("queue_waiting", std::to_string(matchmaker_.waiting()));
  fields->emplace_back("moves_corrected", std::to_string(moves_corrected_));
}

// Every owned player stands in the zone of its place and in no other; or could not be put there, and is being let go.
void Lobby::check_invariants() const {
  for (const auto& [place, zone] : zones_) {
    CHECK(zone->place() == place);
    for (const PlayerId member : zone->members()) {
      const auto at = players().find(member);
      CHECK(at != players().end() && at->second.place == place);
    }
  }
  for (const auto& [id, player] : players()) {
    if (player.state == Player::State::kLeaving || !player.session.linked) continue;
    const auto at = zones_.find(player.place);
    CHECK(at != zones_.end() && at->second->members().count(id) != 0);
  }
}

}  // namespace dure

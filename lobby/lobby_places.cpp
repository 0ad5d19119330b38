// The places of Lobby: which channels it holds, who arrives where, who walks from one to another.
#include <algorithm>
#include <set>

#include "common/proto/cluster.pb.h"
#include "common/proto/lobby.pb.h"
#include "lobby/lobby.h"

namespace dure {
namespace {
constexpr Duration kPromise = seconds(10);
constexpr std::uint32_t kCrowd = 1000;  // more than anywhere else
}  // namespace

std::vector<std::string> Lobby::all_places(const Content& content) {
  std::vector<std::string> places;
  for (const ZoneContent& zone : content.zones)
    for (std::uint32_t channel = 1; channel <= zone.channels; ++channel) places.push_back(place_of(zone.name, channel));
  places.push_back(kMatchPlace);
  return places;
}

void Lobby::places_notice(const From& from, const proto::PlacesNotice& notice) {
  keeper_.notice(from, notice);
  for (const auto& entry : notice.places()) forwarded_.erase(entry.place());
}

std::string Lobby::waits_for() const {
  if (std::string first = OwnerNode::waits_for(); !first.empty()) return first;
  for (const auto& place : keeper_.places())
    if (!keeper_.holder(place)) return "a holder of the place " + place;
  return {};
}

void Lobby::place_acquired(const std::string& place) {
  if (place == kMatchPlace || zones_.count(place)) return;
  std::uint64_t number = 0;
  for (const ZoneContent& content : options_.content.zones)
    for (std::uint32_t channel = 1; channel <= content.channels; ++channel) {
      ++number;
      if (place_of(content.name, channel) != place) continue;
      auto zone = std::make_unique<Zone>(number, content, channel, identity().realm_id, publisher_,
                                         [this](PlayerId watcher, const proto::CellChanged& cell) {
                                           if (const Player* player = find(watcher)) tell(*player, cell);
                                         });
      for (auto& feature : features_) feature->zone_opened(*zone);
      zones_.emplace(place, std::move(zone));
    }
}

void Lobby::place_lost(const std::string& place) {
  if (place == kMatchPlace) matchmaker_.clear();
  if (Zone* lost = zone(place)) evacuate(*lost);
}

// Who holds it and takes players.
NodeId Lobby::open_holder(const std::string& place) const {
  const NodeId holder = keeper_.holder(place);
  if (holder == id()) return stopping() ? NodeId() : holder;
  for (const NodeId peer : peers(Role::kGeneral, true))
    if (peer == holder) return holder;
  return {};
}

// With those who are on their way there.
std::uint32_t Lobby::crowd(const std::string& place) const {
  const auto sent = forwarded_.find(place);
  const auto coming = std::count_if(promised_.begin(), promised_.end(), [&](const auto& entry) {
    return entry.second.place == place && now() <= entry.second.until;
  });
  return keeper_.players(place) + static_cast<std::uint32_t>(coming) + (sent == forwarded_.end() ? 0 : sent->second);
}

std::string Lobby::emptiest_channel(const ZoneContent& content) const {
  std::string best;
  std::uint32_t fewest = 0;
  for (std::uint32_t channel = 1; channel <= content.channels; ++channel) {
    const std::string place = place_of(content.name, channel);
    if (!open_holder(place)) continue;
    const std::uint32_t here = crowd(place) + (unlucky("channel.crowded") ? kCrowd : 0);
    if (!best.empty() && here >= fewest) continue;
    best = place;
    fewest = here;
  }
  return best;
}

// Who asks for a zone is refused if nobody holds it, and stays where it is. Who only stood somewhere (a login by its
// row, who is handed over by its owner's word) goes home then; who was walked back from a fault goes home anyway.
OwnerNode::Placing Lobby::placing(const proto::Admit& admit) {
  Placing answer;
  const bool hinted =
      admit.zone().empty() && !admit.hint().zone().empty() && (admit.ticket() || admit.reason() != "fault");
  const std::string& name = hinted ? admit.hint().zone() : admit.zone();
  // A login has no channel to come back to: it takes the emptiest.
  const std::uint32_t channel = !hinted ? admit.channel() : admit.ticket() ? admit.hint().channel() : 0;
  const std::string wanted = place_of(name, channel);
  const ZoneContent* asked = content().zone(name);
  const ZoneContent& content_there = asked != nullptr ? *asked : content().home();
  std::string place = asked != nullptr && channel != 0 && channel <= asked->channels ? wanted : std::string();
  if (place.empty() || !open_holder(place)) place = emptiest_channel(content_there);
  if (place.empty() && hinted) place = emptiest_channel(content().home());
  const NodeId holder = place.empty() ? NodeId() : open_holder(place);
  if (!holder) {
    answer.code = proto::BUSY;
  } else if (holder != id()) {
    answer.forward = holder;
    ++forwarded_[place];
  } else if (!zones_.count(place)) {
    answer.code = proto::BUSY;
  } else {
    answer.here = true;
    answer.place = place;
    promised_[PlayerId(admit.player_id())] = Promise{place, now() + kPromise};
  }
  return answer;
}

bool Lobby::still_open(const std::string& place, const proto::Admit&) const {
  return zones_.count(place) != 0 && keeper_.mine(place);
}

void Lobby::arrive(Player& player, Zone& zone, const proto::Admit& admit, bool fresh) {
  player.subject = zone.number();
  if (fresh) {
    const bool known = admit.has_hint() && admit.hint().zone() == zone.content().name;
    player.position = known ? zone.area().clamp({admit.hint().x_cm(), admit.hint().y_cm()}) : zone.spawn(rng());
  }
  put(player, zone);
}

void Lobby::put(Player& player, Zone& zone) {
  player.zone_hint = zone.content().name;
  player.channel_hint = zone.channel();
  for (auto& feature : features_) feature->player_arrived(player);
  zone.enter(player, tick_number());
}

// ── moving on ───────────────────────────────────────────────────────────────────────────────────────────────

void Lobby::walk(PlayerRef ref, const std::string& place) {
  Player* player = find(ref);
  if (player == nullptr || player->state != Player::State::kActive) return;
  Zone* there = zone(place);
  if (there == nullptr || !keeper_.mine(place)) {
    spawn(hand_to(ref, place, "zone"));
    return;
  }
  on_left(*player);
  player->place = place;
  player->subject = there->number();
  player->position = there->spawn(rng());
  // The same owner and epoch, another place: the gateway tells the client, whose full state follows.
  proto::RouteSet route;
  route.set_session_id(player->session.session.value);
  route.set_session_epoch(player->session.epoch);
  route.set_player_id(player->id.value);
  route.set_player_epoch(player->epoch);
  route.set_place(place);
  route.set_place_kind(place_kind());
  if (player->session.linked) send(player->session.gateway, route);
  put(*player, *there);
  tell_state(*player);
  tell_presence(*player);
}

Task<void> Lobby::hand_to(PlayerRef ref, std::string place, std::string reason) {
  Player* player = find(ref);
  const NodeId holder = open_holder(place);
  if (player == nullptr || !holder || holder == id()) co_return;
  end_wait(*player);
  const auto slash = place.rfind('/');
  proto::Admit admit;
  admit.set_reason(reason);
  admit.set_ticket(true);
  admit.set_zone(place.substr(0, slash));
  admit.set_channel(static_cast<std::uint32_t>(std::stoul(place.substr(slash + 1))));
  (void)co_await hand_over(ref, holder, admit);
}

void Lobby::evacuate(Zone& zone) {
  const std::set<PlayerId> members = zone.members();
  for (const PlayerId member : members)
    if (const Player* player = find(member); player != nullptr && player->state == Player::State::kActive)
      spawn(hand_to(PlayerRef{member, player->epoch}, zone.place(), "place"));
}

// The ground is new at once, so that everybody sees somebody; each player is then acquired again, since what the fault
// touched is not known.
void Lobby::rebuild(Zone& zone) {
  zone.rebuild();
  zone.resumes = now() + seconds(1) * std::min<std::uint32_t>(zone.rebuilt, 8);
  log().event(LogLevel::kWarning, "zone.rebuilt", {{"place", zone.place()}, {"times", zone.rebuilt}});
  for (auto& feature : features_) feature->zone_opened(zone);
  std::vector<PlayerId> members(zone.members().begin(), zone.members().end());
  for (const PlayerId member : members)
    if (const Player* player = find(member)) zone.enter(*player, tick_number());
  OwnerNode::on_players_faulted(members, Fault());
}

}  // namespace dure

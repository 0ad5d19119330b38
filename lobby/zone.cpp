#include "lobby/zone.h"

#include "common/base/hash.h"
#include "common/proto/lobby.pb.h"

namespace dure {
namespace {
// Above every player id (63 bits), and distinct per zone.
constexpr std::uint64_t kNpcBit = 1ull << 63;
}  // namespace

std::string place_of(const std::string& zone, std::uint32_t channel) { return zone + "/" + std::to_string(channel); }

Zone::Zone(std::uint64_t number, const ZoneContent& content, std::uint32_t channel, std::uint32_t realm,
           TopicPublisher& publisher, Area::TellWhole tell_whole)
    : number_(number),
      content_(content),
      channel_(channel),
      realm_(realm),
      publisher_(publisher),
      tell_whole_(std::move(tell_whole)),
      place_(place_of(content.name, channel)) {
  make_area();
}

void Zone::make_area() {
  AreaOptions options;
  options.topic.kind = TopicKind::kCell;
  options.topic.realm = realm_;
  options.topic.place = fnv1a(content_.name);
  options.topic.channel = channel_;
  options.width_cm = content_.width_cm;
  options.height_cm = content_.height_cm;
  options.cell_cm = content_.cell_cm;
  area_ = std::make_unique<Area>(publisher_, options, tell_whole_);
}

void Zone::add_npc(const std::string& name, Position position) {
  const EntityId id(kNpcBit | number_ << 32 | (npcs_.size() + 1));
  npcs_[name] = id;
  area_->enter({id, name, "npc", position, 1, 1});
}

const AreaEntity* Zone::npc(const std::string& name) const {
  const auto at = npcs_.find(name);
  return at == npcs_.end() ? nullptr : area_->find(at->second);
}

void Zone::enter(const Player& player, std::uint64_t tick) {
  members_.insert(player.id);
  area_->enter(
      {EntityId(player.id.value), player.name, "player", player.position, player.hit_points, player.hit_points_max});
  if (player.session.linked) area_->watch(player.id, player.session, player.epoch, tick);
}

void Zone::leave(PlayerId player) {
  area_->unwatch(player, true);
  area_->leave(EntityId(player.value));
  members_.erase(player);
  paces_.erase(player);
}

Position Zone::spawn(Rng& rng) const {
  Position at = content_.spawn;
  if (content_.spawn_spread_cm > 0) {
    const auto spread = static_cast<std::uint64_t>(content_.spawn_spread_cm) * 2 + 1;
    at.x_cm += static_cast<std::int32_t>(rng.below(spread)) - content_.spawn_spread_cm;
    at.y_cm += static_cast<std::int32_t>(rng.below(spread)) - content_.spawn_spread_cm;
  }
  return area_->clamp(at);
}

void Zone::tick(std::uint64_t tick) {
  CHECK_MSG(!broken, "a developer broke this zone");
  area_->publish(tick);
}

void Zone::rebuild() {
  for (const PlayerId player : members_) area_->unwatch(player, true);
  broken = false;
  ++rebuilt;
  npcs_.clear();
  make_area();
}

}  // namespace dure

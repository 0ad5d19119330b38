// One channel of a zone while this node holds its place: the ground, the npcs on it, the players in it. What it shows
// is published once a tick. A tick that throws loses the ground's bookkeeping and nothing of value: the lobby builds
// the zone again. Logic thread only.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/game/area.h"
#include "common/game/content.h"
#include "common/game/movement.h"

namespace dure {

class Zone {
 public:
  // `number`: the zone's own number in this node, the subject of its faults. `content` outlives the zone.
  Zone(std::uint64_t number, const ZoneContent& content, std::uint32_t channel, std::uint32_t realm,
       TopicPublisher& publisher, Area::TellWhole tell_whole);

  const std::string& place() const { return place_; }
  const ZoneContent& content() const { return content_; }
  std::uint32_t channel() const { return channel_; }
  std::uint64_t number() const { return number_; }
  Area& area() { return *area_; }

  void add_npc(const std::string& name, Position position);
  const AreaEntity* npc(const std::string& name) const;

  // The player stands at player.position and its session watches from there.
  void enter(const Player& player, std::uint64_t tick);
  void leave(PlayerId player);
  const std::set<PlayerId>& members() const { return members_; }
  Pace& pace(PlayerId player) { return paces_[player]; }
  // Where one arrives without a better place: around the spawn.
  Position spawn(Rng& rng) const;

  void tick(std::uint64_t tick);
  // Everything known of who stands and watches here is doubtful: forgets it, gateways are told. Npcs come again.
  void rebuild();

  MonoTime resumes{};         // after a fault: no tick before
  std::uint32_t rebuilt = 0;  // how often
  bool broken = false;        // a developer asked the next tick to throw

 private:
  void make_area();
  std::uint64_t number_;
  const ZoneContent& content_;
  std::uint32_t channel_, realm_;
  TopicPublisher& publisher_;
  Area::TellWhole tell_whole_;
  std::string place_;
  std::unique_ptr<Area> area_;
  std::map<std::string, EntityId> npcs_;
  std::set<PlayerId> members_;
  std::map<PlayerId, Pace> paces_;
};

// "town", 2 → "town/2".
std::string place_of(const std::string& zone, std::uint32_t channel);

}  // namespace dure

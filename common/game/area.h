// A piece of ground that entities stand on and players watch: a zone channel or a dungeon instance. Area of interest by
// cell topics: a watcher hears the 3 × 3 cells around its own entity; what changed in a cell is published once a tick,
// and only where somebody listens. Logic thread only.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/game/player.h"
#include "common/logic/publisher.h"

namespace dure {

namespace proto {
class CellChanged;
class EntitySeen;
}  // namespace proto

struct AreaEntity {
  EntityId id;
  std::string name;
  std::string kind;  // "player", "npc", "monster": the game's word
  Position position;
  std::uint32_t hit_points = 1, hit_points_max = 1;
};

struct AreaOptions {
  TopicKey topic;  // cell_x and cell_y are filled in
  std::int32_t width_cm = 25600, height_cm = 25600;
  std::int32_t cell_cm = 3200;
};

class Area {
 public:
  // A whole cell for one watcher, sent at once after its subscription.
  using TellWhole = std::function<void(PlayerId watcher, const proto::CellChanged& cell)>;
  Area(TopicPublisher& publisher, AreaOptions options, TellWhole tell_whole);

  void enter(const AreaEntity& entity);
  void leave(EntityId id);
  // Clamped to the ground.
  void move(EntityId id, Position to);
  void hit_points(EntityId id, std::uint32_t now);
  const AreaEntity* find(EntityId id) const;
  const std::map<EntityId, AreaEntity>& entities() const { return entities_; }
  bool inside(Position position) const;
  Position clamp(Position position) const;

  // The session follows the player's own entity, which must be here. Again with another binding: moves the watch.
  void watch(PlayerId player, const SessionBinding& session, std::uint64_t player_epoch, std::uint64_t tick);
  void unwatch(PlayerId player, bool tell_gateway);
  // Frames of this topic did not reach the watcher: it is told the cell whole, or with another topic all its cells.
  void show_again(PlayerId player, const TopicKey& topic, std::uint64_t tick);

  // Publishes what changed since the last call.
  void publish(std::uint64_t tick);
  std::size_t watchers() const { return watchers_.size(); }

 private:
  using Cell = std::pair<std::int32_t, std::int32_t>;
  struct Changes {
    std::set<EntityId> moved, entered, left;
  };
  struct Watcher {
    SessionBinding session;
    std::uint64_t player_epoch = 0;
    std::set<Cell> cells;
  };
  Cell cell_of(Position position) const;
  std::set<Cell> around(Cell cell) const;
  TopicKey topic_of(Cell cell) const;
  void fill(const AreaEntity& entity, proto::EntitySeen* seen) const;
  void retarget(PlayerId player, Watcher& watcher, std::uint64_t tick);
  void show(PlayerId player, Cell cell, std::uint64_t tick);

  TopicPublisher& publisher_;
  AreaOptions options_;
  TellWhole tell_whole_;
  std::map<EntityId, AreaEntity> entities_;
  std::map<Cell, std::set<EntityId>> cells_;
  std::map<Cell, Changes> changes_;
  std::map<PlayerId, Watcher> watchers_;
  std::set<PlayerId> stale_;  // watchers whose entity changed its cell
  std::uint64_t tick_ = 0;
};

}  // namespace dure

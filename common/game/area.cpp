#include "common/game/area.h"

#include <algorithm>

#include "common/proto/lobby.pb.h"

namespace dure {

Area::Area(TopicPublisher& publisher, AreaOptions options, TellWhole tell_whole)
    : publisher_(publisher), options_(options), tell_whole_(std::move(tell_whole)) {
  CHECK(options_.cell_cm > 0 && options_.width_cm > 0 && options_.height_cm > 0);
}

Area::Cell Area::cell_of(Position p) const { return {p.x_cm / options_.cell_cm, p.y_cm / options_.cell_cm}; }

std::set<Area::Cell> Area::around(Cell cell) const {
  const std::int32_t last_x = (options_.width_cm - 1) / options_.cell_cm;
  const std::int32_t last_y = (options_.height_cm - 1) / options_.cell_cm;
  std::set<Cell> cells;
  for (std::int32_t x = std::max(0, cell.first - 1); x <= std::min(last_x, cell.first + 1); ++x)
    for (std::int32_t y = std::max(0, cell.second - 1); y <= std::min(last_y, cell.second + 1); ++y)
      cells.insert({x, y});
  return cells;
}

TopicKey Area::topic_of(Cell cell) const {
  TopicKey key = options_.topic;
  key.cell_x = cell.first;
  key.cell_y = cell.second;
  return key;
}

bool Area::inside(Position p) const {
  return p.x_cm >= 0 && p.y_cm >= 0 && p.x_cm < options_.width_cm && p.y_cm < options_.height_cm;
}

Position Area::clamp(Position p) const {
  return {std::clamp(p.x_cm, 0, options_.width_cm - 1), std::clamp(p.y_cm, 0, options_.height_cm - 1)};
}

const AreaEntity* Area::find(EntityId id) const {
  const auto at = entities_.find(id);
  return at == entities_.end() ? nullptr : &at->second;
}

void Area::enter(const AreaEntity& entity) {
  leave(entity.id);
  AreaEntity& here = entities_[entity.id] = entity;
  here.position = clamp(entity.position);
  const Cell cell = cell_of(here.position);
  cells_[cell].insert(here.id);
  changes_[cell].entered.insert(here.id);
  changes_[cell].left.erase(here.id);
}

void Area::leave(EntityId id) {
  const auto at = entities_.find(id);
  if (at == entities_.end()) return;
  const Cell cell = cell_of(at->second.position);
  entities_.erase(at);
  cells_[cell].erase(id);
  Changes& changes = changes_[cell];
  changes.moved.erase(id);
  changes.entered.erase(id);
  changes.left.insert(id);
}

void Area::move(EntityId id, Position to) {
  const auto at = entities_.find(id);
  if (at == entities_.end()) return;
  const Cell before = cell_of(at->second.position);
  at->second.position = clamp(to);
  const Cell after = cell_of(at->second.position);
  if (before == after) {
    changes_[after].moved.insert(id);
    return;
  }
  cells_[before].erase(id);
  Changes& left = changes_[before];
  left.moved.erase(id);
  left.entered.erase(id);
  left.left.insert(id);
  cells_[after].insert(id);
  Changes& entered = changes_[after];
  entered.entered.insert(id);
  entered.left.erase(id);
  if (watchers_.count(PlayerId(id.value))) stale_.insert(PlayerId(id.value));
}

void Area::hit_points(EntityId id, std::uint32_t now) {
  const auto at = entities_.find(id);
  if (at != entities_.end()) at->second.hit_points = now;
}

void Area::fill(const AreaEntity& entity, proto::EntitySeen* seen) const {
  seen->set_entity_id(entity.id.value);
  seen->set_name(entity.name);
  seen->set_kind(entity.kind);
  seen->set_x_cm(entity.position.x_cm);
  seen->set_y_cm(entity.position.y_cm);
  seen->set_hit_points(entity.hit_points);
  seen->set_hit_points_max(entity.hit_points_max);
}

void Area::watch(PlayerId player, const SessionBinding& session, std::uint64_t player_epoch, std::uint64_t tick) {
  unwatch(player, false);
  Watcher& watcher = watchers_[player];
  watcher.session = session;
  watcher.player_epoch = player_epoch;
  retarget(player, watcher, tick);
}

void Area::unwatch(PlayerId player, bool tell_gateway) {
  const auto at = watchers_.find(player);
  if (at == watchers_.end()) return;
  publisher_.drop(at->second.session.gateway, at->second.session.session, tell_gateway);
  watchers_.erase(at);
  stale_.erase(player);
}

void Area::retarget(PlayerId player, Watcher& watcher, std::uint64_t tick) {
  const auto at = entities_.find(EntityId(player.value));
  if (at == entities_.end()) return;
  const std::set<Cell> wanted = around(cell_of(at->second.position));
  std::vector<TopicKey> gone, fresh;
  std::vector<Cell> seen;
  for (const Cell& cell : watcher.cells)
    if (!wanted.count(cell)) gone.push_back(topic_of(cell));
  for (const Cell& cell : wanted)
    if (!watcher.cells.count(cell)) {
      fresh.push_back(topic_of(cell));
      seen.push_back(cell);
    }
  watcher.cells = wanted;
  const SessionBinding& session = watcher.session;
  if (!gone.empty()) publisher_.unsubscribe(session.gateway, session.session, gone);
  if (!fresh.empty()) publisher_.subscribe(session.gateway, session.session, player, watcher.player_epoch, fresh);
  for (const Cell& cell : seen) show(player, cell, tick);
}

void Area::show(PlayerId player, Cell cell, std::uint64_t tick) {
  proto::CellChanged whole;
  whole.set_tick(tick);
  whole.set_cell_x(cell.first);
  whole.set_cell_y(cell.second);
  whole.set_whole(true);
  if (const auto there = cells_.find(cell); there != cells_.end())
    for (const EntityId id : there->second) fill(entities_.at(id), whole.add_entered());
  tell_whole_(player, whole);
}

void Area::show_again(PlayerId player, const TopicKey& topic, std::uint64_t tick) {
  const auto at = watchers_.find(player);
  if (at == watchers_.end()) return;
  const Cell cell{topic.cell_x, topic.cell_y};
  const bool one = topic == topic_of(cell);
  for (const Cell& watched : std::set<Cell>(at->second.cells))
    if (!one || watched == cell) show(player, watched, tick);
}

void Area::publish(std::uint64_t tick) {
  tick_ = tick;
  for (const auto& [cell, changes] : changes_) {
    const TopicKey topic = topic_of(cell);
    if (!publisher_.heard(topic)) continue;
    if (!changes.entered.empty() || !changes.left.empty()) {
      proto::CellChanged message;
      message.set_tick(tick);
      message.set_cell_x(cell.first);
      message.set_cell_y(cell.second);
      for (const EntityId id : changes.entered)
        if (const auto at = entities_.find(id); at != entities_.end()) fill(at->second, message.add_entered());
      for (const EntityId id : changes.left) message.add_left(id.value);
      publisher_.publish(topic, message);
    }
    proto::CellUpdate update;
    for (const EntityId id : changes.moved) {
      const auto at = entities_.find(id);
      if (at == entities_.end() || changes.entered.count(id)) continue;
      auto* moved = update.add_moved();
      moved->set_entity_id(id.value);
      moved->set_x_cm(at->second.position.x_cm);
      moved->set_y_cm(at->second.position.y_cm);
    }
    if (update.moved_size() == 0) continue;
    update.set_tick(tick);
    update.set_cell_x(cell.first);
    update.set_cell_y(cell.second);
    publisher_.publish(topic, update);
  }
  changes_.clear();
  // After the changes: a watcher that comes into a cell sees it whole, then only what is newer.
  for (const PlayerId player : std::exchange(stale_, {}))
    if (const auto at = watchers_.find(player); at != watchers_.end()) retarget(player, at->second, tick);
}

}  // namespace dure

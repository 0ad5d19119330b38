// What the engine needs of a game's content: zones and dungeons, named; rules and prices are the game's own business.
// Read from TOML texts that whoever composes the process has opened. Plain values, any thread.
//
//   [[zone]]                                 [[dungeon]]         (other keys of a dungeon are its handler's)
//   name = "town"                            name = "cellar"
//   channels = 2                             handler = "waves"   which run handler plays it
//   width_cm, height_cm, cell_cm             players = 4
//   spawn_x_cm, spawn_y_cm, spawn_spread_cm  return_zone = "town"
//   speed_max_cm_s, portals = ["field"], safe = true
//   link_dead_s
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/game/content_table.h"
#include "common/game/player.h"

namespace dure {

struct ZoneContent {
  std::string name;
  std::uint32_t channels = 1;
  std::int32_t width_cm = 25600, height_cm = 25600;
  std::int32_t cell_cm = 3200;
  Position spawn;
  std::int32_t spawn_spread_cm = 0;  // arrivals are scattered so far around the spawn
  std::uint32_t speed_max_cm_s = 600;
  std::vector<std::string> portals;   // zones one may walk to from here
  bool safe = false;                  // who has no better place arrives in the first safe zone
  std::optional<Duration> link_dead;  // how long a character stays without a socket; none: as the node's settings say
};

struct DungeonContent {
  std::string name;
  std::string handler;
  std::uint32_t players = 4;
  std::string return_zone;
};

struct Content {
  std::vector<ZoneContent> zones;
  std::vector<DungeonContent> dungeons;

  const ZoneContent* zone(const std::string& name) const;
  const DungeonContent* dungeon(const std::string& name) const;
  // Where one arrives who has no better place: the first safe zone, else the first. CHECKs that there is one.
  const ZoneContent& home() const;
};

// Errors name file, line, column, key and what is allowed. Portals and return zones lead to zones that exist.
[[nodiscard]] Result<Content> parse_content(const ContentFile& zones, const ContentFile& dungeons);

}  // namespace dure

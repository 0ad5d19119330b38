#include "common/game/content.h"

#include <algorithm>

#include "common/base/check.h"

namespace dure {
namespace {

constexpr std::int64_t kGroundMaxCm = 1'000'000;

std::int32_t centimetres(ContentTable& in, const char* key, std::int64_t least, std::int64_t most,
                         std::int64_t fallback) {
  return static_cast<std::int32_t>(in.number(key, least, most, fallback));
}

ZoneContent read_zone(ContentTable& in) {
  ZoneContent zone;
  zone.name = in.text("name");
  if (zone.name.find('/') != std::string::npos) in.refuse("name", "a zone's name has no '/'");
  zone.channels = static_cast<std::uint32_t>(in.number("channels", 1, 100, 1));
  zone.width_cm = centimetres(in, "width_cm", 100, kGroundMaxCm, zone.width_cm);
  zone.height_cm = centimetres(in, "height_cm", 100, kGroundMaxCm, zone.height_cm);
  zone.cell_cm = centimetres(in, "cell_cm", 100, kGroundMaxCm, zone.cell_cm);
  zone.spawn.x_cm = centimetres(in, "spawn_x_cm", 0, zone.width_cm - 1, zone.width_cm / 2);
  zone.spawn.y_cm = centimetres(in, "spawn_y_cm", 0, zone.height_cm - 1, zone.height_cm / 2);
  zone.spawn_spread_cm = centimetres(in, "spawn_spread_cm", 0, kGroundMaxCm, 0);
  zone.speed_max_cm_s = static_cast<std::uint32_t>(in.number("speed_max_cm_s", 1, 10000, zone.speed_max_cm_s));
  zone.portals = in.texts("portals");
  zone.safe = in.flag("safe", false);
  if (in.has("link_dead_s")) zone.link_dead = seconds(in.number("link_dead_s", 0, 3600));
  return zone;
}

DungeonContent read_dungeon(ContentTable& in) {
  DungeonContent dungeon;
  dungeon.name = in.text("name");
  dungeon.handler = in.text("handler");
  dungeon.players = static_cast<std::uint32_t>(in.number("players", 1, 40, 4));
  dungeon.return_zone = in.text("return_zone");
  in.rest_is_not_mine();
  return dungeon;
}

template <class Named>
const Named* find_named(const std::vector<Named>& all, const std::string& name) {
  const auto at = std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

const ZoneContent* Content::zone(const std::string& name) const { return find_named(zones, name); }
const DungeonContent* Content::dungeon(const std::string& name) const { return find_named(dungeons, name); }

const ZoneContent& Content::home() const {
  CHECK(!zones.empty());
  const auto at = std::find_if(zones.begin(), zones.end(), [](const ZoneContent& zone) { return zone.safe; });
  return at == zones.end() ? zones.front() : *at;
}

Result<Content> parse_content(const ContentFile& zones, const ContentFile& dungeons) {
  Content content;
  auto zones_root = ContentTable::parse(zones);
  if (!zones_root) return tl::unexpected<Error>(zones_root.error());
  auto zone_tables = zones_root->tables("zone");
  if (zone_tables.empty()) zones_root->refuse("zone", "at least one [[zone]] is needed");
  for (auto& table : zone_tables) {
    ZoneContent zone = read_zone(table);
    if (content.zone(zone.name) != nullptr) table.refuse("name", "a second zone of that name");
    content.zones.push_back(std::move(zone));
  }
  for (std::size_t i = 0; i < content.zones.size(); ++i)
    for (const auto& portal : content.zones[i].portals)
      if (content.zone(portal) == nullptr) zone_tables[i].refuse("portals", "no zone is named '" + portal + "'");
  if (auto whole = zones_root->finish(); !whole) return tl::unexpected<Error>(whole.error());

  auto dungeons_root = ContentTable::parse(dungeons);
  if (!dungeons_root) return tl::unexpected<Error>(dungeons_root.error());
  dungeons_root->rest_is_not_mine();
  for (auto& table : dungeons_root->tables("dungeon")) {
    DungeonContent dungeon = read_dungeon(table);
    if (content.dungeon(dungeon.name) != nullptr) table.refuse("name", "a second dungeon of that name");
    if (content.zone(dungeon.return_zone) == nullptr)
      table.refuse("return_zone", "no zone is named '" + dungeon.return_zone + "'");
    content.dungeons.push_back(std::move(dungeon));
  }
  if (auto whole = dungeons_root->finish(); !whole) return tl::unexpected<Error>(whole.error());
  return content;
}

}  // namespace dure

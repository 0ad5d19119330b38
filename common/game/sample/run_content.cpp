#include "common/game/sample/run_content.h"

namespace dure::sample {
namespace {

std::vector<LootEntry> read_loot(ContentTable& in) {
  std::vector<LootEntry> loot;
  for (auto& entry : in.tables("loot")) {
    LootEntry one;
    one.template_name = entry.text("template");
    one.stack = entry.flag("stack", false);
    one.count = entry.number("count", 1, 1000, 1);
    one.chance = entry.real("chance", 0, 1, 1);
    loot.push_back(std::move(one));
  }
  return loot;
}

MonsterKind read_monster(const std::string& name, ContentTable& in) {
  MonsterKind kind;
  const auto number = [&in](const char* key, std::int64_t least, std::int64_t most, std::int64_t fallback) {
    return static_cast<std::uint32_t>(in.number(key, least, most, fallback));
  };
  kind.name = name;
  kind.hit_points = number("hit_points", 1, 1'000'000, kind.hit_points);
  kind.fighter.attack = number("attack", 0, 100'000, 8);
  kind.fighter.defence = number("defence", 0, 100'000, 0);
  kind.speed_cm_s = number("speed_cm_s", 0, 5'000, kind.speed_cm_s);
  kind.attack_interval_ms = number("attack_interval_ms", 100, 60'000, kind.attack_interval_ms);
  kind.experience = in.number("experience", 0, 1'000'000, kind.experience);
  kind.gold = in.number("gold", 0, 1'000'000, kind.gold);
  kind.loot = read_loot(in);
  return kind;
}

RunContent read_run(ContentTable& in, const std::map<std::string, MonsterKind>& monsters) {
  RunContent content;
  content.fee_gold = in.number("fee_gold", 0, 1'000'000, content.fee_gold);
  const std::string loot = in.text("loot", "killer");
  const std::map<std::string, Split> splits{
      {"killer", Split::kKiller}, {"round_robin", Split::kRoundRobin}, {"roll", Split::kRoll}};
  if (const auto split = splits.find(loot); split != splits.end())
    content.loot = split->second;
  else
    in.refuse("loot", "killer, round_robin or roll is needed");
  content.reward_gold = in.number("reward_gold", 0, 1'000'000, content.reward_gold);
  content.reward_experience = in.number("reward_experience", 0, 1'000'000, content.reward_experience);
  auto waves = in.tables("wave");
  if (waves.empty()) in.refuse("wave", "at least one [[dungeon.wave]] is needed");
  for (auto& table : waves) {
    Wave wave;
    for (const auto& kind : table.keys()) {
      wave.monsters.emplace_back(kind, static_cast<std::uint32_t>(table.number(kind, 1, 100)));
      if (!monsters.count(kind)) table.refuse(kind, "no [monster." + kind + "] in this file");
    }
    content.waves.push_back(std::move(wave));
  }
  in.rest_is_not_mine();  // the engine's: common/game/content.h
  return content;
}

}  // namespace

Result<RunsContent> parse_runs(const ContentFile& file) {
  auto root = ContentTable::parse(file);
  if (!root) return tl::unexpected<Error>(root.error());
  RunsContent content;
  if (root->has("monster")) {
    ContentTable monsters = root->table("monster");
    for (const auto& name : monsters.keys()) {
      ContentTable monster = monsters.table(name);
      content.monsters[name] = read_monster(name, monster);
    }
  }
  for (auto& dungeon : root->tables("dungeon")) {
    const std::string name = dungeon.text("name");
    content.runs[name] = read_run(dungeon, content.monsters);
  }
  if (auto whole = root->finish(); !whole) return tl::unexpected<Error>(whole.error());
  return content;
}

}  // namespace dure::sample

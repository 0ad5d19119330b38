// What the sample's dungeon runs are made of, read from configs/content/dungeons.toml. Plain values.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "common/game/content_table.h"
#include "common/game/sample/combat.h"
#include "common/game/sample/loot_split.h"

namespace dure::sample {

struct MonsterKind {
  std::string name;
  std::uint32_t hit_points = 30;
  Fighter fighter;
  std::uint32_t speed_cm_s = 250;
  std::uint32_t attack_interval_ms = 1500;
  std::int64_t experience = 10;
  std::int64_t gold = 5;
  std::vector<LootEntry> loot;
};
struct Wave {
  std::vector<std::pair<std::string, std::uint32_t>> monsters;  // kind, count
};
struct RunContent {
  std::vector<Wave> waves;
  std::int64_t fee_gold = 0;  // to enter: common/game/sample/entry_fee.h
  Split loot = Split::kKiller;
  std::int64_t reward_gold = 50;
  std::int64_t reward_experience = 50;
};
struct RunsContent {
  std::map<std::string, MonsterKind> monsters;
  std::map<std::string, RunContent> runs;  // by dungeon name
};

// Errors name file, line, column, key and what is allowed.
[[nodiscard]] Result<RunsContent> parse_runs(const ContentFile& file);

}  // namespace dure::sample

// Fighting as plain functions over values: no messages, no clock; time and chance are arguments.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/time.h"

namespace dure::sample {

struct Fighter {
  std::uint32_t attack = 10;
  std::uint32_t defence = 0;
};

// attack ± 20 %, less defence, at least 1.
std::uint32_t damage(const Fighter& attacker, const Fighter& defender, Rng& rng);

// Level n begins at 50 · n · (n - 1) experience.
std::uint32_t level_of(std::int64_t experience);
// What a character's level and weapon make of it.
Fighter player_fighter(std::uint32_t level, std::int64_t weapon_power);
std::uint32_t player_hit_points(std::uint32_t level);

// Once per interval: true uses it up.
struct Cooldown {
  MonoTime ready{};
};
[[nodiscard]] bool use(Cooldown* cooldown, Duration interval, MonoTime now);
std::uint32_t wait_ms(const Cooldown& cooldown, MonoTime now);

struct LootEntry {
  std::string template_name;  // an item, or a stack where `stack`
  bool stack = false;
  std::int64_t count = 1;
  double chance = 0.1;
};
// What one kill drops: each entry is drawn by itself.
std::vector<LootEntry> roll_loot(const std::vector<LootEntry>& table, Rng& rng);

}  // namespace dure::sample

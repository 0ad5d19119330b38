#include "common/game/sample/combat.h"

#include <algorithm>

namespace dure::sample {

std::uint32_t damage(const Fighter& attacker, const Fighter& defender, Rng& rng) {
  const std::uint64_t percent = 80 + rng.below(41);
  const std::uint64_t raw = attacker.attack * percent / 100;
  return static_cast<std::uint32_t>(raw > defender.defence ? std::max<std::uint64_t>(1, raw - defender.defence) : 1);
}

std::uint32_t level_of(std::int64_t experience) {
  std::uint32_t level = 1;
  while (level < 100 && experience >= 50ll * (level + 1) * level) ++level;
  return level;
}

Fighter player_fighter(std::uint32_t level, std::int64_t weapon_power) {
  const auto power = static_cast<std::uint32_t>(std::clamp<std::int64_t>(weapon_power, 0, 10000));
  return {8 + 2 * level + power, level};
}

std::uint32_t player_hit_points(std::uint32_t level) { return 100 + 10 * level; }

bool use(Cooldown* cooldown, Duration interval, MonoTime now) {
  if (now < cooldown->ready) return false;
  cooldown->ready = now + interval;
  return true;
}

std::uint32_t wait_ms(const Cooldown& cooldown, MonoTime now) {
  return now >= cooldown.ready ? 0 : static_cast<std::uint32_t>(to_ms(cooldown.ready - now)) + 1;
}

std::vector<LootEntry> roll_loot(const std::vector<LootEntry>& table, Rng& rng) {
  std::vector<LootEntry> dropped;
  for (const auto& entry : table)
    if (rng.chance(entry.chance)) dropped.push_back(entry);
  return dropped;
}

}  // namespace dure::sample

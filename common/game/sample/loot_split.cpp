#include "common/game/sample/loot_split.h"

#include <algorithm>

namespace dure::sample {

std::vector<PlayerId> sharers(const std::vector<PlayerId>& present, PlayerId killer,
                              const std::function<std::uint64_t(PlayerId)>& party) {
  std::vector<PlayerId> group;
  for (const PlayerId player : present)
    if (party(player) == party(killer)) group.push_back(player);
  return group;
}

std::vector<Roll> LootSplit::order(const std::vector<PlayerId>& present, PlayerId killer, Rng& rng) const {
  std::vector<Roll> all;
  for (const PlayerId player : present) all.push_back({player, 0});
  if (split_ == Split::kRoll) {
    for (Roll& one : all) one.roll = 1 + static_cast<std::uint32_t>(rng.below(100));
    // Of equals the killer, then the lower id: the order does not depend on who asks.
    std::stable_sort(all.begin(), all.end(), [killer](const Roll& a, const Roll& b) {
      return a.roll != b.roll ? a.roll > b.roll : a.player == killer && b.player != killer;
    });
    return all;
  }
  const PlayerId first = split_ == Split::kKiller ? killer : PlayerId(last_.value + 1);
  const auto from = std::find_if(all.begin(), all.end(), [first](const Roll& one) { return !(one.player < first); });
  std::rotate(all.begin(), from == all.end() ? all.begin() : from, all.end());
  return all;
}

}  // namespace dure::sample

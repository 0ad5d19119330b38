#include "common/game/blocks.h"

#include "common/game/mirror.h"

namespace dure {

std::string block_slot(int index) { return kBlockPrefix + std::string(index < 10 ? "0" : "") + std::to_string(index); }

std::vector<PlayerId> blocked_by(const Mirror& mirror) {
  std::vector<PlayerId> all;
  const std::string prefix = kBlockPrefix;
  for (auto at = mirror.counters().lower_bound(prefix);
       at != mirror.counters().end() && at->first.compare(0, prefix.size(), prefix) == 0; ++at)
    if (at->second > 0) all.emplace_back(static_cast<std::uint64_t>(at->second));
  return all;
}

int find_block(const Mirror& mirror, PlayerId other) {
  for (int slot = 1; slot <= kBlocksMost; ++slot)
    if (mirror.counter(block_slot(slot)) == static_cast<std::int64_t>(other.value)) return slot;
  return 0;
}

bool blocks(const Mirror& mirror, PlayerId other) { return other && find_block(mirror, other) != 0; }

}  // namespace dure

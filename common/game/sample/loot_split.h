// Who of a group gets a drop: decided in memory by the instance, one receiver a drop. The answer is an order: the next
// one is asked only if the one before could not be given it here, in this process, before anything was proposed. What
// was proposed once is never proposed to another (no answer is no proof). Plain value, logic thread.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/random.h"

namespace dure::sample {

enum class Split { kKiller, kRoundRobin, kRoll };

struct Roll {
  PlayerId player;
  std::uint32_t roll = 0;  // 1–100; 0: it was not rolled for
};

// Who shares what the killer's victim drops: of those present its party; if it has none, whoever has none either.
std::vector<PlayerId> sharers(const std::vector<PlayerId>& present, PlayerId killer,
                              const std::function<std::uint64_t(PlayerId)>& party);

class LootSplit {
 public:
  explicit LootSplit(Split split) : split_(split) {}
  // `present` is sorted and holds the killer, if it is here. The first is who gets it.
  std::vector<Roll> order(const std::vector<PlayerId>& present, PlayerId killer, Rng& rng) const;
  // It got the drop: round robin goes on behind it.
  void gave(PlayerId player) { last_ = player; }

 private:
  Split split_;
  PlayerId last_;
};

}  // namespace dure::sample

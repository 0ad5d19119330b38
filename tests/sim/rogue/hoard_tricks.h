// The table of what the rogue asks of its aggregate without an owner that nobody may do to one, and what it may. One
// thread.
#pragma once
#include "tests/sim/rogue/own_hoard.h"
#include "tests/sim/rogue/owner_trick.h"

namespace dure::sim {

struct HoardScene {
  const OwnHoard& hoard;
  const Scene& scene;

  // Computed from the last reading; nothing in it.
  proto::OwnerlessApply apply() const;
};

struct HoardTrick {
  const char* rule;
  std::set<int> allowed;
  std::optional<proto::OwnerlessApply> (*ask)(const HoardScene&, Rng&);  // nullopt: it fits not now
  Leaves leaves = Leaves::kValue;
};

const std::vector<HoardTrick>& hoard_tricks();
// Claims, spends, sends and changes of records, as they come.
proto::OwnerlessApply hoard_deed(const HoardScene& on, Rng& rng);

}  // namespace dure::sim

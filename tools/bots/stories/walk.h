// Wanders around home at legal speed, two to three steps a second, and asks the owner for an echo now and then. A habit
// with an errand (shop, dungeon) sets the goal; wandering begins again when it is reached.
#pragma once
#include "tools/bots/stories/habit.h"

namespace dure {

class WalkHabit : public Habit {
 public:
  Duration act(Bot& bot) override;
  void close(Bot& bot) override;

 private:
  std::uint32_t steps_ = 0;
};

}  // namespace dure

// A whole evening: everybody walks, talks and trades; some change zones, some go into dungeons. This habit only judges
// at the end whether the bot really lived it.
#pragma once
#include "tools/bots/stories/habit.h"

namespace dure {

class EveningHabit : public Habit {
 public:
  Duration act(Bot&) override { return seconds(5); }
  void close(Bot& bot) override;
};

}  // namespace dure

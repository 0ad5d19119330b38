// Talks: mostly to the place, sometimes to the world, sometimes to one other bot.
#pragma once
#include "tools/bots/stories/habit.h"

namespace dure {

class ChatHabit : public Habit {
 public:
  explicit ChatHabit(Duration about) : about_(about) {}
  Duration act(Bot& bot) override;
  void close(Bot& bot) override;

 private:
  Duration about_;
  std::uint64_t number_ = 0;
};

}  // namespace dure

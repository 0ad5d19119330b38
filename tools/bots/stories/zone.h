// Changes the zone now and then.
#pragma once
#include <string>

#include "tools/bots/stories/habit.h"

namespace dure {

class ZoneHabit : public Habit {
 public:
  explicit ZoneHabit(Duration about) : about_(about) {}
  Duration act(Bot& bot) override;
  void on_place(Bot& bot) override;
  void on_change_zone(Bot& bot, const proto::ChangeZoneReply& reply) override;

 private:
  Duration about_;
  bool begun_ = false;
  std::string wanted_;  // not empty: asked for, not there yet
  MonoTime since_{};
};

}  // namespace dure

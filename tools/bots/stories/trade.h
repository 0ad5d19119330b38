// Trades with another bot that stands near: some gold, a stack or an item against the same. What changes hands is the
// bot's model's business; this habit sits at the table.
//
//   kIdle ──► kWaiting ──► kAtTable ──► kSettling ──► kIdle
//     ▲────── nobody, closed ──┴──────────┘
#pragma once
#include <cstdint>

#include "tools/bots/stories/habit.h"

namespace dure {

class TradeHabit : public Habit {
 public:
  // `about`: how long between two trades. `live_near_npc`: it has no other habit that brings it among people.
  TradeHabit(Duration about, bool live_near_npc) : about_(about), live_near_npc_(live_near_npc) {}
  Duration act(Bot& bot) override;
  void close(Bot& bot) override;
  void on_place(Bot& bot) override;
  void on_trade_table(Bot& bot, const sample::TradeTable& table) override;
  void on_trade_refused(Bot& bot) override;

 private:
  enum class State { kIdle, kWaiting, kAtTable, kSettling };
  void go(Bot& bot, State state);
  bool lay(Bot& bot);

  Duration about_;
  bool live_near_npc_, housed_ = false;
  State state_ = State::kIdle;
  MonoTime since_{}, next_{};
  std::uint64_t table_ = 0, locked_ = 0, confirmed_ = 0;
  bool laid_ = false;
};

}  // namespace dure

// How far a character may move: a budget of distance that fills with time, so that late and bunched frames of an honest
// client pass and a teleport does not. Pure values, any thread.
#pragma once
#include <cstdint>

#include "common/base/time.h"
#include "common/game/player.h"

namespace dure {

struct Pace {
  MonoTime filled{};
  std::int64_t budget_cm = 0;
  std::uint32_t refused = 0;  // how often in a row; an owner closes the session of one that goes on
};

inline constexpr Duration kPaceSlack = milliseconds(1500);  // of full speed, saved up at most
inline constexpr std::uint32_t kPaceRefusedMax = 50;

// True: take the step (the budget is charged). False: too far for the time.
[[nodiscard]] bool may_move(Pace* pace, Position from, Position to, std::uint32_t speed_cm_s, MonoTime now);

// Distance in centimetres, rounded down.
std::int64_t distance_cm(Position a, Position b);

}  // namespace dure

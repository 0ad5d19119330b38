#include "tools/bots/stories/walk.h"

#include <algorithm>

#include "tools/bots/bot.h"

namespace dure {

namespace {

constexpr std::int32_t kRadiusCm = 900;
constexpr std::int32_t kEdgeCm = 100;  // grounds begin at 0,0
constexpr std::uint32_t kStepsAnEcho = 5;
constexpr double kEnoughMovesPerS = 1.5;

}  // namespace

Duration WalkHabit::act(Bot& bot) {
  if (bot.motion().arrived() && !bot.in_instance()) {
    const auto offset = [&] { return static_cast<std::int32_t>(bot.shared().rng.below(2 * kRadiusCm)) - kRadiusCm; };
    const Spot home = bot.motion().home();
    bot.motion().goal({std::max(kEdgeCm, home.x_cm + offset()), std::max(kEdgeCm, home.y_cm + offset())});
  }
  bot.step();
  if (++steps_ % kStepsAnEcho == 0) bot.echo();
  return milliseconds(350 + static_cast<std::int64_t>(bot.shared().rng.below(60)));
}

void WalkHabit::close(Bot& bot) {
  const double played = bot.played_s();
  bot.shared().report.story("walk", played > 0 && (played < 5 || bot.in_instance() || bot.raiding ||
                                                   static_cast<double>(bot.moves()) / played >= kEnoughMovesPerS));
}

}  // namespace dure

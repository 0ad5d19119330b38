#include "tools/bots/stories/chat.h"

#include <fmt/format.h>

#include "tools/bots/bot.h"

namespace dure {

Duration ChatHabit::act(Bot& bot) {
  Shared& shared = bot.shared();
  const std::string text = fmt::format("{} says line {}", bot.name(), ++number_);
  const std::uint64_t draw = shared.rng.below(10);
  if (draw == 0 && shared.names.size() > 1)
    bot.whisper(shared.names[shared.rng.below(shared.names.size())], text);
  else
    bot.say(draw == 1, text);
  return shared.jitter(about_);
}

void ChatHabit::close(Bot& bot) {
  if (bot.played_s() >= 20) bot.shared().report.story("chat", bot.lines() > 0);
}

}  // namespace dure

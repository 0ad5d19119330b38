// What a bot says, and the lines it hears.
#include "common/proto/chat.pb.h"
#include "tools/bots/bot.h"

namespace dure {

void Bot::say(bool world, const std::string& text) {
  proto::SayRequest request;
  request.set_channel(world ? proto::WORLD_CHANNEL : proto::PLACE_CHANNEL);
  request.set_text(text);
  if (!note(session_.send(request), (world ? "w" : "p") + text)) return;
  ++lines_;
  (world ? world_lines_ : place_lines_).said(text);
}

bool Bot::say_to_guild(const std::string& text) {
  proto::SayRequest request;
  request.set_channel(proto::GUILD_CHANNEL);
  request.set_text(text);
  if (!note(session_.send(request), "g" + text)) return false;
  ++lines_;
  return true;
}

void Bot::whisper(const std::string& to, const std::string& text) {
  proto::WhisperRequest request;
  request.set_to(to);
  request.set_text(text);
  if (note(session_.send(request), {})) ++lines_, ++shared_.report.whispers;
}

void Bot::said(const proto::SayReply& reply, std::uint32_t seq) {
  count_code(reply.code());
  const Asked asked = take_asked(seq);
  if (asked.text.empty()) return;
  if (asked.text.front() == 'g') {
    for (const auto& habit : habits_) habit->on_said_to_guild(*this, asked.text.substr(1), reply.code() == proto::OK);
    return;
  }
  LineOrder& lines = asked.text.front() == 'w' ? world_lines_ : place_lines_;
  if (reply.code() == proto::OK)
    lines.accepted(asked.text.substr(1), now() + shared_.options.line_deadline);
  else
    lines.refused(asked.text.substr(1));
}

void Bot::whispered(const proto::WhisperReply& reply, std::uint32_t seq) {
  count_code(reply.code());
  take_asked(seq);
}

void Bot::line(const proto::ChatLine& line, std::uint32_t) {
  if (line.whisper()) return;
  if (line.channel() == proto::GUILD_CHANNEL) {
    for (const auto& habit : habits_) habit->on_guild_line(*this, line.text());
    return;
  }
  const bool own = line.from_player() == entity_;
  if (own) ++shared_.report.lines_heard;
  LineOrder* order = line.channel() == proto::WORLD_CHANNEL ? &world_lines_ : &place_lines_;
  if (order == &world_lines_ || line.place() == place_)
    report(order->seen(line.text(), own, line.home_incarnation(), line.number(), now()));
}

}  // namespace dure

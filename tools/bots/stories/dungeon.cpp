#include "tools/bots/stories/dungeon.h"

#include <algorithm>

#include "common/game/sample/sample.pb.h"
#include "common/proto/dungeon.pb.h"
#include "common/proto/lobby.pb.h"
#include "tools/bots/bot.h"

namespace dure {

namespace {

constexpr std::int64_t kStrikeCm = 280;
constexpr Duration kMatchWithin = seconds(20), kEnterWithin = seconds(15), kRunWithin = seconds(180);
constexpr Duration kBackWithin = seconds(15), kLeaveAfter = seconds(5);

}  // namespace

void DungeonHabit::go(Bot& bot, State state) {
  state_ = state;
  since_ = bot.now();
  bot.raiding = state != State::kIdle;
  asked_to_leave_ = false;
  if (state == State::kIdle) next_run_ = bot.now() + bot.shared().jitter(rest_);
}

void DungeonHabit::fail(Bot& bot, const std::string& why) {
  bot.shared().report.story("dungeon", false);
  bot.shared().report.error("DUNGEON: " + why);
  go(bot, State::kIdle);
}

Duration DungeonHabit::act(Bot& bot) {
  if (!begun_) next_run_ = bot.now() + bot.shared().jitter(rest_) / 2, begun_ = true;
  const Duration spent = bot.now() - since_;
  switch (state_) {
    case State::kIdle: {
      if (bot.in_instance()) {  // found itself in one: a login or a resume
        go(bot, State::kFighting);
        return milliseconds(100);
      }
      return idle(bot);
    }
    case State::kQueued:
      if (spent > kMatchWithin) fail(bot, "no match");
      return milliseconds(300);
    case State::kMatched:
      if (spent > kEnterWithin) fail(bot, "matched, never entered");
      return milliseconds(300);
    case State::kFighting:
      if (spent > kRunWithin) fail(bot, "a run without an end");
      return fight(bot);
    case State::kComingBack:
      if (spent > kBackWithin) fail(bot, "not brought back");
      if (spent > kLeaveAfter && !asked_to_leave_) {
        asked_to_leave_ = true;
        bot.ask(proto::LeaveInstanceRequest());
      }
      return milliseconds(300);
  }
  return seconds(1);
}

Duration DungeonHabit::idle(Bot& bot) {
  if (bot.now() < next_run_) return std::clamp<Duration>(next_run_ - bot.now(), milliseconds(50), seconds(1));
  if (bot.model().now().balance("gold") > gold_most_) return seconds(1);
  proto::QueueRequest request;
  request.set_dungeon(bot.shared().options.dungeon);
  if (bot.ask(request)) go(bot, State::kQueued);
  return milliseconds(300);
}

void DungeonHabit::queued(Bot& bot) {
  if (state_ == State::kIdle) go(bot, State::kQueued);
}

void DungeonHabit::unqueued(Bot& bot) {
  if (state_ == State::kQueued) go(bot, State::kIdle);
}

Duration DungeonHabit::fight(Bot& bot) {
  const Thing* monster = bot.surroundings().nearest(bot.motion().here(), true);
  if (monster == nullptr) return milliseconds(200);
  if (distance_cm(bot.motion().here(), monster->spot) > kStrikeCm) {
    bot.motion().goal(monster->spot);
    return milliseconds(150);
  }
  bot.motion().goal(bot.motion().here());
  if (bot.now() >= skill_at_) {
    sample::SkillRequest request;
    request.set_skill("whirl");
    request.set_target(0);
    bot.ask(request);
    skill_at_ = bot.now() + seconds(5);
  }
  if (bot.now() >= attack_at_) {
    sample::AttackRequest request;
    target_ = monster->id;
    request.set_target(target_);
    bot.ask(request);
    attack_at_ = bot.now() + milliseconds(700);
  }
  return milliseconds(150);
}

void DungeonHabit::on_attack(Bot& bot, const sample::AttackReply& reply) {
  if (reply.wait_ms() > 0) attack_at_ = bot.now() + milliseconds(reply.wait_ms() + 30);
  if (reply.code() == proto::NOT_FOUND) bot.surroundings().erase(target_);
}

void DungeonHabit::on_skill(Bot& bot, const sample::SkillReply& reply) {
  if (reply.wait_ms() > 0) skill_at_ = bot.now() + milliseconds(reply.wait_ms() + 30);
}

void DungeonHabit::on_queue(Bot& bot, const proto::QueueReply& reply) {
  if (state_ == State::kQueued && reply.code() != proto::OK) go(bot, State::kIdle);
}

void DungeonHabit::on_match(Bot& bot, const proto::MatchNotice& notice) {
  // A match may still be called off before anybody has entered.
  if (state_ == State::kQueued || state_ == State::kMatched)
    go(bot, notice.code() == proto::OK ? State::kMatched : State::kIdle);
}

void DungeonHabit::on_run(Bot& bot, const proto::RunNotice& notice) {
  if (!notice.finished() && !notice.failed()) return;
  if (state_ != State::kFighting) return;
  ++(notice.finished() ? bot.shared().report.runs_finished : bot.shared().report.runs_failed);
  bot.shared().report.story("dungeon", true);
  go(bot, State::kComingBack);
}

void DungeonHabit::on_place(Bot& bot) {
  if (bot.in_instance()) {
    if (state_ != State::kFighting) go(bot, State::kFighting);
    return;
  }
  // Back in the lobby: after the run, or walked back from a fault, which the route's reason tells.
  if (state_ == State::kFighting || state_ == State::kComingBack || state_ == State::kMatched) go(bot, State::kIdle);
}

}  // namespace dure

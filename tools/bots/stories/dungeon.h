// Queues, fights the waves of an instance until the run is finished, and comes back.
//
//   kIdle ──► kQueued ──► kMatched ──► kFighting ──► kComingBack ──► kIdle
//     ▲─────────┴── no match, fault, walked back ──────┘
#pragma once
#include <cstdint>
#include <string>

#include "tools/bots/stories/habit.h"

namespace dure {

class DungeonHabit : public Habit {
 public:
  // `rest`: about how long between two runs. `gold_most`: only while one owns no more than that.
  explicit DungeonHabit(Duration rest, std::int64_t gold_most = INT64_MAX) : rest_(rest), gold_most_(gold_most) {}
  Duration act(Bot& bot) override;
  void on_place(Bot& bot) override;
  void on_queue(Bot& bot, const proto::QueueReply& reply) override;
  void on_match(Bot& bot, const proto::MatchNotice& notice) override;
  void on_run(Bot& bot, const proto::RunNotice& notice) override;
  void on_attack(Bot& bot, const sample::AttackReply& reply) override;
  void on_skill(Bot& bot, const sample::SkillReply& reply) override;

 protected:
  // In a zone, in no queue: what to do. Here: rest, then queue.
  virtual Duration idle(Bot& bot);
  // Somebody else queued for it, or took it out of the queue.
  void queued(Bot& bot);
  void unqueued(Bot& bot);

 private:
  enum class State { kIdle, kQueued, kMatched, kFighting, kComingBack };
  void go(Bot& bot, State state);
  void fail(Bot& bot, const std::string& why);
  Duration fight(Bot& bot);

  Duration rest_;
  std::int64_t gold_most_;
  State state_ = State::kIdle;
  bool begun_ = false, asked_to_leave_ = false;
  MonoTime since_{}, next_run_{}, attack_at_{}, skill_at_{};
  std::uint64_t target_ = 0;
};

}  // namespace dure

// Runs the dungeon for its quests, looks at the progress, takes each reward when it is complete, asks for it a second
// time, and once more after having been away: it is paid once.
#pragma once
#include <map>
#include <set>
#include <string>

#include "tools/bots/stories/dungeon.h"

namespace dure {

class QuestHabit : public DungeonHabit {
 public:
  QuestHabit();
  void close(Bot& bot) override;
  void on_place(Bot& bot) override;
  void on_quests(Bot& bot, const sample::QuestListReply& reply) override;
  void on_quest(Bot& bot, const sample::QuestNotice& notice) override;
  void on_value(Bot& bot, std::uint64_t creq, std::uint32_t code) override;

 protected:
  Duration idle(Bot& bot) override;

 private:
  struct Known {
    std::int64_t progress = 0, needed = 0;
    bool done = false;
  };
  bool claim(Bot& bot, const std::string& quest);

  std::map<std::string, Known> quests_;
  std::set<std::string> paid_;                   // by a claim of ours
  std::map<std::string, int> asked_again_;       // of the paid ones
  std::map<std::uint64_t, std::string> claims_;  // creq → quest
  bool look_ = true, waits_ = false;
  bool napped_ = false, away_ = false;
  MonoTime looked_at_{}, back_at_{};
};

}  // namespace dure

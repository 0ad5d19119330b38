// Writes letters to other bots, some with gold, a stack or an item in them, leaves the world now and then and comes
// back, and sees to it (tools/bots/post.h) that every letter comes once, whether its receiver was there or not.
#pragma once
#include <cstdint>
#include <map>

#include "tools/bots/stories/habit.h"

namespace dure {

class MailHabit : public Habit {
 public:
  // `about`: how long between two letters. `naps`: whether it leaves the world at times.
  MailHabit(Duration about, bool naps) : about_(about), naps_(naps) {}
  Duration act(Bot& bot) override;
  void on_place(Bot& bot) override;
  void on_value(Bot& bot, std::uint64_t creq, std::uint32_t code) override;
  void on_saved(Bot& bot, std::uint64_t creq) override;
  void on_letter(Bot& bot, const sample::MailArrived& letter) override;
  void on_letters(Bot& bot, const sample::MailListReply& reply) override;
  void close(Bot& bot) override;

 private:
  bool write(Bot& bot);

  Duration about_;
  bool naps_;
  MonoTime arrived_{}, nap_at_{}, read_at_{};
  bool begun_ = false;
  std::map<std::uint64_t, std::uint64_t> sent_;  // creq → letter, until SAVED
  std::uint64_t written_ = 0;
};

}  // namespace dure

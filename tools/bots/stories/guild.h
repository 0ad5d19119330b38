// A pack of four: one founds a guild and invites the others, all pay in and take out, talk in its channel, one leaves
// at times and is invited again. Each sees to it that what it paid in stands in the guild's log once, that what it
// takes out comes or is refused, once, and that the bank is what its log adds up to.
//
//   kOutside ──► kEntering (founded, accepted; the guild has not answered) ──► kMember
//      ▲──────────────── refused, left, kicked, disbanded ──┴────────────────────┘
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "tools/bots/own_model.h"
#include "tools/bots/stories/habit.h"

namespace dure {

class GuildHabit : public Habit {
 public:
  GuildHabit(std::uint32_t number, Duration about) : number_(number), about_(about) {}
  Duration act(Bot& bot) override;
  void on_place(Bot& bot) override;
  void on_value(Bot& bot, std::uint64_t creq, std::uint32_t code) override;
  void on_saved(Bot& bot, std::uint64_t creq) override;
  void on_requested(Bot& bot, std::uint64_t creq, std::uint64_t request) override;
  void on_guild(Bot& bot, const sample::GuildReply& reply) override;
  void on_guild_notice(Bot& bot, const sample::GuildNotice& notice) override;
  void on_said_to_guild(Bot& bot, const std::string& text, bool accepted) override;
  void on_guild_line(Bot& bot, const std::string& text) override;
  void close(Bot& bot) override;

 private:
  enum class State { kOutside, kEntering, kMember };
  enum class What { kEnter, kDeposit, kWithdraw, kOther };
  // A request from its creq to its outcome.
  struct Request {
    What what = What::kOther;
    Change moved;  // paid in, or asked for
    std::uint64_t number = 0;
    MonoTime since{};  // sent, then SAVED
    bool saved = false;
  };
  template <class Message>
  bool ask(Bot& bot, Message message, What what, Change moved, Change expected);
  bool found(Bot& bot);
  bool invite(Bot& bot);
  bool deposit(Bot& bot);
  bool withdraw(Bot& bot);
  bool leave(Bot& bot);
  void say(Bot& bot);
  void check_overdue(Bot& bot);
  bool leads() const { return number_ % 4 == 0; }

  std::uint32_t number_;
  Duration about_;
  State state_ = State::kOutside;
  bool begun_ = false;
  MonoTime arrived_{}, looked_{}, since_{};
  std::string founds_;  // the name that is tried until it is taken
  std::uint64_t invited_to_ = 0;
  std::map<std::string, std::int64_t> bank_;  // as last shown
  std::map<ItemId, OwnItem> items_;
  std::map<std::string, MonoTime> invited_;  // by us, when
  std::map<std::string, bool> members_;
  std::map<std::uint64_t, Request> requests_;  // by creq
  std::map<std::string, MonoTime> said_;       // and not heard yet; when it was accepted
  std::uint64_t paid_in_ = 0, taken_out_ = 0, lines_ = 0;
};

}  // namespace dure

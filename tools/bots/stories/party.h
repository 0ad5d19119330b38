// Two to four bots form a party, queue together, run the dungeon in one instance (others fill it up) and leave.
// Checked: nobody of them is in another run, each drop has one receiver of the killer's party, and who has left is in
// none.
//
//   kForming ──all sit──► kTogether (the dungeon habit: queued … back) ──► kLeaving ──in none──► kForming
#pragma once
#include <map>
#include <set>

#include "tools/bots/stories/dungeon.h"

namespace dure {

class PartyHabit : public DungeonHabit {
 public:
  explicit PartyHabit(std::uint32_t number);
  Duration act(Bot& bot) override;
  void close(Bot& bot) override;
  void on_place(Bot& bot) override;
  void on_match(Bot& bot, const proto::MatchNotice& notice) override;
  void on_run(Bot& bot, const proto::RunNotice& notice) override;
  void on_party_invited(Bot& bot, const proto::PartyInvited& invited) override;
  void on_party(Bot& bot, const proto::PartyState& state) override;
  void on_party_queue(Bot& bot, const proto::PartyQueueNotice& notice) override;
  void on_loot(Bot& bot, const sample::LootNotice& notice) override;
  void on_died(Bot& bot, const sample::EntityDied& notice) override;

 protected:
  Duration idle(Bot& bot) override;

 private:
  enum class Phase { kForming, kTogether, kLeaving };
  void enter(Bot& bot, Phase phase);
  Duration form(Bot& bot);
  Duration leave(Bot& bot);
  bool complete(Bot& bot) const;

  std::uint32_t number_;
  bool joins_, leads_;
  Phase phase_ = Phase::kForming;
  MonoTime phase_since_{};
  bool ran_ = false;
  std::uint64_t party_ = 0, version_ = 0, rounds_ = 0;
  std::set<std::uint64_t> members_;
  std::map<std::uint64_t, MonoTime> invited_;
  MonoTime asked_at_{};
};

}  // namespace dure

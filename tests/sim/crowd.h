// The clients of a plan, each doing what its line says; what all of them have come to. One thread.
#pragma once
#include "tests/sim/laws.h"
#include "tests/sim/plan.h"

namespace dure::sim {

namespace situation {
inline constexpr const char* kTrade = "a trade that settles";
inline constexpr const char* kUnsaved = "something applied and not saved";
inline constexpr const char* kUnanswered = "a request without an answer";
inline constexpr const char* kRun = "a run in a dungeon";
inline constexpr const char* kNowhere = "a player between two owners";
inline constexpr const char* kQueued = "a wait for a match";
}  // namespace situation
inline constexpr const char* kSituations[] = {situation::kTrade, situation::kUnsaved, situation::kUnanswered,
                                              situation::kRun,   situation::kNowhere, situation::kQueued};

class Crowd {
 public:
  Crowd(Cluster& cluster, const Plan& plan);
  // One after the other, a tenth of a second apart.
  void start();
  void hang_up(char client);
  // 0: it has not been told yet.
  std::uint64_t account_of(char client) const;
  // Names of characters, once each has one.
  std::vector<std::string> names_of_who_never_fights() const;
  // Its frames leave with bytes wrong until they are told not to.
  void mangle(char client, bool on);
  // A shard went back to a backup: what these players were told until they are told anew may be undone, and so may be
  // the making of who does not know its own yet.
  void went_back(const std::set<std::uint64_t>& players);
  // Each has been told anew. Who does nothing that is saved is not: its owner has no occasion to hear of the restore.
  bool everybody_told() const;
  // Who is not is judged by its row alone.
  void believe_rows();
  // Names of those of these players, and of who does not know yet that it is one.
  std::set<std::string> names_of(const std::set<std::uint64_t>& players) const;
  // What is going on now, in which a fault may come: names of kSituations.
  std::vector<const char*> situations() const;
  // From now on each asks its owner for something that changes nothing; who was answered acts.
  void ask_for_answers();
  bool everybody_acts() const;
  // No new value requests; what is open is ended.
  void be_quiet();
  bool everything_saved() const;
  bool everybody_at_home() const;
  bool restored() const { return restored_; }  // a shard was
  const Players& players() const { return players_; }
  const Traders& traders() const { return traders_; }
  std::vector<std::uint64_t> player_ids() const;
  std::map<std::string, std::uint64_t> ids() const;  // of characters, by name
  std::string story() const;

 private:
  template <class Action>
  void each(Action action) const {
    for (const auto& player : players_) action(*player);
    for (const auto& trader : traders_) action(*trader);
  }
  Cluster& cluster_;
  Players players_;
  Traders traders_;
  bool restored_ = false;
};

}  // namespace dure::sim

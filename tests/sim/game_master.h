// A game master who gives rat tails to those who cannot get any otherwise, and repeats each command under its id until
// it is answered. One thread; outlives the run.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/redis.h"

namespace dure::sim {

class GameMaster {
 public:
  static constexpr const char* kGift = "rat_tail";
  GameMaster(Cluster& cluster, Redis& redis) : cluster_(cluster), redis_(redis) {}
  // Gives to one of `names` after the other, from now until be_quiet().
  void start(std::vector<std::string> names);
  void be_quiet() { quiet_ = true; }
  // What these were given until now may be undone.
  void went_back(const std::set<std::string>& names);

  struct Gifts {
    std::int64_t given = 0, refused = 0, unknown = 0;
  };
  // What each was given, as far as answers say.
  std::map<std::string, Gifts> gifts() const;

 private:
  enum class Fate { kUnknown, kGiven, kRefused };
  struct Gift {
    std::string name;
    Fate fate = Fate::kUnknown;
    int tries = 0;
    bool undone = false;  // by a restore, perhaps
  };
  void give_next();
  void send(std::uint64_t id);
  void heard(const Bytes& answer);
  Cluster& cluster_;
  Redis& redis_;
  std::vector<std::string> names_;
  std::map<std::uint64_t, Gift> gifts_;
  std::uint64_t next_id_ = 0x6d0001;
  bool quiet_ = false;
};

}  // namespace dure::sim

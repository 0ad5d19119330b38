// What was begun and never ended is ended here, slowly: names that stayed RESERVED (the character exists: CLAIM; else
// the creation is ruled out on its shard and the name left to its account), and deleted characters whose grace is over
// (name released, then the row purged: what it had goes to the sink "deleted"). Every step may be repeated, and any
// agent may die between two of them. Lives with every agent: names with the directory's, characters with their shard's.
// Logic thread only.
#pragma once
#include <cstdint>

#include "common/logic/node.h"

namespace dure {

class Agent;

class Housekeeper {
 public:
  // `abandoned`: how long a creation may take.
  explicit Housekeeper(Agent& agent, Duration abandoned = seconds(60)) : agent_(agent), abandoned_(abandoned) {}
  // Each second; looks at most every ten.
  void tick();

 private:
  Task<void> settle_names();
  Task<void> purge(std::uint32_t shard);
  Task<bool> end_name(std::string name, std::uint64_t player, std::uint64_t reservation, bool release, bool ruled_out);

  Agent& agent_;
  Duration abandoned_;
  MonoTime due_{};
  bool settling_ = false, purging_ = false;
};

}  // namespace dure

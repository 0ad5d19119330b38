// Does what a rollback plans (rollback_plan.h), for the game masters' desk: player by player it becomes the owner,
// which fences whoever was, finds the difference anew from what nobody else can change any more, and writes it as one
// compensating operation. Who acquires the player meanwhile is fenced in turn, and the difference found again, a
// bounded number of times; the owners that were are told last, so that nobody comes back before it is done. History
// stays. Each player's part happens once, by its key: asked again, the answer is that it was done. Lives with the
// directory's agent. Logic thread only.
#pragma once
#include <cstdint>
#include <string>

#include "common/logic/node.h"
#include "dbagent/rollback_plan.h"

namespace dure {

class RollbackDesk {
 public:
  explicit RollbackDesk(Node& node) : node_(node) {}
  struct Outcome {
    bool known = false;  // false: it may be asked again
    bool ok = false;
    std::string text;
  };
  Task<Outcome> player(std::string name, std::int64_t to_unix_ms);
  Task<Outcome> trade(std::uint64_t high, std::uint64_t low);

 private:
  struct Hold {
    std::uint64_t epoch = 0;
    std::uint32_t old_owner = 0;
    std::string refusal;
  };
  // What is to be rolled back: a player to a time, or a trade.
  struct Wish {
    bool trade = false;
    std::string name;
    std::int64_t to_unix_ms = 0;
    std::uint64_t high = 0, low = 0;
  };
  // What a try came to; `overtaken`: nothing, as somebody else has taken the player, or the account has moved.
  struct Applied {
    bool done = false, overtaken = false;
    std::string why;
  };
  // One player's part, from the plan's share of that number.
  Task<Outcome> carry_out(const Wish& wish, std::size_t side, std::uint64_t player, std::uint32_t shard);
  Task<RollbackPlan> plan(const Wish& wish);
  // Becomes the owner; the refusal says why not.
  Task<Hold> take(std::uint32_t shard, std::uint64_t player);
  Task<Applied> apply(const RollbackShare& share, std::uint64_t epoch);
  void tell_old_owner(std::uint64_t player, std::uint32_t node);

  Node& node_;
};

}  // namespace dure

// Keeps an eye on the books of this agent's shards while they work: has the never-ending audit (store/books.h) take its
// slices, and looks for faucets that run away. What is off is said once as a named event and stays in the monitor:
//
//   ledger.alarm    a finding of the audit, a hold or a message that is stuck for more than a minute
//   economy.alarm   a reason whose last minute brought in 10 times its mean; said again after ten minutes.
//                   `dure gm feature reason:NAME off` ends it: owners refuse operations of that reason
//
// Logic thread only.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "common/logic/node.h"

namespace dure {

namespace proto {
class BooksReply;
class EconomyJumps;
}  // namespace proto
class Agent;

struct BooksLimits {
  Duration interval = seconds(1);               // zero: never
  Duration between_slices = milliseconds(100);  // while the audit keeps up with what is committed
  Duration economy_interval = seconds(10);
  std::uint32_t jump_times = 10;
  std::int64_t jump_floor_a_minute = 1000;
  std::uint32_t history_min = 10;
};

class Bookkeeper {
 public:
  Bookkeeper(Agent& agent, const BooksLimits& limits) : agent_(agent), limits_(limits) {}
  // Each second.
  void tick();
  std::uint64_t ledger_alarms() const { return ledger_alarms_; }
  // Faucets that ran away when last looked at.
  std::size_t economy_alarms() const { return jumping_; }

 private:
  Task<void> look_at_books(std::uint32_t shard);
  Task<void> look_at_economy();
  void alarm(std::uint32_t shard, const std::string& what);
  void hear(std::uint32_t shard, const proto::BooksReply& reply);
  void hear(std::uint32_t shard, const proto::EconomyJumps& reply);

  Agent& agent_;
  BooksLimits limits_;
  std::set<std::uint32_t> looking_;                                   // shards
  std::set<std::pair<std::uint32_t, std::string>> said_;              // bounded
  std::map<std::pair<std::uint32_t, std::string>, MonoTime> jumped_;  // (shard, reason and currency) → last said
  std::map<std::uint32_t, std::pair<bool, bool>> waiting_;            // shard → holds, messages are stuck
  std::uint64_t ledger_alarms_ = 0;
  std::size_t jumping_ = 0;
  MonoTime books_due_{}, economy_due_{};
  bool economy_ = false;
};

}  // namespace dure

// What the parts of a planner share: what was read of a player's money and of an item, and how a shard is asked. Only
// for the sources that implement it.
#pragma once
#include <map>
#include <string>

#include "common/proto/dbagent.pb.h"
#include "dbagent/rollback_plan.h"

namespace dure {

struct RollbackPlanner::Money {
  struct Of {
    std::int64_t now = 0, since = 0;  // all movements
    std::int64_t system = 0;          // those from faucets and into sinks
    std::int64_t restored = 0;        // likewise, but what a restore made good: it is owed from then on
    std::int64_t waiting = 0;         // in letters that are not opened; not among the others
  };
  struct Debt {
    std::int64_t now = 0;
    std::int64_t since = 0;  // what rollbacks of the player wrote down
    std::int64_t due = 0;    // for what is to be undone
  };
  std::map<std::string, Of> by_name;
  std::map<std::string, Debt> debts;
  bool cut = false;
};

struct RollbackPlanner::Life {
  enum class Holder { kPlayer = 0, kSink = 2, kOutbox = 3, kInbox = 4, kHold = 5 };  // LedgerParty.kind of items
  std::int64_t first_at = 0;
  bool made_for_player = false;  // its first event of all put it into a bag
  std::uint64_t first_player = 0;
  bool here = false;
  proto::Item item;
  int holder_kind = -1;
  std::uint64_t holder_player = 0;
  std::uint64_t burnt_by = 0;
  std::string burnt_for;
  bool held(Holder kind) const { return here && holder_kind == static_cast<int>(kind); }
  bool used_up() const { return held(Holder::kSink); }
  bool in_letter_to(std::uint64_t player) const {
    return (held(Holder::kInbox) || held(Holder::kOutbox)) && holder_player == player;
  }
};

// Until it answers, for a while.
template <class Reply, class Request>
Task<Result<Reply>> RollbackPlanner::ask(std::uint32_t shard, Request request) {
  constexpr Duration kDeadline = seconds(5), kBetweenTries = milliseconds(100);
  constexpr int kTries = 20;
  request.set_shard(shard);
  for (int tries = 1;; ++tries) {
    const NodeId agent = node_.shard_agent(shard);
    const Result<Reply> reply = co_await node_.call<Reply>(agent, request, kDeadline);
    if (reply && reply->code() != proto::RETRY) {
      ++pages_;
      co_return reply;
    }
    if (tries == kTries) co_return fail(Trouble::kTimeout, "shard " + std::to_string(shard) + " does not answer");
    co_await node_.wait(kBetweenTries);
  }
}

}  // namespace dure

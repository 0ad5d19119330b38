// Drives trades between shards from vote to finish: tells a register what a leg voted, tells a leg what its register
// decided, tells owners what became of their legs. Lives with every agent, reaches shards by calls like everybody else.
// Logic thread only.
//
// Keeps nothing that must outlive it: all that is durable are the rows of the shards; nor the verdict of another
// agent's register longer than for one try, so that a restored register hears of its trades only what is so. Whatever
// was lost is found by the scan, each second: a hold older than kStuck votes again, and its register aborts what is
// undecided; legs that wait for another one as long are aborted, too. So nobody waits for ever for somebody who died.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/logic/node.h"

namespace dure {

namespace proto {
class StoreEvent;
class TradeFinish;
class TradeFinishReply;
class TradeNotice;
class TradeVerdict;
class TradeVote;
class Uid;
}  // namespace proto
class Agent;

// What the leg that voted is told when its vote was answered with a final verdict.
proto::TradeFinish finish_of(const proto::TradeVote& vote, const proto::TradeVerdict& verdict);

class TradeDesk {
 public:
  static constexpr Duration kStuck = seconds(2);

  explicit TradeDesk(Agent& agent);
  ~TradeDesk();
  // What a shard of this agent said with a committed group; events of other desks are passed over.
  void hear(const proto::StoreEvent& event);
  // Each second.
  void scan();
  std::size_t under_way() const { return under_way_.size(); }
  // Holds older than kStuck at the last round, over all shards of this agent.
  std::size_t stuck() const;

 private:
  using Vote = std::shared_ptr<const proto::TradeVote>;
  using Finish = std::shared_ptr<const proto::TradeFinish>;
  struct Errand {
    std::uint64_t high = 0, low = 0;  // of the transaction
    std::uint32_t side = 0;
    bool finish = false;  // else a vote
    friend auto operator<=>(const Errand&, const Errand&) = default;
  };
  // A scan looks at a page and the next one goes on behind it: holds that wait long leave room for the others.
  struct Round {
    std::string after;
    std::size_t counted = 0;  // so far
    std::size_t stuck = 0;
  };
  void tell_register(Vote vote);
  void tell_leg(Finish finish);
  void tell_owner(std::uint32_t node, const proto::TradeNotice& notice);
  Task<void> carry_vote(Vote vote);
  Task<void> carry_finish(Finish finish);
  void log_if_rejected(const proto::TradeFinish& finish, const Result<proto::TradeFinishReply>& reply);
  Task<void> scan_shard(std::uint32_t shard);
  Task<void> abort_waiting(std::uint32_t shard, std::uint64_t high, std::uint64_t low);
  // The reply of the shard's agent, once it is no RETRY; none after some tries: the scan comes back to it.
  template <class Reply, class Request>
  Task<Result<Reply>> ask(std::uint32_t shard, std::shared_ptr<const Request> request);

  Agent& agent_;
  std::set<Errand> under_way_;
  std::set<std::uint32_t> scanning_;       // shards
  std::map<std::uint32_t, Round> rounds_;  // by shard
};

}  // namespace dure

// Drives the moves of accounts between shards, in the directory's agent. It keeps nothing that matters: where a move
// stands is read from the register and from the shards, so a desk that starts anew, or a second one by mistake, goes on
// where the last one was. Forward while a move is open, back once it is aborted. Logic thread only.
//
//   asked, or found open ─► INTENT ─► FREEZE ─► COPY … ─► FLIP ─► ACTIVATE ─► RETIRE ─► answered
//                                        └── too long, or cancelled: ABORT ─► UNFREEZE, DISCARD ─► answered
//
// The account is frozen from FREEZE to ACTIVATE: four group commits, and what it takes to read and write what it has.
// Should COPY not come to its end within `frozen_max` and `frozen_max_per_mib` of it, the move is given up: a clock
// decides only what is asked for next, the register decides what happens.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/logic/node.h"

namespace dure {

namespace proto {
class MoveAccount;
class MoveAccountReply;
class MoveContentReply;
class MoveRecord;
class MoveReply;
class MoveWatch;
}  // namespace proto
class Agent;

struct MoveLimits {
  std::size_t at_once = 8;                   // moves that are driven; what else is asked for waits
  std::size_t waiting_max = 10'000;          // beyond it askers are told to try again
  Duration frozen_max = seconds(1);          // from FREEZE to the copy's end, however small the account is
  Duration frozen_max_per_mib = seconds(1);  // and so much longer for each MiB that is to be copied
  Duration hold_patience = seconds(10);      // for an open trade to be settled, so that the account can be frozen
  Duration settle_patience = seconds(5);     // for a shard to hear of a decision; then the scan sees to it
  Duration scan_interval = seconds(2);       // between looks for moves that nobody drives; 0: never
};

class MoveDesk {
 public:
  MoveDesk(Agent& agent, MoveLimits limits);
  ~MoveDesk();
  // The shards that can be reached are said to the directory, once each.
  void on_peer_up(NodeId peer);
  void on_tick();
  void monitor(std::vector<std::pair<std::string, std::string>>* fields) const;

 private:
  struct Run;
  using Key = std::uint64_t;  // the account: one move at a time

  void take(const From& from, const proto::MoveAccount& request);
  proto::MoveAccountReply watch(const proto::MoveWatch& request);
  void start_waiting();
  Task<void> run(Key account);
  Task<bool> intend(Key account);
  // False: the move is given up.
  Task<bool> arrive(Key account);
  Task<bool> freeze(Key account, std::shared_ptr<proto::MoveContentReply> content);
  Task<bool> copy(Key account, std::shared_ptr<proto::MoveContentReply> content);
  Task<void> decide(Key account, bool arrived);
  Task<void> settle(Key account);
  template <class Request>
  Task<void> settle_at(Key account, std::uint32_t shard, Request request);
  void finish(Key account);
  void adopt(Key account, std::uint64_t move_id);
  Task<void> scan();
  Task<void> announce(std::vector<std::uint32_t> shards);
  template <class Reply, class Request>
  Task<Result<Reply>> ask_shard(std::uint32_t shard, Request request, Duration deadline);

  Agent& agent_;
  MoveLimits limits_;
  std::map<Key, std::shared_ptr<Run>> runs_;
  std::deque<Key> waiting_;
  std::size_t running_ = 0;
  std::set<std::uint32_t> announced_;
  MonoTime scan_due_{};
  bool scanning_ = false;
  std::uint64_t moved_ = 0, turned_back_ = 0;
  std::deque<Duration> pauses_;  // of the last moves
};

}  // namespace dure

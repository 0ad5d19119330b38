// Puts right a shard that was restored alone (store/reconcile.h), with what every other shard and the directory know.
// Lives with every agent and looks after the shards of its own. Until it is through, the shard answers players RETRY.
// Logic thread only.
//
//   1 moves that the directory has open from or to it are turned back
//   2 accounts that the map has elsewhere are given up; who stands half of a move here is settled; those that came
//     after the backup are brought back as they came (their source keeps that), or named; characters that were made
//     after it are settled as never made
//
//   Then, once nobody is on the move between the others:
//
//   3 all that these know of trades and letters is redone, in rounds (reconcile_rounds.h); if a move began while they
//     were heard it begins anew, before anything is decided for good. A leg that is held there for a trade of this
//     register, while what it gives has been given on, proves the trade
//   4 legs that were held at the backup are ended by their registers
//   5 items that others have, or hold for a trade that is not committed, leave it; what was let go meanwhile and nobody
//     has is given back
//   6 what moves took from shard to shard is balanced; the shard is audited, and the books and items of the others are
//     looked at; clean, nothing left open, and no move began meanwhile: it opens. Else it stays closed, says why, and
//     tries again
//
// Keeps nothing that must outlive it: begun anew it redoes only what is missing. A shard that does not answer is waited
// for: half of what is known is no ground to open on.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/logic/node.h"

namespace dure {

namespace proto {
class Facts;
class FactsQuery;
class ItemsLetGoReply;
class MoveRecord;
class MovesBalanceReply;
class OpenTrade;
class Reconcile;
class ReservedName;
class TradeFact;
}  // namespace proto
class Agent;
class ReconcileRounds;

class ReconcileDesk {
 public:
  explicit ReconcileDesk(Agent& agent);
  ~ReconcileDesk();
  // Each second.
  void tick();
  // Of this agent's shards, those that are closed as far as is known.
  std::size_t closed() const;

 private:
  static constexpr Duration kAgain = seconds(15), kDeadline = seconds(10);
  static constexpr Duration kAuditDeadline = seconds(3600);
  using Items = std::set<std::pair<std::uint64_t, std::uint64_t>>;
  struct Shard {
    bool known_open = false, closed = false, running = false;
    MonoTime due{};
  };
  struct Run;
  Task<void> look(std::uint32_t shard);
  Task<bool> reconcile(std::uint32_t shard);  // false: somebody did not answer
  Task<bool> turn_moves_back(Run& run);
  Task<bool> settle_accounts(Run& run);
  Task<bool> settle_halfway(Run& run);
  Task<bool> settle_halfway(Run& run, std::uint64_t account_id, std::uint64_t move_id);
  Task<bool> nobody_moves(Run& run, bool* quiet);
  Task<bool> nobody_began(Run& run, bool* still);
  Task<bool> bring_back(Run& run);
  Task<bool> bring_back(Run& run, const proto::MoveRecord& move);
  Task<bool> read_moved(std::uint32_t shard, std::map<std::string, std::int64_t>* moved, bool* under_way);
  Task<bool> balance_moves(Run& run);
  Task<bool> settle_names(Run& run);
  Task<bool> settle_name(Run& run, const proto::ReservedName& name, std::uint64_t known_move);
  // The page that `query` asks for, of its shard; then it asks for the next one. `more`: there is one.
  Task<bool> read_facts(proto::FactsQuery* query, proto::Facts* page, bool* more);
  Task<bool> hear(Run& run, std::uint32_t other);
  // `clear` false: nobody can tell, yet.
  Task<bool> hear_what_was_passed_on(Run& run, bool* clear);
  Task<bool> was_passed_on(Run& run, const proto::TradeFact& fact, bool* passed_on, bool* in_a_letter);
  Task<bool> hear_held_items(Run& run);
  Task<bool> hear_items(Run& run, std::uint32_t other);
  Task<bool> give_back(Run& run);
  Task<bool> others_are_open(Run& run);
  struct Trace;
  using Traces = std::vector<Trace>;  // of each item, over all other shards
  Task<bool> trace(Run& run, const proto::ItemsLetGoReply& items, Traces* traces);
  Task<bool> is_committed(const proto::OpenTrade& trade, bool* committed);
  Task<bool> tell(Run& run, proto::Reconcile request);
  Task<bool> end_holds(Run& run);
  Task<bool> audit(Run& run);
  Task<bool> audit_here(Run& run, Items* here);
  Task<bool> audit_books(Run& run, std::uint32_t other);
  Task<bool> audit_items(Run& run, std::uint32_t other, const Items& here);
  Task<bool> open(Run& run);
  // Until it is no RETRY and no timeout, for some seconds. What has a deadline of its own is not asked again after it:
  // it may still be worked on.
  template <class Reply, class Request>
  Task<Result<Reply>> ask(NodeId to, Request request, Duration deadline = kDeadline);

  Agent& agent_;
  std::map<std::uint32_t, Shard> shards_;
};

}  // namespace dure

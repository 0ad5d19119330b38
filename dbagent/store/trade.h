// The transitions of trades, in the words of the contract's table. A trade t is two legs, each an operation of its own
// character's owner; reg(t), on the shard that t names, is none, then COMMIT or ABORT for ever.
//
//   transition    guard (named as in the code)                                         effect
//   SWAP          register here, reg none, no_vote, both legs live, both fit           both exchanged; reg COMMIT
//   LEGFAIL       register here, reg none, live, does not fit                          fenced; reg ABORT
//   CONSUME       register here, reg ABORT, no vote of the leg, live                   number used up, nothing moved
//   PREPARE YES   no vote of the leg, live, fits with both ends                        given goods held; vote YES
//   PREPARE NO    no vote of the leg, live, does not fit                               fenced; vote NO
//   PREPARE NO    no vote of the leg, stale                                            vote NO
//   DECIDE        reg none; COMMIT: both votes YES over equal terms                    reg final
//   FINISH        final verdict, vote YES, not finished, active here                   credited or given back
//
// SWAP is the way while both rows are active on the register's shard and nobody has voted; its first leg waits in
// memory for the second. All else goes by votes. A register counts one leg a side for ever: a COMMIT belongs to the two
// legs that were counted, and any other is told ABORT.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "dbagent/store/shard.h"
#include "dbagent/store/trade_terms.h"
#include "dbagent/store/waiting_legs.h"

namespace dure::proto {
class Item;
class LegOutcome;
class LegQuery;
class LegReply;
class OpenHold;
class OpenHoldsQuery;
class OpenHoldsReply;
class SwapRecord;
class TradeFinish;
class TradeFinishReply;
class TradeGoods;
class TradeVerdict;
class TradeVerdictQuery;
class TradeVote;
}  // namespace dure::proto

namespace dure::store {

// ── legs.cpp: a leg comes as an operation ───────────────────────────────────────────────────────────────────

enum class LegEnd {
  kDone,      // the operation's number is used up
  kWaiting,   // not yet its turn: the other leg has not come
  kCrowded,   // likewise, and nothing was remembered
  kRejected,  // a guard was false: the caller fences
};
// The next operation of a live owner, which is a leg. `guard`: which one was false.
LegEnd take_leg(Shard& shard, Root& root, const proto::Operation& operation, proto::LegOutcome* outcome,
                std::string* guard);
// A leg that was answered before. Never by its number: by how its trade stands.
void answer_again(Shard& shard, const Root& root, const proto::Operation& operation, proto::LegOutcome* outcome);
// A leg of an epoch that is over.
void refuse_stale(Shard& shard, const Root& root, const proto::ApplyRequest& request);
bool live(const Root& root, std::uint64_t epoch, const Key16& owner_incarnation, std::uint64_t pseq);
// Tells the character's owner what became of its leg.
void tell_owner(Shard& shard, const Root& root, std::uint64_t epoch, const proto::LegOutcome& outcome);
proto::LegReply leg_state(Shard& shard, const proto::LegQuery& request);

// ── swap.cpp ────────────────────────────────────────────────────────────────────────────────────────────────

LegEnd swap_or_wait(Shard& shard, Root& root, const Leg& leg, proto::LegOutcome* outcome, std::string* guard);
// Guard: reg ABORT, no vote of the leg, live. Uses up the number.
void consume(Shard& shard, Root& root, const Leg& leg, proto::LegOutcome* outcome);
// Every leg of an aborted trade that waits: consumed if it is live, and its owner told.
void consume_waiting(Shard& shard, const Key16& txn);
// Legs that waited for each other but can no longer be swapped, since somebody voted: they go by votes.
void prepare_waiting(Shard& shard, const Key16& txn);
// The first false guard of this side's leg; null: it fits. `held`: room is also kept for getting the given goods back.
const char* does_not_fit(Shard& shard, const Root& root, const Leg& leg, bool held);

// ── holds.cpp ───────────────────────────────────────────────────────────────────────────────────────────────

struct Hold {
  Key16 txn;
  std::uint32_t side = 0;
  std::uint64_t player_id = 0, epoch = 0, pseq = 0, creq = 0;
  std::string reason;
  bool yes = false;
  int verdict = 0;  // proto::Verdict; final once it is finished
  std::uint64_t settle_seq = 0;
  std::string terms;
};
std::optional<Hold> find_hold(Shard& shard, const Key16& txn, std::uint32_t side);
// Of open holds, sorted by transaction.
void read_holds(Shard& shard, std::uint64_t player_id, const std::function<proto::OpenHold*()>& add);
void outcome_of(Shard& shard, const Hold& hold, proto::LegOutcome* outcome);
// The items that a side gives, as they are now on this shard.
void read_given(Shard& shard, const proto::TradeSide& side, const std::function<proto::Item*()>& add);
LegEnd prepare(Shard& shard, Root& root, const Leg& leg, proto::LegOutcome* outcome, std::string* guard);
// Vote NO of a leg that can do nothing any more, or that was consumed.
void vote_no(Shard& shard, const Leg& leg, std::uint64_t player_id, std::uint64_t epoch);
// FINISH, its guards being true.
void settle(Shard& shard, Root& root, Hold& hold, int verdict, const proto::TradeGoods& goods);
proto::TradeFinishReply finish(Shard& shard, const proto::TradeFinish& request);
proto::OpenHoldsReply open_holds(Shard& shard, const proto::OpenHoldsQuery& request);

// ── register.cpp ────────────────────────────────────────────────────────────────────────────────────────────

struct Decision {
  int verdict = 0;  // proto::Verdict
  bool swapped = false;
  std::string swap;  // a SwapRecord
};
Decision decision_of(Shard& shard, const Key16& txn);
bool any_vote(Shard& shard, const Key16& txn);
// Guard: reg none. Tells every leg that voted YES.
void decide_abort(Shard& shard, const Key16& txn);
void decide_swapped(Shard& shard, const Key16& txn, const proto::SwapRecord& record);
// What a decision means for one leg: COMMIT only for the one that was counted.
int verdict_for(Shard& shard, const Key16& txn, std::uint32_t side, const Hold& leg);
// Counts a vote and decides, if that is possible now; the verdict for the leg that voted. Tells the other leg.
proto::TradeVerdict cast(Shard& shard, const proto::TradeVote& vote);
proto::TradeVerdict verdict(Shard& shard, const proto::TradeVerdictQuery& request);

}  // namespace dure::store

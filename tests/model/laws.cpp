#include "tests/model/laws.h"

#include "tests/model/transitions.h"

namespace dure::model {
namespace {

// The row that counts: the ACTIVE one, else the one the map points to.
int home(const State& state, int player) {
  const int shard = active_shard(state, player);
  return shard == kNobody ? state.map[player].shard : shard;
}
const Row& counted(const State& state, int player) { return state.row[player][home(state, player)]; }

bool one_active_row(const Scenario& scenario, const State& state) {
  for (int p = 0; p < scenario.players; ++p) {
    int active = 0;
    for (const Row& row : state.row[p]) active += row.status == Status::kActive;
    if (active > 1 || home(state, p) != state.map[p].shard) return false;
    const Status status = counted(state, p).status;
    if (status == Status::kNone || status == Status::kMoved) return false;
  }
  return true;
}

// The give side of a YES vote is with nobody until its own refund or the partner's credit.
bool under_way(const State& state, int trade, int player) {
  const Trade& t = state.trade[trade];
  if (t.leg[player].vote != Vote::kYes) return false;
  return t.verdict == Verdict::kCommit ? !t.leg[1 - player].finished : !t.leg[player].finished;
}

bool one_holder(const Scenario& scenario, const State& state) {
  int holders = 0;
  for (int p = 0; p < scenario.players; ++p) {
    holders += counted(state, p).item.held;
    for (int t = 0; t < scenario.trades; ++t) holders += under_way(state, t, p) && state.trade[t].leg[p].item.held;
  }
  return holders == 1;
}

int waiting(const Row& row) {
  int sum = 0;
  for (const Box box : row.inbox) sum += box == Box::kWaiting;
  return sum;
}

bool gold_is_conserved(const Scenario& scenario, const State& state) {
  int sum = state.outside[0] + state.outside[1];
  for (int p = 0; p < scenario.players; ++p) {
    sum += counted(state, p).gold + waiting(counted(state, p));
    for (int t = 0; t < scenario.trades; ++t) sum += under_way(state, t, p) ? gives(scenario, t, p) : 0;
  }
  for (int letter = 0; letter < scenario.letters; ++letter)
    sum += counted(state, 0).outbox[letter] != Box::kNone && !state.answered[letter];
  return sum == 0;
}

bool shards_sum_to_zero(const Scenario& scenario, const State& state) {
  for (int shard = 0; shard < kShards; ++shard) {
    int sum = state.outside[shard] + state.transit[shard];
    for (int p = 0; p < scenario.players; ++p) {
      sum += state.row[p][shard].gold + waiting(state.row[p][shard]);
      for (int t = 0; t < scenario.trades; ++t) {
        const Leg& leg = state.trade[t].leg[p];
        if (leg.vote == Vote::kYes && !leg.finished && leg.shard == shard) sum += gives(scenario, t, p);
      }
    }
    if (sum != 0) return false;
  }
  return true;
}

// Applied is exactly what the row says: the prefix of this epoch, and of each that ended. What a resend would be
// answered follows from the same numbers.
Law prefix(const State& state) {
  for (int i = 0; i < state.operations; ++i) {
    const Operation& o = state.operation[i];
    if (o.applied > 1) return Law::kAtMostOnce;
    if (o.kind == Kind::kLeg || state.granted[o.player][o.epoch] != o.owner) continue;
    const Row& row = counted(state, o.player);
    int last = -1;
    if (o.epoch == row.epoch) last = row.last_pseq;
    if (o.epoch < row.epoch && row.ended[o.epoch] != 0) last = row.ended[o.epoch] - 1;
    if (o.applied && o.pseq > last) return Law::kPrefix;
    if (!o.applied && o.pseq <= last) return Law::kToldTruth;
  }
  return Law::kNone;
}

bool letters_once(const Scenario& scenario, const State& state) {
  for (int letter = 0; letter < kLetters; ++letter) {
    int claims = 0;
    for (int i = 0; i < state.operations; ++i)
      if (state.operation[i].kind == Kind::kClaim && state.operation[i].argument == letter)
        claims += state.operation[i].applied;
    if (claims > 1) return false;
  }
  (void)scenario;
  return true;
}

bool requests_once(const State& state) {
  for (int wish = 0; wish < kWishes; ++wish) {
    if (state.happened[wish] > 1) return false;
    for (int r = 1; r < kRequests; ++r)
      if (state.took[r][wish] > 1) return false;
  }
  return true;
}

// A trade that was done moved both sides or will; one leg consumed as aborted and the other done is neither.
bool trades_whole(const Scenario& scenario, const State& state) {
  for (int t = 0; t < scenario.trades; ++t) {
    const Trade& trade = state.trade[t];
    for (const Leg& leg : trade.leg) {
      if (trade.verdict == Verdict::kCommit && leg.vote == Vote::kNo) return false;
      // A register that forgot its ABORT with a restore may have none: nobody votes again.
      const bool forgotten = leg.ended == Verdict::kAbort && trade.verdict == Verdict::kNone && state.restored;
      if (leg.vote == Vote::kYes && leg.finished && leg.ended != trade.verdict && !forgotten) return false;
    }
  }
  return true;
}

bool caps_hold(const Scenario& scenario, const State& state) {
  for (int p = 0; p < scenario.players; ++p) {
    int room = counted(state, p).gold;
    for (int t = 0; t < scenario.trades; ++t)
      if (open_holds(scenario, state, p) >> t & 1) room += std::max(gives(scenario, t, p), gets(scenario, t, p));
    if (room > scenario.cap) return false;
  }
  return true;
}

bool no_lost_update(const Scenario& scenario, const State& state) {
  for (int p = 0; p < scenario.players; ++p) {
    const Item& item = counted(state, p).item;
    if (item.held && item.value != item.version) return false;
  }
  return true;
}

bool current(const State& state, int player, int process) {
  const Owner& owner = state.owner[player][process];
  const Row& row = counted(state, player);
  return owner.phase == Phase::kHolding && owner.epoch == row.epoch && row.owner == process + 1;
}

bool leg_untold(const Scenario& scenario, const State& state, int player, int process) {
  const Owner& owner = state.owner[player][process];
  for (int t = 0; t < scenario.trades; ++t) {
    const Operation* leg = find_leg(state, t, player);
    const bool mine = leg != nullptr && leg->epoch == owner.epoch && leg->owner == process + 1;
    const Leg& hold = state.trade[t].leg[player];
    if (mine && hold.vote == Vote::kYes && !hold.finished) continue;  // held: gone from both
    if (mine && !(owner.settled >> t & 1)) return true;
  }
  return (settled_legs(scenario, state, player) & ~owner.settled) != 0;
}

bool mirrors_are_true(const Scenario& scenario, const State& state) {
  if (state.restored && !scenario.reconciles) return true;
  for (int p = 0; p < scenario.players; ++p)
    for (int process = 0; process < kProcesses; ++process) {
      if (p == scenario.dishonest || !current(state, p, process)) continue;
      const Owner& owner = state.owner[p][process];
      const Row& row = counted(state, p);
      if (owner.next_pseq != row.last_pseq + 1 || leg_untold(scenario, state, p, process)) continue;
      if (owner.gold != row.gold || owner.item.held != row.item.held || owner.item.version != row.item.version)
        return false;
    }
  return true;
}

bool owner_is_idle(const Scenario& scenario, const State& state, int player) {
  const Row& row = counted(state, player);
  if (row.epoch + 1 >= scenario.epochs || player == scenario.dishonest) return true;  // no epoch left in this scenario
  for (int process = 0; process < kProcesses; ++process) {
    if (!current(state, player, process)) continue;
    const Owner& owner = state.owner[player][process];
    return owner.saved + 1 == owner.next_pseq && !leg_untold(scenario, state, player, process);
  }
  return false;
}

}  // namespace

Law broken_law(const Scenario& scenario, const State& state) {
  if (state.broken != 0) return static_cast<Law>(state.broken);
  if (state.closed) return Law::kNone;  // half of it is not here yet
  if (!one_active_row(scenario, state)) return Law::kOneActiveRow;
  if (!one_holder(scenario, state)) return Law::kOneHolder;
  if (!letters_once(scenario, state)) return Law::kLetterOnce;
  if (!requests_once(state)) return Law::kRequestOnce;
  if (state.minted > 1) return Law::kDropOnce;
  if (const Law law = prefix(state); law != Law::kNone) return law;
  if (!gold_is_conserved(scenario, state)) return Law::kGoldIsConserved;
  if (!shards_sum_to_zero(scenario, state)) return Law::kShardSumsToZero;
  if (!trades_whole(scenario, state)) return Law::kTradeWhole;
  if (!caps_hold(scenario, state)) return Law::kCap;
  if (!no_lost_update(scenario, state)) return Law::kNoLostUpdate;
  if (!mirrors_are_true(scenario, state)) return Law::kMirrorIsTrue;
  return Law::kNone;
}

bool drained(const Scenario& scenario, const State& state) {
  if (scenario.ownerless) return true;  // nobody owns anything here
  if (state.restored && !scenario.reconciles) return true;
  if (state.closed) return false;
  for (int t = 0; t < scenario.trades; ++t)
    for (const Leg& leg : state.trade[t].leg)
      if (leg.vote == Vote::kYes && !leg.finished) return false;
  for (int p = 0; p < scenario.players; ++p) {
    if (state.map[p].intent != 0 || state.row[p][state.map[p].shard].status != Status::kActive) return false;
    const Status other = state.row[p][1 - state.map[p].shard].status;
    if (other == Status::kMoving || other == Status::kArriving) return false;
    if (!owner_is_idle(scenario, state, p)) return false;
  }
  for (int letter = 0; letter < scenario.letters; ++letter) {
    const Box box = counted(state, 0).outbox[letter];
    if (box == Box::kWaiting || (box == Box::kDone && !state.answered[letter])) return false;
  }
  for (const u8 open : state.client.open)
    if (open != 0) return counted(state, 0).epoch + 1 >= scenario.epochs;
  return true;
}

const char* name_of(Law law) {
  static const char* const kNames[] = {"none",
                                       "one_holder",
                                       "gold_is_conserved",
                                       "shard_sums_to_zero",
                                       "one_operation_a_number",
                                       "prefix",
                                       "single_writer",
                                       "at_most_once",
                                       "request_once",
                                       "letter_once",
                                       "told_truth",
                                       "trade_whole",
                                       "trade_as_agreed",
                                       "no_lost_update",
                                       "one_active_row",
                                       "mirror_is_true",
                                       "cap",
                                       "drop_once",
                                       "honest_rejected",
                                       "fenced_without_reason",
                                       "kept_is_lost",
                                       "moves_balance",
                                       "stuck"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Law::kCount));
  return kNames[static_cast<int>(law)];
}

}  // namespace dure::model

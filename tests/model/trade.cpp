// Trades: SWAP on the shard of the register, PREPARE / DECIDE / FINISH anywhere, with the same register.
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

int register_shard(const Step& step) { return step.world.shard[0]; }

// What the player can be held to: funds, holder, item version, room for `reserve` once the give side is out.
bool own_guard(const Step& step, int trade, int player, const Row& row, const Operation& leg, int reserve) {
  const int give = gives(step.world, trade, player);
  if (row.gold < give) return false;
  if (gives_item(step.world, trade, player) &&
      (!row.item.held || !step.rule(Rule::kLegVersion, row.item.version == leg.version)))
    return false;
  return row.gold - give + reserved_room(step, player) + reserve <= step.world.cap;
}

void give(const Step& step, State& next, int trade, int player, Row& row) {
  row.gold -= gives(step.world, trade, player);
  if (!gives_item(step.world, trade, player)) return;
  next.trade[trade].leg[player].item = row.item;
  row.item = Item{};
}
void receive(const Step& step, State& next, int trade, int player, Row& row) {
  row.gold += gets(step.world, trade, player);
  if (!gets_item(step.world, trade, player)) return;
  row.item = next.trade[trade].leg[1 - player].item;
  const Operation* leg = find_leg(next, trade, player);
  if (leg != nullptr && row.item.version != leg->version) violate(next, Law::kTradeAsAgreed);
}

void keep_request(State& next, Row& row, const Operation& leg, Result result) {
  if (leg.creq == 0) return;
  row.last_creq = leg.creq;
  row.creq_content = leg.content;
  row.creq_result = result;
  if (result == Result::kDone) took_effect(next, leg);
}

void refuse(Step& step, State next, int trade, int player, Label label) {
  Row* row = active_row(next, player);
  if (honest(step, player))
    violate(next, Law::kHonestRejected);
  else if (!fence(step, *row))
    return;
  (void)trade;
  step.emit(next, Fair::kYes, label);
}

// ── SWAP, LEGFAIL ───────────────────────────────────────────────────────────────────────────────────────────────────
void swap(Step& step, int trade) {
  const Operation* legs[] = {find_leg(step.now, trade, 0), find_leg(step.now, trade, 1)};
  if (legs[0] == nullptr || legs[1] == nullptr) return;
  const int shard = active_shard(step.now, 0);
  if (shard == kNobody || shard != active_shard(step.now, 1)) return;
  const bool at_register = shard == register_shard(step);
  if (!step.rule(Rule::kSwapAtRegister, at_register)) return;
  const Trade& before = step.now.trade[trade];
  // Away from the register there would be another one, in which nothing stands.
  if (at_register && !step.rule(Rule::kSwapUndecided, before.verdict == Verdict::kNone)) return;
  State next = step.now;
  for (int p = 0; p < kPlayers; ++p) {
    const Row& row = step.now.row[p][shard];
    if (!step.rule(Rule::kSwapNoVote, before.leg[p].vote == Vote::kNone)) return;
    if (!live(step, row, *legs[p])) return;
    if (!own_guard(step, trade, p, row, *legs[p], gets(step.world, trade, p))) return;
  }
  if (before.verdict == Verdict::kAbort) violate(next, Law::kTradeWhole);
  for (int p = 0; p < kPlayers; ++p) give(step, next, trade, p, next.row[p][shard]);
  for (int p = 0; p < kPlayers; ++p) {
    Row& row = next.row[p][shard];
    receive(step, next, trade, p, row);
    row.last_pseq = legs[p]->pseq;
    next.trade[trade].leg[p].finished = 1;
    next.trade[trade].leg[p].ended = Verdict::kCommit;
    keep_request(next, row, *legs[p], Result::kDone);
  }
  next.trade[trade].verdict = Verdict::kCommit;
  step.emit(next, Fair::kYes, {"DB: SWAP", -1, trade});
}

void leg_fail(Step& step, int trade, int player) {
  const Operation* leg = find_leg(step.now, trade, player);
  const int shard = active_shard(step.now, player);
  if (leg == nullptr || shard != register_shard(step) || shut(step, shard)) return;
  if (step.now.trade[trade].verdict != Verdict::kNone) return;
  const Row& row = step.now.row[player][shard];
  if (!live(step, row, *leg) || own_guard(step, trade, player, row, *leg, gets(step.world, trade, player))) return;
  State next = step.now;
  next.trade[trade].verdict = Verdict::kAbort;
  if (!step.rule(Rule::kLegFailFencesOne, false)) {
    refuse(step, next, trade, player, {"DB: LEGFAIL", player, trade});
    return;
  }
  if (Row* partner = active_row(next, 1 - player); partner != nullptr && fence(step, *partner)) {
    violate(next, Law::kFencedWithoutReason);
    refuse(step, next, trade, player, {"DB: LEGFAIL, both fenced", player, trade});
  }
}

// ── DECIDE ──────────────────────────────────────────────────────────────────────────────────────────────────────────
void decide(Step& step, int trade) {
  const Trade& before = step.now.trade[trade];
  if (shut(step, register_shard(step))) return;
  const auto voted = [&](int player) {
    return before.leg[player].vote == Vote::kYes || (before.counted >> player & 1);
  };
  const bool yes[] = {voted(0), voted(1)};
  if (before.verdict == Verdict::kNone && step.rule(Rule::kBothVotes, yes[0] && yes[1]) && (yes[0] || yes[1])) {
    State next = step.now;
    next.trade[trade].verdict = Verdict::kCommit;
    for (int p = 0; p < kPlayers; ++p)
      if (const Operation* leg = find_leg(next, trade, p); leg != nullptr && leg->creq != 0) took_effect(next, *leg);
    step.emit(next, Fair::kYes, {"DB: DECIDE COMMIT", -1, trade});
  }
  const bool begun = step.world.begins_held || find_leg(step.now, trade, 0) || find_leg(step.now, trade, 1);
  const bool undecided =
      before.verdict == Verdict::kNone || (step.removed(Rule::kVerdictOnce) && before.verdict == Verdict::kCommit);
  if (begun && undecided && !step.removed(Rule::kAnyoneAborts)) {
    State next = step.now;
    next.trade[trade].verdict = Verdict::kAbort;
    step.emit(next, Fair::kYes, {"DB: DECIDE ABORT", -1, trade});
  }
}

// ── the legs of a trade that is not, or not only, a SWAP ────────────────────────────────────────────────────────────
void no_vote(State& next, int trade, int player) {
  next.trade[trade].leg[player].vote = Vote::kNo;
  next.trade[trade].leg[player].finished = 1;
  next.trade[trade].leg[player].ended = Verdict::kAbort;
}

void consume(Step& step, int trade, int player, const Operation& leg, const Row& row, int shard) {
  if (step.now.trade[trade].verdict != Verdict::kAbort || step.removed(Rule::kConsume)) return;
  const bool early = row.epoch == leg.epoch && row.owner == leg.owner && row.last_pseq < leg.pseq;
  if (!live(step, row, leg) && !(step.removed(Rule::kConsumeInTurn) && early)) return;
  State next = step.now;
  if (row.last_pseq + 1 < leg.pseq) violate(next, Law::kPrefix);
  Row& after = next.row[player][shard];
  after.last_pseq = leg.pseq;
  no_vote(next, trade, player);
  if (leg.creq != 0 && step.removed(Rule::kAbortedStored)) {
    after.last_creq = leg.creq;
    after.creq_content = leg.content;
    after.creq_result = Result::kDone;
  } else {
    keep_request(next, after, leg, Result::kAborted);
  }
  step.emit(next, Fair::kYes, {"DB: CONSUME", player, trade});
}

void prepare(Step& step, int trade, int player, const Operation& leg, const Row& row, int shard) {
  State next = step.now;
  Row& after = next.row[player][shard];
  if (row.epoch > leg.epoch || (row.epoch == leg.epoch && row.last_pseq >= leg.pseq)) {
    no_vote(next, trade, player);
    step.emit(next, Fair::kYes, {"DB: PREPARE NO, the leg is dead", player, trade});
    return;
  }
  if (!live(step, row, leg)) return;
  if (!own_guard(step, trade, player, row, leg, reservation(step, trade, player))) {
    no_vote(next, trade, player);
    refuse(step, next, trade, player, {"DB: PREPARE NO", player, trade});
    return;
  }
  give(step, next, trade, player, after);
  after.last_pseq = leg.pseq;
  next.trade[trade].leg[player].vote = Vote::kYes;
  next.trade[trade].leg[player].shard = static_cast<u8>(shard);
  if (leg.creq != 0) {  // until FINISH the hold, which names the request, speaks for it
    after.last_creq = leg.creq;
    after.creq_content = leg.content;
    after.creq_result = Result::kDone;
  }
  step.emit(next, Fair::kYes, {"DB: PREPARE YES", player, trade});
}

void finish(Step& step, int trade, int player) {
  const Trade& before = step.now.trade[trade];
  const Leg& hold = before.leg[player];
  if (before.verdict == Verdict::kNone || hold.vote != Vote::kYes) return;
  if (!step.rule(Rule::kFinishOnce, !hold.finished)) return;
  const Status status = step.now.row[player][hold.shard].status;
  if (!step.rule(Rule::kFinishHere, status == Status::kActive) || status == Status::kNone) return;
  const bool commit = before.verdict == Verdict::kCommit;
  const int credit = commit ? gets(step.world, trade, player) : gives(step.world, trade, player);
  if (step.removed(Rule::kFinishNeverRefuses) && step.now.row[player][hold.shard].gold + credit > step.world.cap)
    return;
  State next = step.now;
  Row& row = next.row[player][hold.shard];
  if (commit) {
    receive(step, next, trade, player, row);
    next.transit[hold.shard] += gives(step.world, trade, player) - gets(step.world, trade, player);
  } else {
    row.gold += credit;
    if (gives_item(step.world, trade, player)) row.item = hold.item;
  }
  next.trade[trade].leg[player].finished = 1;
  next.trade[trade].leg[player].ended = before.verdict;
  const Operation* leg = find_leg(next, trade, player);
  const bool stored = leg != nullptr && leg->creq != 0 && row.last_creq == leg->creq;
  if (stored && !commit && !step.removed(Rule::kFinishCorrectsResult)) row.creq_result = Result::kAborted;
  step.emit(next, Fair::kYes, {commit ? "DB: FINISH COMMIT" : "DB: FINISH ABORT", player, trade});
}

// ── only with a rule removed ────────────────────────────────────────────────────────────────────────────────────────
void swap_one_side(Step& step, int trade, int player, const Operation& leg, int shard) {
  const Row& row = step.now.row[player][shard];
  if (!live(step, row, leg) || !own_guard(step, trade, player, row, leg, gets(step.world, trade, player))) return;
  State next = step.now;
  Row& after = next.row[player][shard];
  const Item item = after.item;
  give(step, next, trade, player, after);
  receive(step, next, trade, player, after);
  if (gets_item(step.world, trade, player)) after.item.held = 1;
  next.trade[trade].leg[player].item = item;
  after.last_pseq = leg.pseq;
  next.trade[trade].leg[player].finished = 1;
  next.trade[trade].leg[player].ended = Verdict::kCommit;
  next.trade[trade].verdict = Verdict::kCommit;
  step.emit(next, Fair::kYes, {"DB: one side of a trade", player, trade});
}

void lose_prepare(Step& step, int trade, int player) {
  const Leg& hold = step.now.trade[trade].leg[player];
  if (hold.vote != Vote::kYes || hold.finished || step.now.trade[trade].verdict != Verdict::kCommit) return;
  State next = step.now;
  Row& row = next.row[player][hold.shard];
  row.gold += gives(step.world, trade, player);
  if (gives_item(step.world, trade, player)) row.item = hold.item;
  step.emit(next, Fair::kNo, {"power fails: PREPARE is undone", player, trade});
}

}  // namespace

void trades(Step& step) {
  for (int t = 0; t < step.world.trades; ++t) {
    swap(step, t);
    decide(step, t);
    for (int p = 0; p < kPlayers; ++p) {
      leg_fail(step, t, p);
      finish(step, t, p);
      if (step.removed(Rule::kPrepareDurable)) lose_prepare(step, t, p);
      const Operation* leg = find_leg(step.now, t, p);
      const int shard = active_shard(step.now, p);
      const Leg& hold = step.now.trade[t].leg[p];
      if (leg == nullptr || shard == kNobody || hold.vote != Vote::kNone || hold.finished) continue;
      if (shut(step, shard)) continue;
      if (step.removed(Rule::kSwapWhole)) swap_one_side(step, t, p, *leg, shard);
      consume(step, t, p, *leg, step.now.row[p][shard], shard);
      if (!step.world.swaps_only) prepare(step, t, p, *leg, step.now.row[p][shard], shard);
    }
  }
}

}  // namespace dure::model

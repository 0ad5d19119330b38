// What was heard is done again here, in whatever order: each is guarded by the row that it leaves, and waits for what
// it needs. Forced only when nothing else gets on.
#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {
namespace {

bool active_here(const State& state, int player) {
  return state.shard[kRestored].row[player].status == Status::kActive;
}
bool register_here(const State& state, int trade) { return state.register_at[trade] == kRestored + 1; }
// A leg that came back as it ended.
bool came_committed(const State& state, int trade) {
  for (int player = 0; player < kPlayers; ++player) {
    const Content& content = state.shard[kRestored].row[player].is;
    const bool ended = content.leg[trade] == LegState::kCommitted || (content.swapped >> trade & 1);
    if (active_here(state, player) && ended) return true;
  }
  return false;
}
bool swapped_here(const State& state, int trade, int player) {
  const Shard& shard = state.shard[kRestored];
  return shard.reg[trade].swapped || (shard.row[player].is.swapped >> trade & 1);
}

// What a character gives and does not have here is its debt.
void provide(State& next, int player, int amount) {
  Shard& shard = next.shard[kRestored];
  Content& content = shard.row[player].is;
  const int lacks = content.gold < amount ? amount - content.gold : 0;
  content.gold = static_cast<u8>(content.gold + lacks);
  content.owed = static_cast<u8>(content.owed + lacks);
  shard.outside = static_cast<i8>(shard.outside - lacks);
}

// Before any leg, also while its legs have to wait.
bool decide_again(Step& step, int trade) {
  const Heard& heard = step.now.desk.trade[trade];
  if (!register_here(step.now, trade)) return false;
  State next = step.now;
  Register& reg = next.shard[kRestored].reg[trade];
  if (reg.swapped || reg.verdict == Verdict::kAbort) return false;
  if (heard.committed || (heard.legs != 0 && came_committed(step.now, trade))) reg.verdict = Verdict::kCommit;
  if (reg.verdict == Verdict::kCommit) reg.yes |= heard.legs;
  if (reg.verdict == step.now.shard[kRestored].reg[trade].verdict &&
      reg.yes == step.now.shard[kRestored].reg[trade].yes)
    return false;
  next.redone = 1;
  step.emit(next, Fair::kYes, {"RECONCILE: COMMIT is decided again", -1, trade});
  return true;
}

// True: the leg is held here now, or needs not be.
bool hold_again(const Step& step, State& next, int trade, int player) {
  Row& row = next.shard[kRestored].row[player];
  if (step.rule(Rule::kSwapIsRedoneOnce, !swapped_here(step.now, trade, player)) == false) return true;
  Row& partner = next.shard[kRestored].row[1 - player];
  const bool with_partner = partner.is.item && partner.status == Status::kActive;
  if (gives_item(step.world, trade, player) && (row.is.item || with_partner)) {
    if (!row.is.item || next.let_go == 0) next.let_go = static_cast<u8>(1 + (row.is.item ? player : 1 - player));
    if (!row.is.item) partner.is.item = 0;
    row.is.item = 1;
  } else if (gives_item(step.world, trade, player) && step.now.desk.trade[trade].force != 1) {
    return false;
  }
  provide(next, player, gives(step.world, trade, player));
  hold(step.world, next, kRestored, trade, player);
  if (register_here(step.now, trade)) next.shard[kRestored].reg[trade].yes |= 1u << player;
  return true;
}

// Null: it waits.
enum class Redone : u8 { kNothing, kDone, kWaits };
Redone legs_again(const Step& step, State& next, int trade) {
  const Heard& heard = step.now.desk.trade[trade];
  if (!heard.committed) return Redone::kNothing;
  bool changed = false;
  for (int player = 0; player < kPlayers; ++player) {
    const Content& content = step.now.shard[kRestored].row[player].is;
    if (!active_here(step.now, player) || content.leg[trade] != LegState::kNone) continue;
    if (swapped_here(step.now, trade, player) && !step.removed(Rule::kSwapIsRedoneOnce)) continue;
    if (!hold_again(step, next, trade, player)) return Redone::kWaits;
    changed = true;
  }
  for (int player = 0; player < kPlayers; ++player) {
    const LegState leg = next.shard[kRestored].row[player].is.leg[trade];
    if (!active_here(step.now, player)) continue;
    if (leg == LegState::kAborted) return Redone::kWaits;
    if (leg != LegState::kHeld) continue;
    const bool known = (heard.legs >> (1 - player) & 1) || active_here(step.now, 1 - player);
    if (gets_item(step.world, trade, player) && !known) return Redone::kWaits;
    if (still_leaving(step.world, next.shard[kRestored], trade, player)) return Redone::kWaits;
    finish(step.world, next, kRestored, trade, player, true);
    changed = true;
  }
  return changed ? Redone::kDone : Redone::kNothing;
}

bool send_again(Step& step, int letter) {
  if (!(step.now.desk.received >> letter & 1) || !active_here(step.now, letter)) return false;
  const Content& before = step.now.shard[kRestored].row[letter].is;
  if (before.outbox[letter] == Box::kDone || step.removed(Rule::kReceivedIsTold)) return false;
  State next = step.now;
  Content& content = next.shard[kRestored].row[letter].is;
  content.outbox[letter] = Box::kDone;
  if (before.outbox[letter] == Box::kNone) {
    provide(next, letter, 1);
    --content.gold;
    ++next.shard[kRestored].transit;
  }
  next.redone = 1;
  step.emit(next, Fair::kYes, {"RECONCILE: SEND again", letter});
  return true;
}

bool still_to_be_delivered(const Step& step, int letter) {
  if (!(step.now.desk.sent >> letter & 1) || !active_here(step.now, 1 - letter)) return false;
  return step.now.shard[kRestored].row[1 - letter].is.inbox[letter] == Box::kNone && !step.removed(Rule::kSentIsTold);
}

bool deliver_again(Step& step, int letter) {
  if (!still_to_be_delivered(step, letter)) return false;
  State next = step.now;
  if (!arrive(step.world, next.shard[kRestored], letter)) return false;
  next.redone = 1;
  step.emit(next, Fair::kYes, {"RECONCILE: DELIVER again", 1 - letter});
  return true;
}

// By its register, which is asked to decide; what this shard's own has not decided, nobody has acted on.
bool end_hold(Step& step, int trade, int player) {
  if (step.now.shard[kRestored].row[player].is.leg[trade] != LegState::kHeld || !active_here(step.now, player))
    return false;
  State next = step.now;
  Register& reg = next.shard[step.now.register_at[trade] - 1].reg[trade];
  if (reg.verdict == Verdict::kNone) {
    reg.yes |= 1u << player;
    reg.voted[player] = kRestored + 1;
    reg.verdict = reg.yes == 3 ? Verdict::kCommit : Verdict::kAbort;
  }
  const bool commit = verdict_for(next, trade, player) == Verdict::kCommit;
  if (commit && register_here(step.now, trade)) return false;  // its goods come with the fact
  if (commit && still_leaving(step.world, next.shard[kRestored], trade, player)) return false;
  finish(step.world, next, kRestored, trade, player, commit);
  step.emit(next, Fair::kYes, {"RECONCILE: a hold ends", player, trade});
  return true;
}

// Votes that were counted, of a trade that nobody saw committed: it may have been aborted since.
bool forget_votes(Step& step, int trade) {
  if (!register_here(step.now, trade) || step.removed(Rule::kRegisterForgets)) return false;
  const Register& reg = step.now.shard[kRestored].reg[trade];
  if (reg.verdict != Verdict::kNone || reg.yes == 0) return false;
  State next = step.now;
  next.shard[kRestored].reg[trade].verdict = Verdict::kAbort;
  step.emit(next, Fair::kYes, {"RECONCILE: what nobody saw committed is aborted", -1, trade});
  return true;
}

void force(Step& step) {
  for (int trade = 0; trade < step.world.trades; ++trade) {
    State next = step.now;
    if (legs_again(step, next, trade) != Redone::kWaits) continue;
    if (step.now.desk.trade[trade].force == 2) continue;
    next = step.now;
    ++next.desk.trade[trade].force;
    step.emit(next, Fair::kYes, {"RECONCILE: forced", -1, trade});
    return;
  }
  State next = step.now;
  for (int trade = 0; trade < step.world.trades; ++trade) {
    if (step.now.desk.trade[trade].force == 2) next.desk.refused |= 4;
    next.desk.trade[trade] = Heard{};
  }
  for (int letter = 0; letter < kNotes; ++letter)
    if (still_to_be_delivered(step, letter)) next.desk.again |= 4;
  next.desk.received = next.desk.sent = next.desk.heard = 0;
  next.desk.at = At::kItems;
  step.emit(next, Fair::kYes, {"RECONCILE: nothing gets on any more"});
}

}  // namespace

void redo(Step& step) {
  if (step.now.desk.at != At::kRedo) return;
  bool first = false;
  for (int trade = 0; trade < step.world.trades; ++trade) first = decide_again(step, trade) || first;
  if (first) return;
  bool more = false;
  for (int trade = 0; trade < step.world.trades; ++trade) {
    State next = step.now;
    if (legs_again(step, next, trade) == Redone::kDone) {
      next.redone = more = true;
      step.emit(next, Fair::kYes, {"RECONCILE: legs again", -1, trade});
    }
    more = forget_votes(step, trade) || more;
    for (int player = 0; player < kPlayers; ++player) more = end_hold(step, trade, player) || more;
  }
  for (int letter = 0; letter < kNotes; ++letter) {
    more = send_again(step, letter) || more;
    more = deliver_again(step, letter) || more;
  }
  if (!more) force(step);
}

}  // namespace dure::model::accounts

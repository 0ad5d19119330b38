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

// What waits is tried as it is before any of it is forced again.
void got_on(State& next) {
  next.redone = 1;
  for (Heard& heard : next.desk.trade) heard.force = 0;
  for (u8& force : next.desk.letter_force) force = 0;
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

// What it gives is with it, then. False: some of it is not here, and it has to wait.
bool provide_items(State& next, int player, int wanted, int force) {
  Row& row = next.shard[kRestored].row[player];
  const Row& partner = next.shard[kRestored].row[1 - player];
  const int own = wanted & row.is.items;
  const int from_partner = partner.status == Status::kActive ? wanted & ~own & partner.is.items : 0;
  if ((own | from_partner) != wanted && !(force & kMayLack)) return false;
  for (int item = 0; item < kUnique; ++item)
    if ((own >> item & 1) && next.let_go[item] == 0) next.let_go[item] = static_cast<u8>(1 + player);
  let_go(next, 1 - player, from_partner);
  row.is.items |= from_partner;
  return true;
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
  if (step.rule(Rule::kSwapIsRedoneOnce, !swapped_here(step.now, trade, player)) == false) return true;
  const int force = step.now.desk.trade[trade].force;
  if (!provide_items(next, player, gives_items(step.world, trade, player), force)) return false;
  provide(next, player, gives(step.world, trade, player));
  hold(step.world, next, kRestored, trade, player);
  if (register_here(step.now, trade)) next.shard[kRestored].reg[trade].yes |= 1u << player;
  return true;
}

// For what comes: whoever has it here has it from a time before.
void make_room(State& next, int comes) {
  for (int player = 0; player < kPlayers; ++player) {
    const int here = comes & next.shard[kRestored].row[player].is.items;
    if (here != 0) next.made_room = 1;
    let_go(next, player, here);
  }
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
    if (gets_items(step.world, trade, player) && !known) return Redone::kWaits;
    if (heard.force & kMakesRoom) make_room(next, gets_items(step.world, trade, player));
    if (still_leaving(step.world, next.shard[kRestored], trade, player)) return Redone::kWaits;
    finish(step.world, next, kRestored, trade, player, true);
    changed = true;
  }
  return changed ? Redone::kDone : Redone::kNothing;
}

bool still_to_be_sent(const Step& step, int letter) {
  if (!(step.now.desk.received >> letter & 1) || !active_here(step.now, letter)) return false;
  const Box outbox = step.now.shard[kRestored].row[letter].is.outbox[letter];
  return outbox != Box::kDone && !step.removed(Rule::kReceivedIsTold);
}

bool send_again(Step& step, int letter) {
  if (!still_to_be_sent(step, letter)) return false;
  State next = step.now;
  Content& content = next.shard[kRestored].row[letter].is;
  const int carried = step.world.accounts->letters_carry;
  if (content.outbox[letter] == Box::kNone && carried != 0) {
    if (!provide_items(next, letter, carried, step.now.desk.letter_force[letter])) return false;
    content.items &= ~carried;
  } else if (content.outbox[letter] == Box::kNone) {
    provide(next, letter, 1);
    --content.gold;
    ++next.shard[kRestored].transit;
  }
  content.outbox[letter] = Box::kDone;
  got_on(next);
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
  if (step.now.desk.letter_force[letter] & kMakesRoom) make_room(next, step.world.accounts->letters_carry);
  if (!arrive(step.world, next.shard[kRestored], letter)) return false;
  got_on(next);
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
  got_on(next);
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

bool waits(const Step& step, int trade) {
  State tried = step.now;
  return legs_again(step, tried, trade) == Redone::kWaits;
}

// Whichever is forced first, and how: no order may break anything.
bool force(Step& step) {
  bool forced = false;
  const auto emit = [&](bool may, int index, Force how, const auto& force_of) {
    if (!may || (force_of(step.now) & how) || (how == kMakesRoom && step.removed(Rule::kMakesRoom))) return;
    forced = true;
    State next = step.now;
    force_of(next) |= how;
    step.emit(next, Fair::kYes, {"RECONCILE: forced", -1, index, how});
  };
  for (int trade = 0; trade < step.world.trades; ++trade)
    for (const Force how : {kMayLack, kMakesRoom})
      emit(
          waits(step, trade), trade, how, [&](auto& state) -> auto& { return state.desk.trade[trade].force; });
  for (int letter = 0; letter < kNotes; ++letter) {
    const auto force_of = [&](auto& state) -> auto& { return state.desk.letter_force[letter]; };
    emit(still_to_be_sent(step, letter), kTrades + letter, kMayLack, force_of);
    emit(still_to_be_delivered(step, letter), kTrades + letter, kMakesRoom, force_of);
  }
  return forced;
}

void end(Step& step) {
  State next = step.now;
  for (int trade = 0; trade < step.world.trades; ++trade) {
    if (waits(step, trade)) next.desk.again |= 4;
    next.desk.trade[trade] = Heard{};
  }
  for (int letter = 0; letter < kNotes; ++letter)
    if (still_to_be_sent(step, letter) || still_to_be_delivered(step, letter)) next.desk.again |= 4;
  next.desk.received = next.desk.sent = next.desk.heard = 0;
  for (u8& force : next.desk.letter_force) force = 0;
  next.desk.at = At::kItems;
  step.emit(next, Fair::kYes, {"RECONCILE: nothing gets on any more"});
}

}  // namespace

void let_go(State& next, int player, int items) {
  next.shard[kRestored].row[player].is.items &= ~items;
  for (int item = 0; item < kUnique; ++item)
    if (items >> item & 1) next.let_go[item] = static_cast<u8>(1 + player);
}

void redo(Step& step) {
  if (step.now.desk.at != At::kRedo) return;
  bool first = false;
  for (int trade = 0; trade < step.world.trades; ++trade) first = decide_again(step, trade) || first;
  if (first) return;
  bool more = false;
  for (int trade = 0; trade < step.world.trades; ++trade) {
    State next = step.now;
    if (legs_again(step, next, trade) == Redone::kDone) {
      more = true;
      got_on(next);
      step.emit(next, Fair::kYes, {"RECONCILE: legs again", -1, trade});
    }
    more = forget_votes(step, trade) || more;
    for (int player = 0; player < kPlayers; ++player) more = end_hold(step, trade, player) || more;
  }
  for (int letter = 0; letter < kNotes; ++letter) {
    more = send_again(step, letter) || more;
    more = deliver_again(step, letter) || more;
  }
  if (!more && !force(step)) end(step);
}

}  // namespace dure::model::accounts

// The volatile side: a process asks for a player, loads the GRANT, hears what became of its operations (proposal.cpp),
// forgets. Nothing here is trusted by the transitions.
#include <algorithm>

#include "tests/model/transitions.h"

namespace dure::model {
namespace {

// Where a restore is reconciled a process may ask again for what died with the old agent.
bool asked_already(const Step& step, int player, int process, int epoch) {
  const int forgotten = step.world.reconciles ? step.now.forgotten[player][epoch] : 0;
  return (step.now.asked[player][epoch] & ~forgotten) >> process & 1;
}

void ask(Step& step, int player, int process) {
  const Row* row = active_row(step.now, player);
  const Owner& owner = step.now.owner[player][process];
  if (owner.phase != Phase::kIdle || row == nullptr || row->epoch + 1 >= step.world.epochs) return;
  if (asked_already(step, player, process, row->epoch)) return;
  State next = step.now;
  next.forgotten[player][row->epoch] &= ~(1u << process);
  Owner& asking = next.owner[player][process];
  const Answer late = owner.answer;
  asking = Owner{};
  asking.answer = late;
  asking.phase = Phase::kAsking;
  asking.expected = row->epoch;
  next.asked[player][row->epoch] |= 1u << process;
  next.wanted[player] |= 1u << row->epoch;
  if (step.removed(Rule::kReadInAcquire)) {
    asking.early_gold = row->gold;
    asking.early_item = row->item;
  }
  const bool unowned = row->owner == 0 || step.now.owner[player][row->owner - 1].phase != Phase::kHolding;
  step.emit(next, unowned ? Fair::kYes : Fair::kNo, {"ACQUIRE asked", player, process, row->epoch});
}

// All is SAVED: the other process is given (player, expected epoch).
void hand_over(Step& step, int player, int process) {
  const Owner& owner = step.now.owner[player][process];
  const int to = 1 - process;
  if (owner.phase != Phase::kHolding || owner.saved + 1 != owner.next_pseq) return;
  if (owner.epoch + 1 >= step.world.epochs || step.now.owner[player][to].phase != Phase::kIdle) return;
  if (asked_already(step, player, to, owner.epoch)) return;
  State next = step.now;
  next.forgotten[player][owner.epoch] &= ~(1u << to);
  next.owner[player][process] = Owner{};
  Owner& asking = next.owner[player][to];
  asking = Owner{};
  asking.phase = Phase::kAsking;
  asking.expected = owner.epoch;
  next.asked[player][owner.epoch] |= 1u << to;
  next.wanted[player] |= 1u << owner.epoch;
  if (step.removed(Rule::kReadInAcquire)) {
    if (const Row* row = active_row(step.now, player)) {
      asking.early_gold = row->gold;
      asking.early_item = row->item;
    }
  }
  step.emit(next, Fair::kNo, {"ticket from", player, process, owner.epoch});
}

void forget(Step& step, int player, int process) {
  const Owner& owner = step.now.owner[player][process];
  if (owner.phase != Phase::kHolding || step.now.crashes >= step.world.crashes) return;
  State next = step.now;
  ++next.crashes;
  next.owner[player][process] = Owner{};
  if (step.removed(Rule::kFreshAcquireId)) {
    next.owner[player][process].phase = Phase::kAsking;
    next.owner[player][process].expected = owner.expected;
  }
  step.emit(next, Fair::kNo, {"owner forgets", player, process, owner.epoch});
}

// ── a GRANT arrives ─────────────────────────────────────────────────────────────────────────────────────────────────
bool for_this_ask(const Owner& owner, int process) {
  return owner.answer.acquire_id == 1 + process * kEpochs + owner.expected;
}

// Only owners with a rule removed come here: the correct one has loaded and ignores.
bool load_again(const Step& step, Owner& owner) {
  const Answer& answer = owner.answer;
  if (answer.epoch != owner.epoch) return false;
  if (step.removed(Rule::kRepeatLastNow)) {
    owner.next_pseq = 1;
    owner.saved = 0;
  } else if (step.removed(Rule::kLoadedIgnoresGrant)) {
    const int open = std::max(0, owner.next_pseq - 1 - std::max(owner.saved, answer.last_pseq));
    if (answer.gold < open) return false;
    owner.gold = static_cast<u8>(answer.gold - open);
    owner.settled = answer.settled;
    return true;
  } else {
    return false;
  }
  owner.gold = answer.gold;
  owner.settled = answer.settled;
  return true;
}

void hear_grant(Step& step, int player, int process) {
  const Owner& owner = step.now.owner[player][process];
  if (owner.answer.acquire_id == 0 || owner.phase == Phase::kIdle || !for_this_ask(owner, process)) return;
  State next = step.now;
  Owner& after = next.owner[player][process];
  if (owner.phase == Phase::kHolding) {
    if (load_again(step, after)) step.emit(next, Fair::kYes, {"owner loads again", player, process, owner.epoch});
    return;
  }
  if (owner.answer.last_pseq != 0 && !step.removed(Rule::kFreshAcquireId)) {
    after = Owner{};
    step.emit(next, Fair::kYes, {"owner may not use this GRANT", player, process});
    return;
  }
  load(step, next, player, process, owner.answer);
  step.emit(next, Fair::kYes, {"owner loads", player, process, owner.answer.epoch});
}

// ── what became of its operations ───────────────────────────────────────────────────────────────────────────────────
void hear_saved(Step& step, int player, int process, const Row& row) {
  const Owner& owner = step.now.owner[player][process];
  State next = step.now;
  Owner& after = next.owner[player][process];
  const bool mine = row.epoch == owner.epoch && row.owner == process + 1;
  const bool lost = owner.saved > row.last_pseq;  // a GAP it cannot fill: the shard was restored
  if (!mine || lost) {
    const Answer late = owner.answer;
    after = Owner{};
    after.answer = late;
    step.emit(next, Fair::kYes, {mine ? "owner hears GAP, drops" : "owner hears STALE_EPOCH", player, process});
  } else if (owner.saved < row.last_pseq) {
    after.saved = row.last_pseq;
    step.emit(next, Fair::kYes, {"owner hears SAVED", player, process, row.last_pseq});
  }
}

void note_result(Requests& requests, const Operation* leg, Result result) {
  if (leg == nullptr || leg->creq == 0) return;
  if (requests.result[leg->creq] == Result::kHeld) requests.result[leg->creq] = result;
}

struct LegAnswer {
  bool known = false, commit = false;
};

// The answer to a leg: by the register, once its number is used; of a hold, once FINISH is done. A new owner hears
// only of holds that were open when it loaded.
LegAnswer answer_of(const Step& step, int trade, int player, const Owner& owner, const Row& row, bool mine,
                    const Operation* leg) {
  const Trade& state = step.now.trade[trade];
  const Leg& hold = state.leg[player];
  const bool commit = (hold.finished ? hold.ended : state.verdict) == Verdict::kCommit;
  if (hold.vote == Vote::kYes) {
    const bool early = step.removed(Rule::kKeepRoomUntilFinish) && state.verdict != Verdict::kNone;
    return {hold.finished || early, commit};
  }
  if (leg == nullptr || row.epoch != owner.epoch) return {};
  const bool used = row.last_pseq >= leg->pseq;
  if (mine && used && !commit && step.removed(Rule::kLegAnsweredByRegister)) return {true, true};
  if (mine && commit && hold.finished) return {true, true};
  if (mine && state.verdict == Verdict::kAbort) return {step.rule(Rule::kRefundAfterNumber, used), false};
  if (!mine && state.verdict == Verdict::kAbort) return {step.removed(Rule::kRefundOnlyDebited), false};
  return {};
}

void hear_trade(Step& step, int player, int process, const Row& row, int trade) {
  const Owner& owner = step.now.owner[player][process];
  if (owner.settled >> trade & 1) return;
  const Operation* leg = find_leg(step.now, trade, player);
  const bool mine = leg != nullptr && leg->epoch == owner.epoch && leg->owner == process + 1;
  const LegAnswer answer = answer_of(step, trade, player, owner, row, mine, leg);
  if (!answer.known) return;
  State next = step.now;
  Owner& after = next.owner[player][process];
  after.settled |= 1u << trade;
  after.reserved &= ~(1u << trade);
  if (answer.commit) {
    if (!step.now.closed && step.now.trade[trade].verdict != Verdict::kCommit) violate(next, Law::kToldTruth);
    after.gold += gets(step.world, trade, player);
    if (gets_item(step.world, trade, player)) after.item = step.now.trade[trade].leg[1 - player].item;
  } else {
    after.gold += gives(step.world, trade, player);
    if (gives_item(step.world, trade, player))
      after.item =
          step.now.trade[trade].leg[player].vote == Vote::kYes ? step.now.trade[trade].leg[player].item : row.item;
  }
  note_result(after.requests, leg, answer.commit ? Result::kDone : Result::kAborted);
  step.emit(next, Fair::kYes, {answer.commit ? "owner told COMMIT" : "owner told ABORTED", player, process, trade});
}

// A dishonest owner that was rejected guesses the new number and goes on.
void go_on_after_fence(Step& step, int player, int process, const Row& row) {
  const Owner& owner = step.now.owner[player][process];
  if (honest(step, player) || owner.epoch + 1 != row.epoch || step.now.granted[player][row.epoch] != 0) return;
  State next = step.now;
  next.owner[player][process].epoch = row.epoch;
  next.owner[player][process].next_pseq = 1;
  next.owner[player][process].saved = 0;
  step.emit(next, Fair::kNo, {"owner goes on under a number nobody gave it", player, process, row.epoch});
}

}  // namespace

namespace {

// GRANT's open holds name the requests they came from: neither done nor overtaken while undecided.
void remember_held(const Step& step, const State& state, int player, Owner& owner) {
  for (int trade = 0; trade < step.world.trades; ++trade) {
    const Operation* leg = find_leg(state, trade, player);
    if (!(owner.reserved >> trade & 1) || leg == nullptr || leg->creq == 0) continue;
    if (step.removed(Rule::kHoldsNameRequests)) continue;
    owner.requests.result[leg->creq] = Result::kHeld;
    owner.requests.content[leg->creq] = leg->content;
  }
}

}  // namespace

void load(const Step& step, State& state, int player, int process, const Answer& answer) {
  Owner& owner = state.owner[player][process];
  owner.phase = Phase::kHolding;
  owner.epoch = answer.epoch;
  owner.next_pseq = static_cast<u8>(answer.last_pseq + 1);
  owner.saved = answer.last_pseq;
  owner.gold = answer.gold;
  owner.item = answer.item;
  owner.reserved = answer.open;
  owner.settled = answer.settled;
  owner.requests = Requests{};
  owner.requests.loaded = owner.requests.greatest = answer.last_creq;
  owner.requests.loaded_content = answer.creq_content;
  owner.requests.loaded_result = answer.creq_result;
  remember_held(step, state, player, owner);
  owner.early_gold = 0;
  owner.early_item = Item{};
}

void owners(Step& step) {
  for (int player = 0; player < step.world.players; ++player)
    for (int process = 0; process < kProcesses; ++process) {
      if (!step.world.stays[player]) {
        ask(step, player, process);
        hand_over(step, player, process);
        forget(step, player, process);
      }
      hear_grant(step, player, process);
      if (step.now.owner[player][process].phase != Phase::kHolding) continue;
      propose_any(step, player, process);
      const Row* row = active_row(step.now, player);
      if (row == nullptr) continue;
      hear_saved(step, player, process, *row);
      go_on_after_fence(step, player, process, *row);
      for (int trade = 0; trade < step.world.trades; ++trade) hear_trade(step, player, process, *row, trade);
    }
}

}  // namespace dure::model

// In which order a restored shard is put right, what is left at the end, and when it opens. The desk is one agent's
// memory: dead at any moment, it begins anew.
#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {
namespace {

void items(Step& step) {
  State next = step.now;
  bool elsewhere = false;
  for (int other = 1; other < step.world.accounts->shards; ++other)
    for (const Row& row : step.now.shard[other].row)
      if (row.status != Status::kArriving || step.removed(Rule::kArrivingIsNotTold))
        elsewhere = elsewhere || row.is.item;
  for (Row& row : next.shard[kRestored].row)
    if (elsewhere && !step.removed(Rule::kItemsLeave)) row.is.item = 0;
  next.desk.at = At::kGiveBack;
  step.emit(next, Fair::kYes, {"RECONCILE: items that others have"});
}

// Whether the item is there, but for a trade that is COMMIT, or a leg of there gets it by one.
bool others_have_it(const Step& step) {
  for (int other = 1; other < step.world.accounts->shards; ++other) {
    for (int player = 0; player < kPlayers; ++player) {
      const Content& content = step.now.shard[other].row[player].is;
      const bool has = content.item || in_a_letter(step.world, content, player);
      if (!step.rule(Rule::kGivesBackNobodys, !has)) return true;
      for (int trade = 0; trade < step.world.trades; ++trade) {
        if (content.leg[trade] != LegState::kHeld) continue;
        const bool committed = verdict_for(step.now, trade, player) == Verdict::kCommit;
        const bool stays = !step.rule(Rule::kLeavesByCommit, committed) && gives_item(step.world, trade, player);
        const bool comes = committed && gets_item(step.world, trade, player);
        if (stays || !step.rule(Rule::kComingIsNobodysToGive, !comes)) return true;
      }
    }
  }
  return false;
}

// What was let go here in the wrong order, and nobody has.
void give_back(Step& step) {
  State next = step.now;
  next.desk.at = At::kBalance;
  const bool left_over = (step.now.desk.again | step.now.desk.refused) != 0;
  const bool gone = step.now.let_go != 0 && !item_is_here(step.world, step.now.shard[kRestored]);
  const bool is_here =
      step.now.let_go != 0 && step.now.shard[kRestored].row[step.now.let_go - 1].status == Status::kActive;
  if (gone && is_here && !left_over && !others_have_it(step) && !step.removed(Rule::kGivesBack)) {
    next.shard[kRestored].row[step.now.let_go - 1].is.item = 1;
    next.given_back = 1;
  }
  step.emit(next, Fair::kYes, {"RECONCILE: what nobody has"});
}

void balance(Step& step) {
  State next = step.now;
  int sum = step.now.shard[kRestored].moves;
  bool under_way = false;
  for (int other = 1; other < step.world.accounts->shards; ++other) {
    sum += step.now.shard[other].moves;
    for (const Row& row : step.now.shard[other].row) under_way = under_way || !settled(row.status);
  }
  if (under_way && !step.removed(Rule::kBalanceWaits)) {
    next.desk.again |= 4;
  } else if (!step.removed(Rule::kBalances)) {
    next.shard[kRestored].moves = static_cast<i8>(next.shard[kRestored].moves - sum);
    next.shard[kRestored].outside = static_cast<i8>(next.shard[kRestored].outside + sum);
  }
  next.desk.at = At::kOpen;
  step.emit(next, Fair::kYes, {"RECONCILE: moves are balanced"});
}

// Who was brought back last may know nothing of what those before it did with it.
void look_for_halves(const Step& step, State& next) {
  for (int player = 0; player < kPlayers; ++player) {
    const Row& row = step.now.shard[kRestored].row[player];
    const bool here = (step.now.brought_back >> player & 1) && row.status == Status::kActive;
    if (here && !nothing_half(step, row, player)) next.desk.refused |= 4;
  }
}

void open(Step& step) {
  State next = step.now;
  if (!step.removed(Rule::kNothingHalfOfOthers)) look_for_halves(step, next);
  const bool still = step.rule(Rule::kNoMoveMeanwhile, step.now.desk.begun == moves_begun(step.now));
  const bool clean = still && !next.desk.again && !next.desk.refused;
  next.stays = next.desk.refused != 0;
  next.closed = !clean;
  if (clean) next.let_go = 0;
  next.desk = Desk{};
  step.emit(next, Fair::kYes, {clean ? "RECONCILE: it opens" : "RECONCILE: something is left, it begins anew"});
}

}  // namespace

void desk(Step& step) {
  if (!step.now.closed) return;
  settle_accounts(step);
  bring_back(step);
  hear(step);
  redo(step);
  if (step.now.desk.at == At::kItems) items(step);
  if (step.now.desk.at == At::kGiveBack) give_back(step);
  if (step.now.desk.at == At::kBalance) balance(step);
  if (step.now.desk.at == At::kOpen) open(step);
  if (step.now.desk.at == At::kTurnBack || step.now.crashes >= step.world.crashes) return;
  State next = step.now;
  ++next.crashes;
  next.desk = Desk{};
  step.emit(next, Fair::kNo, {"the desk dies"});
}

}  // namespace dure::model::accounts

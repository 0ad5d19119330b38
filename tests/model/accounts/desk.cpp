// In which order a restored shard is put right, what is left at the end, and when it opens. The desk is one agent's
// memory: dead at any moment, it begins anew.
#include <algorithm>

#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {
namespace {

void items(Step& step) {
  State next = step.now;
  u8 elsewhere = 0;
  for (int other = 1; other < step.world.accounts->shards; ++other)
    for (int player = 0; player < kPlayers; ++player) {
      const Row& row = step.now.shard[other].row[player];
      if (row.status != Status::kArriving || step.removed(Rule::kArrivingIsNotTold)) elsewhere |= row.is.items;
      for (int trade = 0; trade < step.world.trades; ++trade)
        if (row.is.leg[trade] == LegState::kHeld && verdict_for(step.now, trade, player) != Verdict::kCommit)
          elsewhere |= gives_items(step.world, trade, player);
    }
  for (Row& row : next.shard[kRestored].row)
    if (!step.removed(Rule::kItemsLeave)) row.is.items &= ~elsewhere;
  next.desk.at = At::kGiveBack;
  step.emit(next, Fair::kYes, {"RECONCILE: items that others have"});
}

// Its sender has not heard that it was delivered.
bool was_delivered_here(const Step& step, int letter) {
  const Row& receiver = step.now.shard[kRestored].row[1 - letter];
  return receiver.status == Status::kActive && receiver.is.inbox[letter] != Box::kNone;
}

// Whether an item is there, but for a trade that is COMMIT or a letter that is here, or a leg of there gets it by one.
bool others_have(const Step& step, u8 item) {
  for (int other = 1; other < step.world.accounts->shards; ++other) {
    for (int player = 0; player < kPlayers; ++player) {
      const Content& content = step.now.shard[other].row[player].is;
      const bool sent = !step.rule(Rule::kDeliveredIsNotTheirs, was_delivered_here(step, player)) &&
                        (in_a_letter(step.world, content, player) & item);
      if (!step.rule(Rule::kGivesBackNobodys, !sent && !(content.items & item))) return true;
      for (int trade = 0; trade < step.world.trades; ++trade) {
        if (content.leg[trade] != LegState::kHeld) continue;
        const bool committed = verdict_for(step.now, trade, player) == Verdict::kCommit;
        const bool stays =
            !step.rule(Rule::kLeavesByCommit, committed) && (gives_items(step.world, trade, player) & item);
        const bool comes = committed && (gets_items(step.world, trade, player) & item);
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
  for (int number = 0; number < kUnique; ++number) {
    const u8 item = static_cast<u8>(1 << number), whose = step.now.let_go[number];
    if (whose == 0 || left_over || step.removed(Rule::kGivesBack)) continue;
    if (step.now.shard[kRestored].row[whose - 1].status != Status::kActive) continue;
    if ((items_here(step.world, step.now.shard[kRestored]) & item) || others_have(step, item)) continue;
    next.shard[kRestored].row[whose - 1].is.items |= item;
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
  if (clean) std::fill_n(next.let_go, kUnique, u8{0});
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

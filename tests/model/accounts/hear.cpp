// What another shard knows, kind by kind, as its rows are when it is asked; others go on meanwhile.
#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {
namespace {

enum Kind : int { kRegister, kLegs, kSwaps, kReceived, kSent, kKinds };

void heard(Heard& trade, int legs) {
  trade.committed = 1;
  trade.legs |= legs;
}

void hear_register(const Step& step, State& next, int other) {
  for (int trade = 0; trade < step.world.trades; ++trade) {
    Register& reg = next.shard[other].reg[trade];
    if (reg.verdict == Verdict::kAbort || reg.swapped || reg.yes == 0) continue;
    if (reg.verdict == Verdict::kCommit) {
      heard(next.desk.trade[trade], reg.yes);
      continue;
    }
    for (const u8 from : reg.voted)  // a leg of here has voted there and may be forgotten here
      if (from == kRestored + 1) reg.verdict = Verdict::kAbort;
  }
}

void hear_rows(const Step& step, State& next, int other, int kind) {
  for (int player = 0; player < kPlayers; ++player) {
    const Row& row = step.now.shard[other].row[player];
    if (row.status == Status::kArriving && !step.removed(Rule::kArrivingIsNotTold)) continue;
    for (int trade = 0; trade < step.world.trades; ++trade) {
      if (kind == kLegs && row.is.leg[trade] == LegState::kCommitted) heard(next.desk.trade[trade], 1u << player);
      // A leg that is only held: what it gives is known, and no more.
      if (kind == kLegs && row.is.leg[trade] == LegState::kHeld) next.desk.trade[trade].legs |= 1u << player;
      if (kind == kSwaps && (row.is.swapped >> trade & 1) && !step.removed(Rule::kSwapIsTold))
        heard(next.desk.trade[trade], 1u << player);
    }
    if (kind == kReceived && row.is.inbox[1 - player] != Box::kNone) next.desk.received |= 1u << (1 - player);
    // One that waits may have been delivered before the restore, and given on.
    const bool waits = row.is.outbox[player] == Box::kWaiting && !step.removed(Rule::kPendingIsTold);
    if (kind == kSent && (waits || row.is.outbox[player] == Box::kDone)) next.desk.sent |= 1u << player;
  }
}

// Not where a leg of this trade holds it: whoever has it has it by that trade.
bool is_elsewhere(const Step& step, int items, int except) {
  for (int other = 1; other < step.world.accounts->shards; ++other)
    for (int player = 0; player < kPlayers; ++player) {
      const Content& content = step.now.shard[other].row[player].is;
      if (items & content.items) return true;
      for (int trade = 0; trade < step.world.trades; ++trade) {
        if (trade == except || content.leg[trade] != LegState::kHeld) continue;
        const bool commit = verdict_for(step.now, trade, player) == Verdict::kCommit;
        if (items & (commit ? gets_items(step.world, trade, player) : gives_items(step.world, trade, player)))
          return true;
      }
    }
  return false;
}

// What this register forgot and nobody tells: a leg that has not heard of it holds what the other one has passed on.
void hear_what_was_passed_on(const Step& step, State& next) {
  for (int trade = 0; trade < step.world.trades; ++trade)
    for (int other = 1; other < step.world.accounts->shards; ++other)
      for (int player = 0; player < kPlayers; ++player) {
        const bool open = step.now.register_at[trade] == kRestored + 1 &&
                          step.now.shard[other].row[player].is.leg[trade] == LegState::kHeld;
        const Verdict verdict = step.now.shard[kRestored].reg[trade].verdict;
        const bool proven =
            verdict == Verdict::kCommit ||
            (verdict == Verdict::kNone && is_elsewhere(step, gives_items(step.world, trade, player), trade));
        if (open && proven) heard(next.desk.trade[trade], 1u << player);
      }
}

// A row between two shards may be heard on neither, and one that arrives may never count.
void begin_to_hear(Step& step) {
  State next = step.now;
  bool under_way = false;
  for (int other = 1; other < step.world.accounts->shards; ++other)
    for (const Row& row : step.now.shard[other].row) under_way = under_way || !settled(row.status);
  for (const Map& map : step.now.map) under_way = under_way || map.intent != 0;
  next.desk.at = At::kHear;
  next.desk.begun = static_cast<u8>(moves_begun(step.now));
  if (under_way && !step.removed(Rule::kNobodyUnderWay)) {
    next.desk.again |= 4;
    next.desk.at = At::kOpen;
  }
  step.emit(next, Fair::kYes, {under_way ? "RECONCILE: accounts are on the move" : "RECONCILE: nobody is on the move"});
}

}  // namespace

void hear(Step& step) {
  if (step.now.desk.at == At::kQuiet) begin_to_hear(step);
  if (step.now.desk.at != At::kHear) return;
  State next = step.now;
  const int all = (step.world.accounts->shards - 1) * kKinds;
  if (step.now.desk.heard == all) {
    // Before anything is settled for good by what was not heard.
    const bool whole = step.rule(Rule::kHeardWhole, step.now.desk.begun == moves_begun(step.now));
    if (!whole) next.desk.again |= 4;
    if (!step.removed(Rule::kPassedOn)) hear_what_was_passed_on(step, next);
    next.desk.at = whole ? At::kRedo : At::kOpen;
    step.emit(next, Fair::kYes, {whole ? "RECONCILE: all were heard" : "RECONCILE: somebody began to move meanwhile"});
    return;
  }
  const int other = 1 + step.now.desk.heard / kKinds, kind = step.now.desk.heard % kKinds;
  ++next.desk.heard;
  if (kind == kRegister)
    hear_register(step, next, other);
  else
    hear_rows(step, next, other, kind);
  step.emit(next, Fair::kYes, {"RECONCILE: heard", -1, other, kind});
}

}  // namespace dure::model::accounts

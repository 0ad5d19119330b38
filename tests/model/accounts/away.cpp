// The desk's first steps: moves from or to the restored shard are turned back, accounts that the map has elsewhere are
// given up, and who stands half of a move here is settled by its fate.
#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {
namespace {

void turn_back(Step& step) {
  State next = step.now;
  if (!step.removed(Rule::kTurnsMovesBack))
    for (int player = 0; player < kPlayers; ++player) {
      const int m = step.now.map[player].intent;
      if (m == 0) continue;
      const Map& map = step.now.map[player];
      if (map.source[m] != kRestored && map.target[m] != kRestored) continue;
      next.map[player].intent = 0;
      next.map[player].fate[m] = Fate::kAborted;
      step.emit(next, Fair::kYes, {"RECONCILE: a move is turned back", player, m});
      return;
    }
  next.desk.at = At::kGiveUp;
  step.emit(next, Fair::kYes, {"RECONCILE: no move is open"});
}

bool here(const Row& row) { return row.status != Status::kNone && row.status != Status::kMoved; }

void give_up_who_left(Step& step) {
  State next = step.now;
  if (!step.removed(Rule::kGivesUp))
    for (int player = 0; player < kPlayers; ++player) {
      const Map& map = step.now.map[player];
      const Row& row = step.now.shard[kRestored].row[player];
      if (!here(row) || map.shard == kRestored || row.move > map.greatest) continue;
      give_up(step, next, player, map.greatest);
      next.given_up = 1;
      step.emit(next, Fair::kYes, {"RECONCILE: given up", player, map.greatest});
      return;
    }
  next.desk.at = At::kSettle;
  step.emit(next, Fair::kYes, {"RECONCILE: nobody is here whom the map has elsewhere"});
}

// What is known of a row that is not ACTIVE is not told again: it has to be what it will be.
void settle_who_stands_half(Step& step) {
  State next = step.now;
  next.desk.at = At::kBringBack;
  if (!step.removed(Rule::kSettlesFirst))
    for (int player = 0; player < kPlayers; ++player) {
      const Row& row = step.now.shard[kRestored].row[player];
      const bool flipped = step.now.map[player].fate[row.move] == Fate::kFlipped;
      if (settled(row.status) || (row.status == Status::kMoving && flipped)) continue;  // that one came again since
      if (row.status == Status::kArriving && !flipped) {
        remove(next, kRestored, player, row.move);
      } else {
        next.shard[kRestored].row[player].status = Status::kActive;
        if (flipped) next.shard[kRestored].kept[player] = Kept{};
      }
      next.desk.at = At::kSettle;
      step.emit(next, Fair::kYes, {"RECONCILE: settled", player, row.move});
      return;
    }
  step.emit(next, Fair::kYes, {"RECONCILE: nobody stands half here"});
}

}  // namespace

void give_up(const Step& step, State& next, int player, int move) {
  for (int trade = 0; trade < step.world.trades; ++trade) {
    const bool held = next.shard[kRestored].row[player].is.leg[trade] == LegState::kHeld;
    if (held && !step.removed(Rule::kGivesUpHolds)) finish(step.world, next, kRestored, trade, player, false);
  }
  next.shard[kRestored].kept[player] = Kept{};
  const Row before = next.shard[kRestored].row[player];
  remove(next, kRestored, player, move);
  if (!step.removed(Rule::kGivesUpHolds)) return;
  for (int trade = 0; trade < step.world.trades; ++trade)
    if (before.is.leg[trade] == LegState::kHeld) next.shard[kRestored].row[player].is.leg[trade] = LegState::kHeld;
}

void settle_accounts(Step& step) {
  if (step.now.desk.at == At::kTurnBack) turn_back(step);
  if (step.now.desk.at == At::kGiveUp) give_up_who_left(step);
  if (step.now.desk.at == At::kSettle) settle_who_stands_half(step);
}

}  // namespace dure::model::accounts

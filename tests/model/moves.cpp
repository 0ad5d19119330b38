// The move of one player to the other shard: every step a message that may come late and again. Only fate(m), FLIPPED
// or ABORTED, is read from the register by the shards: it is final, so a late answer is still true.
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

int waiting(const Row& row) {
  int sum = 0;
  for (const Box box : row.inbox) sum += box == Box::kWaiting;
  return sum;
}
// What a row is worth to its shard.
int value(const Row& row) { return row.gold + waiting(row); }

void intent(Step& step, int player) {
  const Map& map = step.now.map[player];
  if (map.intent != 0 || map.greatest >= step.world.moves[player]) return;
  State next = step.now;
  Map& after = next.map[player];
  after.intent = ++after.greatest;
  after.fate[after.intent] = Fate::kOpen;
  after.source[after.intent] = map.shard;
  step.emit(next, Fair::kNo, {"INTENT", player, after.intent});
}

void freeze(Step& step, int player, int m, int from) {
  const Row& row = step.now.row[player][from];
  if (row.status != Status::kActive || !step.rule(Rule::kFreezeNewer, row.move < m)) return;
  if (!step.rule(Rule::kFreezeNoHold, !open_hold(step, player))) return;
  State next = step.now;
  next.row[player][from].status = Status::kMoving;
  next.row[player][from].move = static_cast<u8>(m);
  step.emit(next, Fair::kYes, {"FREEZE", player, m});
}

void send_copy(Step& step, int player, int m, int from) {
  const Row& row = step.now.row[player][from];
  if (row.status != Status::kMoving || row.move != m || step.now.map[player].copied[m]) return;
  State next = step.now;
  next.map[player].copied[m] = 1;
  Row& copy = next.copy[player][m];
  copy = row;
  copy.status = Status::kArriving;
  if (step.removed(Rule::kClaimedTravels))
    for (Box& box : copy.inbox)
      if (box == Box::kDone) box = Box::kNone;
  if (step.removed(Rule::kKeyTravels)) copy.drop_key = 0;
  step.emit(next, Fair::kYes, {"COPY sent", player, m});
}

void store_copy(Step& step, int player, int m, int to) {
  const Row& there = step.now.row[player][to];
  if (!step.now.map[player].copied[m] || there.status == Status::kActive || there.status == Status::kMoving) return;
  if (!(there.move < m || (step.removed(Rule::kCopyNewer) && there.move != m))) return;
  State next = step.now;
  Row& row = next.row[player][to];
  if (there.status == Status::kArriving) next.transit[to] += value(there);
  row = step.now.copy[player][m];
  next.transit[to] -= value(row);
  next.map[player].arrived[m] = 1;
  step.emit(next, Fair::kYes, {"COPY stored", player, m});
}

void flip(Step& step, int player, int m, int to) {
  const Map& map = step.now.map[player];
  if (map.intent != m) return;
  const bool arriving = step.now.row[player][to].status == Status::kArriving;
  const bool arrived = map.arrived[m] || (step.removed(Rule::kFlipSameMove) && arriving);
  State next = step.now;
  Map& after = next.map[player];
  after.intent = 0;
  after.fate[m] = Fate::kAborted;
  step.emit(next, Fair::kYes, {"MOVEABORT", player, m});
  if (!step.rule(Rule::kFlipArrived, arrived)) return;
  after.shard = static_cast<u8>(to);
  after.fate[m] = Fate::kFlipped;
  step.emit(next, Fair::kYes, {"FLIP", player, m});
}

void empty(Row& row, Status status, u8 move) {
  row = Row{};
  row.status = status;
  row.move = move;
}

// ACTIVATE, RETIRE, UNFREEZE, DISCARD: what a shard does once it knows the fate of the move its row is in.
void settle(Step& step, int player, int shard) {
  const Row& row = step.now.row[player][shard];
  const Fate fate = step.now.map[player].fate[row.move];
  const bool flipped = fate == Fate::kFlipped, aborted = fate == Fate::kAborted;
  State next = step.now;
  Row& after = next.row[player][shard];
  if (row.status == Status::kArriving && step.rule(Rule::kActivateFlipped, flipped)) {
    after.status = Status::kActive;
    step.emit(next, Fair::kYes, {"ACTIVATE", player, row.move});
  }
  if (row.status == Status::kMoving && step.rule(Rule::kUnfreezeAborted, aborted)) {
    after.status = Status::kActive;
    step.emit(next, Fair::kYes, {"UNFREEZE", player, row.move});
  }
  if (row.status == Status::kMoving && flipped) {
    next.transit[shard] += value(row);
    empty(after, Status::kMoved, row.move);
    if (step.removed(Rule::kRetireTombstone)) empty(after, Status::kNone, 0);
    step.emit(next, Fair::kYes, {"RETIRE", player, row.move});
  }
  if (row.status == Status::kArriving && step.rule(Rule::kDiscardAborted, aborted)) {
    next = step.now;
    next.transit[shard] += value(row);
    empty(after, Status::kNone, step.removed(Rule::kDiscardTombstone) ? 0 : row.move);
    step.emit(next, Fair::kYes, {"DISCARD", player, row.move});
  }
}

}  // namespace

void moves(Step& step) {
  for (int player = 0; player < step.world.players; ++player) {
    if (step.world.moves[player] == 0) continue;
    intent(step, player);
    for (int m = 1; m <= step.now.map[player].greatest; ++m) {
      const int from = step.now.map[player].source[m], to = 1 - from;
      freeze(step, player, m, from);
      send_copy(step, player, m, from);
      store_copy(step, player, m, to);
      flip(step, player, m, to);
    }
    for (int shard = 0; shard < kShards; ++shard) settle(step, player, shard);
  }
}

}  // namespace dure::model

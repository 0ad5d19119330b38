// A move as in the other model, of an account whose rows every shard has for itself; RETIRE keeps what left, as it
// left, until the account is here again.
#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {

Content read(const Step& step, const Row& row) {
  Content content = row.is;
  if (!step.removed(Rule::kSwapTravels)) content.swapped |= row.chain;
  return content;
}

void write(State& next, int shard, int player, const Content& content, int move) {
  next.shard[shard].row[player] = Row{Status::kArriving, static_cast<u8>(move), content, 0};
  next.shard[shard].moves = static_cast<i8>(next.shard[shard].moves - content.gold);
}

void remove(State& next, int shard, int player, int move) {
  Row& row = next.shard[shard].row[player];
  next.shard[shard].moves = static_cast<i8>(next.shard[shard].moves + row.is.gold);
  row = Row{Status::kMoved, static_cast<u8>(move), {}, 0};
}

int moves_begun(const State& state) { return state.map[0].greatest + state.map[1].greatest; }

namespace {

void intent(Step& step, int player) {
  const Map& map = step.now.map[player];
  const u8 target = step.world.accounts->path[player][map.greatest];
  if (map.intent != 0 || target == kNobody || target == map.shard) return;
  State next = step.now;
  Map& after = next.map[player];
  after.intent = ++after.greatest;
  after.fate[after.intent] = Fate::kOpen;
  after.source[after.intent] = map.shard;
  after.target[after.intent] = target;
  step.emit(next, Fair::kNo, {"INTENT", player, after.intent, target});
}

void freeze(Step& step, int player, int m) {
  const int from = step.now.map[player].source[m];
  const Row& row = step.now.shard[from].row[player];
  if (shut(step.now, from) || row.status != Status::kActive || row.move >= m) return;
  for (int trade = 0; trade < step.world.trades; ++trade)
    if (row.is.leg[trade] == LegState::kHeld) return;
  State next = step.now;
  next.shard[from].row[player].status = Status::kMoving;
  next.shard[from].row[player].move = static_cast<u8>(m);
  step.emit(next, Fair::kYes, {"FREEZE", player, m});
}

void send_copy(Step& step, int player, int m) {
  const int from = step.now.map[player].source[m];
  const Row& row = step.now.shard[from].row[player];
  if (shut(step.now, from) || row.status != Status::kMoving || row.move != m || step.now.map[player].copied[m]) return;
  State next = step.now;
  next.map[player].copied[m] = 1;
  next.copy[player][m] = read(step, row);
  step.emit(next, Fair::kYes, {"COPY sent", player, m});
}

void store_copy(Step& step, int player, int m) {
  const int to = step.now.map[player].target[m];
  const Row& there = step.now.shard[to].row[player];
  const bool may = there.status != Status::kActive && there.status != Status::kMoving && there.move < m;
  if (shut(step.now, to) || !step.now.map[player].copied[m] || !may) return;
  State next = step.now;
  if (there.status == Status::kArriving) remove(next, to, player, there.move);
  if (next.copy[player][m].items & items_here(step.world, next.shard[to])) return;
  write(next, to, player, next.copy[player][m], m);
  next.map[player].arrived[m] = 1;
  step.emit(next, Fair::kYes, {"COPY stored", player, m});
}

void decide(Step& step, int player, int m) {
  const Map& map = step.now.map[player];
  if (map.intent != m) return;
  State next = step.now;
  Map& after = next.map[player];
  after.intent = 0;
  after.fate[m] = Fate::kAborted;
  step.emit(next, Fair::kYes, {"MOVEABORT", player, m});
  if (!map.arrived[m]) return;
  after.shard = map.target[m];
  after.fate[m] = Fate::kFlipped;
  step.emit(next, Fair::kYes, {"FLIP", player, m});
}

void settle(Step& step, int player, int shard) {
  const Row& row = step.now.shard[shard].row[player];
  if (settled(row.status)) return;
  const Fate fate = step.now.map[player].fate[row.move];
  const bool flipped = fate == Fate::kFlipped;
  if (!flipped && fate != Fate::kAborted) return;
  State next = step.now;
  Kept& kept = next.shard[shard].kept[player];
  if (row.status == Status::kMoving && flipped) {
    if (shut(step.now, shard)) return;
    kept = Kept{row.move, read(step, row)};
    if (step.removed(Rule::kRetireKeeps)) kept = Kept{};
    remove(next, shard, player, row.move);
    step.emit(next, Fair::kYes, {"RETIRE", player, row.move});
  } else if (row.status == Status::kArriving && !flipped) {
    remove(next, shard, player, row.move);
    step.emit(next, Fair::kYes, {"DISCARD", player, row.move});
  } else {
    if (flipped) kept = Kept{};
    next.shard[shard].row[player].status = Status::kActive;
    step.emit(next, Fair::kYes, {flipped ? "ACTIVATE" : "UNFREEZE", player, row.move});
  }
}

}  // namespace

void moves(Step& step) {
  for (int player = 0; player < kPlayers; ++player) {
    intent(step, player);
    for (int m = 1; m <= step.now.map[player].greatest; ++m) {
      freeze(step, player, m);
      send_copy(step, player, m);
      store_copy(step, player, m);
      decide(step, player, m);
    }
    for (int shard = 0; shard < step.world.accounts->shards; ++shard) settle(step, player, shard);
  }
}

}  // namespace dure::model::accounts

// Trades as every shard has them in its own rows: SWAP, whose decision stays where it was made, and legs that are held.
#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {

int gives(const Scenario& world, int trade, int player) { return world.terms[trade].gold[player]; }
int gets(const Scenario& world, int trade, int player) { return world.terms[trade].gold[1 - player]; }
u8 gives_items(const Scenario& world, int trade, int player) {
  const Terms& terms = world.terms[trade];
  return static_cast<u8>((terms.item_from == player) | (terms.second_from == player) << 1);
}
u8 gets_items(const Scenario& world, int trade, int player) { return gives_items(world, trade, 1 - player); }

bool knows_swapped(const Row& row, int trade) { return (row.is.swapped | row.chain) >> trade & 1; }

Verdict verdict_for(const State& state, int trade, int player) {
  if (state.register_at[trade] == 0) return Verdict::kNone;
  const Register& reg = state.shard[state.register_at[trade] - 1].reg[trade];
  if (reg.verdict == Verdict::kCommit) return reg.yes >> player & 1 ? Verdict::kCommit : Verdict::kAbort;
  return reg.verdict;
}

void hold(const Scenario& world, State& next, int shard, int trade, int player) {
  Content& content = next.shard[shard].row[player].is;
  content.gold = static_cast<u8>(content.gold - gives(world, trade, player));
  content.items &= ~gives_items(world, trade, player);
  content.leg[trade] = LegState::kHeld;
}

void finish(const Scenario& world, State& next, int shard, int trade, int player, bool commit) {
  Content& content = next.shard[shard].row[player].is;
  const int credit = commit ? gets(world, trade, player) : gives(world, trade, player);
  content.gold = static_cast<u8>(content.gold + credit);
  content.items |= commit ? gets_items(world, trade, player) : gives_items(world, trade, player);
  if (commit) {
    i8& transit = next.shard[shard].transit;
    transit = static_cast<i8>(transit + gives(world, trade, player) - credit);
  }
  content.leg[trade] = commit ? LegState::kCommitted : LegState::kAborted;
}

namespace {

bool can_give(const Scenario& world, const Row& row, int trade, int player) {
  return row.status == Status::kActive && row.is.gold >= gives(world, trade, player) &&
         (gives_items(world, trade, player) & ~row.is.items) == 0 && row.is.leg[trade] == LegState::kNone;
}

void name_register(const Scenario& world, State& next, int trade) {
  const u8 named = world.accounts->registers[trade];
  if (next.register_at[trade] == 0)
    next.register_at[trade] = static_cast<u8>((named == kNobody ? next.map[0].shard : named) + 1);
}

void swap(Step& step, int trade) {
  const int shard = active_shard(step.now, 0);
  if (shard == kNobody || shard != active_shard(step.now, 1) || shut(step.now, shard)) return;
  State next = step.now;
  name_register(step.world, next, trade);
  Register& reg = next.shard[shard].reg[trade];
  if (next.register_at[trade] != shard + 1 || reg.verdict != Verdict::kNone || reg.yes != 0) return;
  for (int player = 0; player < kPlayers; ++player)
    if (!can_give(step.world, step.now.shard[shard].row[player], trade, player)) return;
  reg.verdict = Verdict::kCommit;
  reg.swapped = 1;
  next.prepared[trade] = 3;
  for (int player = 0; player < kPlayers; ++player) {
    Row& row = next.shard[shard].row[player];
    row.is.gold = static_cast<u8>(row.is.gold - gives(step.world, trade, player) + gets(step.world, trade, player));
    row.is.items &= ~gives_items(step.world, trade, player);
    row.chain |= 1u << trade;
  }
  for (int player = 0; player < kPlayers; ++player)
    next.shard[shard].row[player].is.items |= gets_items(step.world, trade, player);
  step.emit(next, Fair::kNo, {"SWAP", -1, trade, shard});
}

// The second YES decides, in its own transaction. Nothing is counted once it is decided.
void count(State& next, int trade, int player, int shard) {
  Register& reg = next.shard[next.register_at[trade] - 1].reg[trade];
  if (reg.verdict != Verdict::kNone) return;
  reg.yes |= 1u << player;
  reg.voted[player] = static_cast<u8>(shard + 1);
  if (reg.yes == 3) reg.verdict = Verdict::kCommit;
}

// Each leg is sent once: what a restore loses of it has died with its epoch.
void prepare(Step& step, int trade, int player) {
  const int shard = active_shard(step.now, player);
  if (shard == kNobody || shut(step.now, shard) || (step.now.prepared[trade] >> player & 1)) return;
  if (!can_give(step.world, step.now.shard[shard].row[player], trade, player)) return;
  State next = step.now;
  name_register(step.world, next, trade);
  next.prepared[trade] |= 1u << player;
  hold(step.world, next, shard, trade, player);
  if (next.register_at[trade] == shard + 1) count(next, trade, player, shard);
  step.emit(next, Fair::kNo, {"PREPARE YES", player, trade, shard});
}

void vote(Step& step, int trade, int player, int shard) {
  const int there = step.now.register_at[trade] - 1;
  if (shut(step.now, there)) return;
  const Register& reg = step.now.shard[there].reg[trade];
  if (reg.verdict != Verdict::kNone || (reg.yes >> player & 1)) return;
  State next = step.now;
  count(next, trade, player, shard);
  step.emit(next, Fair::kYes, {"VOTE", player, trade});
}

void decide(Step& step, int trade) {
  if (step.now.register_at[trade] == 0) return;
  const int there = step.now.register_at[trade] - 1;
  const Register& reg = step.now.shard[there].reg[trade];
  if (reg.verdict != Verdict::kNone || shut(step.now, there)) return;
  State next = step.now;
  next.shard[there].reg[trade].verdict = Verdict::kAbort;
  step.emit(next, Fair::kYes, {"DECIDE ABORT", -1, trade});
}

// A closed register answers nobody; a closed shard hears what is final.
void finish_here(Step& step, int trade, int player, int shard) {
  if (shut(step.now, step.now.register_at[trade] - 1)) return;
  const Verdict verdict = verdict_for(step.now, trade, player);
  if (verdict == Verdict::kNone || step.now.shard[shard].row[player].status != Status::kActive) return;
  if (verdict == Verdict::kCommit && still_leaving(step.world, step.now.shard[shard], trade, player)) return;
  State next = step.now;
  finish(step.world, next, shard, trade, player, verdict == Verdict::kCommit);
  step.emit(next, Fair::kYes, {verdict == Verdict::kCommit ? "FINISH COMMIT" : "FINISH ABORT", player, trade, shard});
}

}  // namespace

void trades(Step& step) {
  for (int trade = 0; trade < step.world.trades; ++trade) {
    if (step.world.accounts->swaps) swap(step, trade);
    if (!step.world.accounts->prepares) continue;
    decide(step, trade);
    for (int player = 0; player < kPlayers; ++player) {
      prepare(step, trade, player);
      for (int shard = 0; shard < step.world.accounts->shards; ++shard) {
        if (step.now.shard[shard].row[player].is.leg[trade] != LegState::kHeld) continue;
        vote(step, trade, player, shard);
        finish_here(step, trade, player, shard);
      }
    }
  }
}

}  // namespace dure::model::accounts

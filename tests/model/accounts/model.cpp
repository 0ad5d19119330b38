#include <algorithm>

#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {

bool shut(const State& state, int shard) { return state.closed && shard == kRestored; }
bool settled(Status status) { return status != Status::kMoving && status != Status::kArriving; }

int active_shard(const State& state, int player) {
  for (int shard = 0; shard < kPlaces; ++shard)
    if (state.shard[shard].row[player].status == Status::kActive) return shard;
  return kNobody;
}
// The row that counts: the ACTIVE one, else the one the map points to.
const Row& counted(const State& state, int player) {
  const int shard = active_shard(state, player);
  return state.shard[shard == kNobody ? state.map[player].shard : shard].row[player];
}

bool in_a_letter(const Scenario& world, const Content& content, int player) {
  return world.accounts->letters_carry_item && content.outbox[player] == Box::kWaiting;
}

bool item_is_here(const Scenario& world, const Shard& shard) {
  for (int player = 0; player < kPlayers; ++player) {
    const Content& content = shard.row[player].is;
    if (content.item || in_a_letter(world, content, player)) return true;
    for (int trade = 0; trade < world.trades; ++trade)
      if (content.leg[trade] == LegState::kHeld && gives_item(world, trade, player)) return true;
  }
  return false;
}

bool still_leaving(const Scenario& world, const Shard& shard, int trade, int player) {
  if (!gets_item(world, trade, player)) return false;
  for (int holder = 0; holder < kPlayers; ++holder) {
    const Content& content = shard.row[holder].is;
    if (content.item || in_a_letter(world, content, holder)) return true;
    for (int other = 0; other < world.trades; ++other)
      if (other != trade && content.leg[other] == LegState::kHeld && gives_item(world, other, holder)) return true;
  }
  return false;
}

void first_state(const Scenario& scenario, State& state) {
  state.made = state.item_kept = scenario.accounts->made_by == kNobody;
  for (int player = 0; player < kPlayers; ++player) {
    const u8 shard = scenario.shard[player];
    Row& row = state.shard[shard].row[player];
    row.status = Status::kActive;
    row.is.gold = scenario.gold[player];
    row.is.item = player == scenario.accounts->item_with && state.made;
    i8& outside = state.shard[shard].outside;
    outside = static_cast<i8>(outside - row.is.gold);
    state.map[player].shard = shard;
  }
}

namespace {

// What a shard that loses nothing has seen earned, or the backup: nothing may take it away again.
void note_floor(const State& before, State& after) {
  for (int player = 0; player < kPlayers; ++player) {
    for (int shard = 1; shard < kPlaces; ++shard) {
      const Row& row = after.shard[shard].row[player];
      if (row.status == Status::kActive) after.floor[player] = std::max(after.floor[player], row.is.earned);
      after.item_kept |= row.is.item;
    }
    const Row& here = after.shard[kRestored].row[player];
    if (after.backup_kept && !before.backup_kept && here.status == Status::kActive)
      after.floor[player] = std::max(after.floor[player], here.is.earned);
    if (after.backup_kept && !before.backup_kept) after.item_kept |= here.is.item;
  }
}

}  // namespace

void successors(const Scenario& scenario, Rule removed, const State& now, std::vector<Successor>& to) {
  Step step(scenario, removed, now, to);
  play(step);
  trades(step);
  moves(step);
  restore(step);
  desk(step);
  for (Successor& next : to) note_floor(now, next.state);
}

}  // namespace dure::model::accounts

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

u8 in_a_letter(const Scenario& world, const Content& content, int player) {
  return content.outbox[player] == Box::kWaiting ? world.accounts->letters_carry : u8{0};
}

u8 items_here(const Scenario& world, const Shard& shard) {
  u8 here = 0;
  for (int player = 0; player < kPlayers; ++player) {
    const Content& content = shard.row[player].is;
    here |= content.items | in_a_letter(world, content, player);
    for (int trade = 0; trade < world.trades; ++trade)
      if (content.leg[trade] == LegState::kHeld) here |= gives_items(world, trade, player);
  }
  return here;
}

bool still_leaving(const Scenario& world, const Shard& shard, int trade, int player) {
  const u8 comes = gets_items(world, trade, player);
  for (int holder = 0; holder < kPlayers; ++holder) {
    const Content& content = shard.row[holder].is;
    if (comes & (content.items | in_a_letter(world, content, holder))) return true;
    for (int other = 0; other < world.trades; ++other)
      if (other != trade && content.leg[other] == LegState::kHeld && (comes & gives_items(world, other, holder)))
        return true;
  }
  return false;
}

void first_state(const Scenario& scenario, State& state) {
  state.made = scenario.accounts->made_by == kNobody;
  state.items_kept = static_cast<u8>(state.made | (scenario.accounts->second_with != kNobody) << 1);
  for (int player = 0; player < kPlayers; ++player) {
    const u8 shard = scenario.shard[player];
    Row& row = state.shard[shard].row[player];
    row.status = Status::kActive;
    row.is.gold = scenario.gold[player];
    row.is.items = static_cast<u8>((player == scenario.accounts->item_with && state.made) |
                                   (player == scenario.accounts->second_with) << 1);
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
      after.items_kept |= row.is.items;
    }
    const Row& here = after.shard[kRestored].row[player];
    if (after.backup_kept && !before.backup_kept && here.status == Status::kActive)
      after.floor[player] = std::max(after.floor[player], here.is.earned);
    if (after.backup_kept && !before.backup_kept) after.items_kept |= here.is.items;
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

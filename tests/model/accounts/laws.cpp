#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {
namespace {

bool one_active_row(const State& state) {
  for (int player = 0; player < kPlayers; ++player) {
    int active = 0;
    for (const Shard& shard : state.shard) active += shard.row[player].status == Status::kActive;
    const int at = active_shard(state, player);
    if (active > 1 || (at != kNobody && at != state.map[player].shard)) return false;
    const Status status = counted(state, player).status;
    if (status == Status::kNone || status == Status::kMoved) return false;
  }
  return true;
}

struct Half {
  LegState mine, other;
  bool commit;
};
Half half(const State& state, int trade, int player) {
  return {counted(state, player).is.leg[trade], counted(state, 1 - player).is.leg[trade],
          verdict_for(state, trade, player) == Verdict::kCommit};
}

bool on_its_way(const State& state, int letter) {
  return counted(state, letter).is.outbox[letter] != Box::kNone &&
         counted(state, 1 - letter).is.inbox[letter] == Box::kNone;
}

bool one_holder(const Scenario& scenario, const State& state, u8 item) {
  int holders = 0;
  const auto count = [&](u8 items) { holders += (items & item) != 0; };
  for (int player = 0; player < kPlayers; ++player) {
    count(counted(state, player).is.items);
    if (on_its_way(state, player)) count(scenario.accounts->letters_carry);
    for (int trade = 0; trade < scenario.trades; ++trade) {
      const Half leg = half(state, trade, player);
      if (leg.mine != LegState::kHeld) continue;
      const bool done = leg.other == LegState::kCommitted;
      count(done ? gets_items(scenario, trade, player) : gives_items(scenario, trade, player));
    }
  }
  // What was made and lost with the restore, before anybody else had it, was never there.
  return holders == 1 || (holders == 0 && !(state.items_kept & item));
}
bool every_item_has_one_holder(const Scenario& scenario, const State& state) {
  for (int item = 0; item < kUnique; ++item)
    if (!one_holder(scenario, state, static_cast<u8>(1 << item))) return false;
  return true;
}

bool gold_is_conserved(const Scenario& scenario, const State& state) {
  int has = 0, made = 0;
  for (int player = 0; player < kPlayers; ++player) {
    const Content& content = counted(state, player).is;
    has += content.gold;
    made += scenario.gold[player] + content.earned + content.owed;
    has += scenario.accounts->letters_carry == 0 && on_its_way(state, player);
    for (int trade = 0; trade < scenario.trades; ++trade) {
      const Half leg = half(state, trade, player);
      if (leg.mine != LegState::kHeld) continue;
      has += leg.other == LegState::kCommitted ? gets(scenario, trade, player) : gives(scenario, trade, player);
    }
  }
  return has == made;
}

bool shards_sum_to_zero(const Scenario& scenario, const State& state) {
  for (const Shard& shard : state.shard) {
    int sum = shard.outside + shard.transit + shard.moves;
    for (int player = 0; player < kPlayers; ++player) {
      const Content& content = shard.row[player].is;
      sum += content.gold;
      for (int trade = 0; trade < scenario.trades; ++trade)
        if (content.leg[trade] == LegState::kHeld) sum += gives(scenario, trade, player);
    }
    if (sum != 0) return false;
  }
  return true;
}

// What moves took from shard to shard comes to nothing once none is under way.
bool moves_balance(const State& state) {
  int sum = 0;
  for (const Shard& shard : state.shard) {
    sum += shard.moves;
    for (const Row& row : shard.row)
      if (!settled(row.status)) return true;
  }
  return sum == 0;
}

bool did(const State& state, int trade, int player) {
  const Row& row = counted(state, player);
  if (row.is.leg[trade] == LegState::kCommitted || knows_swapped(row, trade)) return true;
  return row.is.leg[trade] == LegState::kHeld && verdict_for(state, trade, player) == Verdict::kCommit;
}
bool trades_whole(const Scenario& scenario, const State& state) {
  for (int trade = 0; trade < scenario.trades; ++trade)
    if (did(state, trade, 0) != did(state, trade, 1)) return false;
  return true;
}

bool letters_whole(const State& state) {
  for (int letter = 0; letter < kNotes; ++letter) {
    const Box out = counted(state, letter).is.outbox[letter], in = counted(state, 1 - letter).is.inbox[letter];
    if ((in != Box::kNone && out == Box::kNone) || (out == Box::kDone && in == Box::kNone)) return false;
  }
  return true;
}

bool nothing_kept_is_lost(const State& state) {
  for (int player = 0; player < kPlayers; ++player)
    if (counted(state, player).is.earned < state.floor[player]) return false;
  return true;
}

}  // namespace

Law broken_law(const Scenario& scenario, const State& state) {
  if (state.broken != 0) return static_cast<Law>(state.broken);
  if (!shards_sum_to_zero(scenario, state)) return Law::kShardSumsToZero;
  if (state.closed) return Law::kNone;  // half of it is not here yet
  if (!one_active_row(state)) return Law::kOneActiveRow;
  if (!every_item_has_one_holder(scenario, state)) return Law::kOneHolder;
  if (!gold_is_conserved(scenario, state)) return Law::kGoldIsConserved;
  if (!trades_whole(scenario, state)) return Law::kTradeWhole;
  if (!letters_whole(state)) return Law::kLetterOnce;
  if (!nothing_kept_is_lost(state)) return Law::kKeptIsLost;
  if (!moves_balance(state)) return Law::kMovesBalance;
  return Law::kNone;
}

bool drained(const Scenario& scenario, const State& state) {
  if (state.closed) return state.stays;  // a person is asked
  for (int player = 0; player < kPlayers; ++player) {
    if (state.map[player].intent != 0) return false;
    for (const Shard& shard : state.shard) {
      const Row& row = shard.row[player];
      if (!settled(row.status) || row.is.outbox[player] == Box::kWaiting) return false;
      for (int trade = 0; trade < scenario.trades; ++trade)
        if (row.is.leg[trade] == LegState::kHeld) return false;
    }
  }
  return true;
}

}  // namespace dure::model::accounts

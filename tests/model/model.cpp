#include "tests/model/transitions.h"

namespace dure::model {
namespace {

void begin_owned(const Scenario& scenario, State& state, int player, Row& row) {
  row.epoch = 1;
  row.owner = 1;
  row.acquire_id = 1;
  row.acquire_epoch = 1;
  row.ended[0] = 1;
  state.granted[player][1] = 1;
  state.wanted[player] = 1;
  state.asked[player][0] = 1;
  Answer answer{};
  answer.epoch = 1;
  answer.gold = row.gold;
  answer.item = row.item;
  std::vector<Successor> none;
  load(Step(scenario, Rule::kAll, state, none), state, player, 0, answer);
}

// Prepared by an owner of an epoch that ended; undecided.
void begin_held(const Scenario& scenario, State& state) {
  Leg& leg = state.trade[0].leg[0];
  Row& row = state.row[0][scenario.shard[0]];
  leg.vote = Vote::kYes;
  leg.shard = scenario.shard[0];
  row.gold -= gives(scenario, 0, 0);
  if (!gives_item(scenario, 0, 0)) return;
  leg.item = row.item;
  row.item = Item{};
}

}  // namespace

void first_state(const Scenario& scenario, State& state) {
  for (int player = 0; player < scenario.players; ++player) {
    const u8 shard = scenario.shard[player];
    Row& row = state.row[player][shard];
    row.status = Status::kActive;
    row.gold = scenario.gold[player];
    state.outside[shard] = static_cast<i8>(state.outside[shard] - row.gold);
    row.item.held = player == 0;
    state.map[player].shard = shard;
  }
  if (scenario.begins_held) begin_held(scenario, state);
  for (int player = 0; scenario.owned && player < scenario.players; ++player)
    begin_owned(scenario, state, player, state.row[player][scenario.shard[player]]);
  state.client.next = 1;
  state.client.route = scenario.owned ? 1 : 0;
}

void successors(const Scenario& scenario, Rule removed, const State& now, std::vector<Successor>& to) {
  Step step(scenario, removed, now, to);
  acquire(step);
  apply(step);
  trades(step);
  moves(step);
  boxes(step);
  restore(step);
  reconcile(step);
  remembered(step);
  owners(step);
  requests(step);
  award(step);
}

}  // namespace dure::model

#include <algorithm>
#include <tuple>

#include "tests/model/transitions.h"

namespace dure::model {

bool shut(const Step& step, int shard) {
  return step.now.closed && shard == step.world.shard[step.world.restored] && !step.removed(Rule::kRestoreCloses);
}

int active_shard(const State& state, int player) {
  for (int shard = 0; shard < kShards; ++shard)
    if (state.row[player][shard].status == Status::kActive) return shard;
  return kNobody;
}
Row* active_row(State& state, int player) {
  const int shard = active_shard(state, player);
  return shard == kNobody ? nullptr : &state.row[player][shard];
}
const Row* active_row(const State& state, int player) { return active_row(const_cast<State&>(state), player); }

bool live(const Step& step, const Row& row, const Operation& operation) {
  return row.status == Status::kActive &&                               //
         step.rule(Rule::kLiveEpoch, row.epoch == operation.epoch) &&   //
         step.rule(Rule::kLiveOwner, row.owner == operation.owner) &&   //
         step.rule(Rule::kLiveOnce, row.last_pseq < operation.pseq) &&  //
         step.rule(Rule::kLiveNoGap, row.last_pseq + 1 >= operation.pseq);
}

int gives(const Scenario& scenario, int trade, int player) { return scenario.terms[trade].gold[player]; }
int gets(const Scenario& scenario, int trade, int player) { return scenario.terms[trade].gold[1 - player]; }
bool gives_item(const Scenario& scenario, int trade, int player) { return scenario.terms[trade].item_from == player; }
bool gets_item(const Scenario& scenario, int trade, int player) {
  return scenario.terms[trade].item_from == 1 - player;
}

u8 open_holds(const Scenario& scenario, const State& state, int player) {
  u8 open = 0;
  for (int t = 0; t < scenario.trades; ++t) {
    const Leg& leg = state.trade[t].leg[player];
    if (leg.vote == Vote::kYes && !leg.finished) open |= 1u << t;
  }
  return open;
}
u8 settled_legs(const Scenario& scenario, const State& state, int player) {
  u8 settled = 0;
  for (int t = 0; t < scenario.trades; ++t) {
    const Leg& leg = state.trade[t].leg[player];
    if (leg.vote == Vote::kYes && leg.finished) settled |= 1u << t;
  }
  return settled;
}
bool open_hold(const Step& step, int player) { return open_holds(step.world, step.now, player) != 0; }

// Of one trade: enough for COMMIT and for the refund.
int reservation(const Step& step, int trade, int player) {
  if (step.removed(Rule::kFinishNeverRefuses)) return 0;
  const int give = step.removed(Rule::kReserveGive) ? 0 : gives(step.world, trade, player);
  const int get = step.removed(Rule::kReserveGet) ? 0 : gets(step.world, trade, player);
  return std::max(give, get);
}

namespace {

int reservations(const Step& step, u8 trades, int player) {
  int sum = 0;
  for (int t = 0; t < step.world.trades; ++t)
    if (trades >> t & 1) sum += reservation(step, t, player);
  return sum;
}

}  // namespace

int reserved_room(const Step& step, int player) {
  return reservations(step, open_holds(step.world, step.now, player), player);
}

bool room(const Step& step, int player, const Row& row, int credit) {
  const int reserved = step.removed(Rule::kCountsReservations) ? 0 : reserved_room(step, player);
  return row.gold + reserved + credit <= step.world.cap;
}

bool mirror_room(const Step& step, int player, const Owner& owner, int give, int reserve) {
  return owner.gold - give + reservations(step, owner.reserved, player) + reserve <= step.world.cap;
}

bool fence(const Step& step, Row& row) {
  if (row.epoch + 1 >= step.world.epochs) return false;
  row.ended[row.epoch] = row.last_pseq + 1;
  ++row.epoch;
  row.last_pseq = 0;
  if (!step.removed(Rule::kFenceClearsOwner)) row.owner = 0;
  return true;
}

bool honest(const Step& step, int player) { return step.world.dishonest != player; }

void violate(State& state, Law law) {
  if (state.broken == 0) state.broken = static_cast<u8>(law);
}

const Operation* find_leg(const State& state, int trade, int player) {
  for (int i = 0; i < state.operations; ++i) {
    const Operation& operation = state.operation[i];
    if (operation.kind == Kind::kLeg && operation.argument == trade && operation.player == player) return &operation;
  }
  return nullptr;
}

bool may_propose(const Step& step, int player, int process) {
  const Owner& owner = step.now.owner[player][process];
  return owner.phase == Phase::kHolding && owner.next_pseq <= step.world.operations &&
         step.now.operations < kOperations;
}

bool propose(const Step& step, State& state, int player, int process, Operation operation) {
  Owner& owner = state.owner[player][process];
  if (owner.next_pseq > step.world.operations || state.operations == kOperations) return false;
  operation.player = static_cast<u8>(player);
  operation.epoch = owner.epoch;
  operation.owner = static_cast<u8>(process + 1);
  operation.pseq = owner.next_pseq++;
  const auto order = [](const Operation& o) { return std::tuple(o.player, o.epoch, o.owner, o.pseq); };
  int at = 0;
  while (at < state.operations && order(state.operation[at]) < order(operation)) ++at;
  if (at < state.operations && order(state.operation[at]) == order(operation)) {
    violate(state, Law::kOneOperationANumber);
    return true;
  }
  for (int i = state.operations; i > at; --i) state.operation[i] = state.operation[i - 1];
  state.operation[at] = operation;
  ++state.operations;
  return true;
}

std::string to_string(const Label& label) {
  std::string text = label.what;
  if (label.player >= 0) text += std::string(" ") + static_cast<char>('A' + label.player);
  if (label.a >= 0) text += " " + std::to_string(label.a);
  if (label.b >= 0) text += " " + std::to_string(label.b);
  return text;
}

}  // namespace dure::model

// ACQUIRE(p, inc, x, id): a message that may come again and late. An id is a process and the epoch it expects: a
// process asks once for each, which is one way of never using an id twice.
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

u8 id_of(int process, int expected) { return static_cast<u8>(1 + process * kEpochs + expected); }

Owner& asker(State& state, int player, int process) { return state.owner[player][process]; }

void take(const Step& step, State& next, int player, int process, Row& row, u8 id) {
  if (!(next.wanted[player] >> row.epoch & 1)) violate(next, Law::kFencedWithoutReason);
  row.ended[row.epoch] = row.last_pseq + 1;
  ++row.epoch;
  row.owner = static_cast<u8>(process + 1);
  row.last_pseq = 0;
  row.acquire_id = id;
  row.acquire_epoch = row.epoch;
  next.granted[player][row.epoch] = row.owner;
  if (step.removed(Rule::kRepeatGoldNow)) row.granted_gold = row.gold;
  if (step.removed(Rule::kRepeatSettledNow)) row.granted_settled = settled_legs(step.world, next, player);
}

// The answer comes at once, is on its way from now on, or never leaves.
void answer(Step& step, State next, int player, int process, const Row& row, u8 id, Label label) {
  Answer grant = read_answer(step, next, player);
  grant.acquire_id = id;
  if (step.removed(Rule::kRepeatLastNow)) grant.last_pseq = 0;
  if (step.removed(Rule::kRepeatGoldNow)) grant.gold = row.granted_gold;
  if (step.removed(Rule::kRepeatSettledNow)) grant.settled = row.granted_settled;
  if (!step.removed(Rule::kAcquireReturnsHolds)) grant.open = open_holds(step.world, next, player);
  Owner& owner = asker(next, player, process);
  if (step.removed(Rule::kReadInAcquire)) {
    grant.gold = owner.early_gold;
    grant.item = owner.early_item;
  }
  step.emit(next, Fair::kNo, {"DB: ACQUIRE, the answer is lost, for", player, process, row.epoch});
  if (step.world.late_answers)
    owner.answer = grant;
  else if (owner.phase == Phase::kAsking && id_of(process, owner.expected) == id)
    load(step, next, player, process, grant);
  else
    return;
  step.emit(next, Fair::kYes, label);
}

void acquire_one(Step& step, int player, int process, int expected) {
  State next = step.now;
  Row* row = active_row(next, player);
  if (row == nullptr) return;
  const u8 id = id_of(process, expected);
  if (step.rule(Rule::kAcquireExpected, row->epoch == expected) && row->epoch + 1 < step.world.epochs) {
    take(step, next, player, process, *row, id);
    answer(step, next, player, process, *row, id, {"DB: ACQUIRE, granted to", player, process, row->epoch});
  } else if (row->acquire_id == id && step.rule(Rule::kRepeatSameEpoch, row->epoch == row->acquire_epoch)) {
    answer(step, next, player, process, *row, id, {"DB: ACQUIRE repeated, for", player, process, row->epoch});
  } else if (asker(next, player, process).phase == Phase::kAsking &&
             asker(next, player, process).expected == expected) {
    const Answer late = asker(next, player, process).answer;
    asker(next, player, process) = Owner{};
    asker(next, player, process).answer = late;
    step.emit(next, Fair::kYes, {"DB: CURRENT, to", player, process, row->epoch});
  }
}

}  // namespace

Answer read_answer(const Step& step, const State& state, int player) {
  const Row* row = active_row(state, player);
  Answer answer{};
  answer.epoch = row->epoch;
  answer.last_pseq = row->last_pseq;
  answer.gold = row->gold;
  answer.item = row->item;
  answer.settled = settled_legs(step.world, state, player);
  answer.last_creq = row->last_creq;
  answer.creq_content = row->creq_content;
  answer.creq_result = row->creq_result;
  return answer;
}

void acquire(Step& step) {
  for (int player = 0; player < step.world.players; ++player) {
    if (shut(step, active_shard(step.now, player))) continue;
    for (int process = 0; process < kProcesses; ++process)
      for (int expected = 0; expected < step.world.epochs; ++expected)
        if ((step.now.asked[player][expected] & ~step.now.forgotten[player][expected]) >> process & 1)
          acquire_one(step, player, process, expected);
  }
}

}  // namespace dure::model

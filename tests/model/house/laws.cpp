#include "tests/model/house/steps.h"

namespace dure::model::house {
namespace {

// Had by somebody, or on the way to somebody.
int answered_with(const State& state, What what) {
  int sum = 0;
  for (int answer = 0; answer < kAnswers; ++answer) {
    const bool on_its_way = state.house.outbox[answer] != Box::kNone && state.had[answer] == What::kNone;
    sum += (on_its_way ? state.house.sent[answer] : state.had[answer]) == what;
  }
  return sum;
}
// With its sender, on the way to the house, or waiting there.
bool not_claimed(const State& state, int cause) { return state.house.inbox[cause] != Box::kDone; }

bool goods_are_conserved(const State& state) {
  const int here = not_claimed(state, kList) && !state.house.goods_gone;
  return here + state.house.goods + answered_with(state, What::kGoods) == 1 + state.house.owes_goods;
}
bool gold_is_conserved(const State& state) {
  const int here = not_claimed(state, kBuy) + not_claimed(state, kBuyToo);
  return here + state.house.gold + answered_with(state, What::kGold) == 2 + state.house.owes_gold;
}
// Of a stack, too, unless the house owes it.
bool one_has_the_goods(const State& state) {
  int have = 0;
  for (const What what : state.had) have += what == What::kGoods;
  return have <= 1 + state.house.owes_goods;
}
bool letters_whole(const State& state) {
  for (int answer = 0; answer < kAnswers; ++answer)
    if (state.had[answer] != What::kNone && state.house.sent[answer] != state.had[answer]) return false;
  return true;
}

}  // namespace

Law broken_law(const Scenario&, const State& state) {
  if (state.closed) return Law::kNone;  // half of it is not here yet
  if (!one_has_the_goods(state)) return Law::kOneHolder;
  if (!letters_whole(state)) return Law::kLetterOnce;
  if (!goods_are_conserved(state)) return Law::kOneHolder;
  if (!gold_is_conserved(state)) return Law::kGoldIsConserved;
  return Law::kNone;
}

// Everybody who asked has an answer, no letter waits, and the house has nothing but for what it owes of the other kind.
bool drained(const Scenario&, const State& state) {
  const Rows& rows = state.house;
  if (state.closed || rows.lot != 0 || rows.goods > rows.owes_gold || rows.gold > rows.owes_goods) return false;
  for (int cause = 0; cause < kCauses; ++cause)
    if (state.asked[cause] == Box::kWaiting || rows.inbox[cause] == Box::kWaiting) return false;
  for (const Box box : rows.outbox)
    if (box == Box::kWaiting) return false;
  return true;
}

void note_marks(const Scenario&, const State& state, std::array<std::uint64_t, kMarks>& marks) {
  const auto note = [&](Mark mark, bool happened) { marks[static_cast<int>(mark)] += happened; };
  note(Mark::kAnswerRedone, state.restored && !state.closed && state.again);
  note(Mark::kSoldAfterRestore, state.restored && !state.backup.lot && state.sold && state.again);
  note(Mark::kListedAgainWithout, state.restored && state.house.goods_gone);
  note(Mark::kOwedForAnAnswer, state.house.owes_goods + state.house.owes_gold > 0);
  note(Mark::kKeptUnanswered, state.kept);
}

void first_state(const Scenario&, State&) {}

void successors(const Scenario& scenario, Rule removed, const State& now, std::vector<Successor>& to) {
  Step step(scenario, removed, now, to);
  letters(step);
  clerks(step);
  restore(step);
}

}  // namespace dure::model::house

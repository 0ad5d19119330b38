// RECONCILE: a restored shard stands closed until all that the other one knows of its trades is redone. Legs that are
// held when a verdict is final end by FINISH (trade.cpp), which a closed shard hears as well.
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

struct At {
  int me, other, shard;
  bool register_here;
};

// What the other shard's leg proves, or the register there.
bool known_commit(const Trade& trade, const At& at) {
  return at.register_here ? trade.leg[at.other].ended == Verdict::kCommit : trade.verdict == Verdict::kCommit;
}

bool decide_again(Step& step, int t, const At& at) {
  const Trade& trade = step.now.trade[t];
  const bool lost = at.register_here && known_commit(trade, at) && trade.verdict == Verdict::kNone;
  if (!lost || step.removed(Rule::kReconcileDecides)) return false;
  State next = step.now;
  next.trade[t].verdict = Verdict::kCommit;
  next.redone |= kRedoneDecision;
  step.emit(next, Fair::kYes, {"RECONCILE: COMMIT is decided again", -1, t});
  return true;
}

// Its vote may be counted there, and its leg may be forgotten here; or its leg is held here, and nobody says how it
// ends.
bool abort_there(Step& step, int t, const At& at) {
  const Trade& trade = step.now.trade[t];
  const bool voted = (trade.counted >> at.me & 1) || trade.leg[at.me].vote == Vote::kYes;
  if (at.register_here || trade.verdict != Verdict::kNone || !voted || step.removed(Rule::kReconcileAborts))
    return false;
  State next = step.now;
  next.trade[t].verdict = Verdict::kAbort;
  next.redone |= kRedoneAbort;
  step.emit(next, Fair::kYes, {"RECONCILE: aborted in the other register", -1, t});
  return true;
}

// PREPARE without its guards of value: that it passed is known from the verdict.
bool leg_again(Step& step, int t, const At& at) {
  const Trade& trade = step.now.trade[t];
  const Leg& mine = trade.leg[at.me];
  if (trade.verdict != Verdict::kCommit || !known_commit(trade, at) || step.removed(Rule::kReconcileLegs)) return false;
  const bool missing = mine.vote == Vote::kNone && !mine.finished;
  const bool twice = mine.finished && !(step.now.redone & kRedoneLeg) && step.removed(Rule::kReconcileOnce);
  if (!missing && !twice) return false;
  State next = step.now;
  Row& row = next.row[at.me][at.shard];
  Leg& leg = next.trade[t].leg[at.me];
  const int give = gives(step.world, t, at.me);
  const int lacks = row.gold < give ? give - row.gold : 0;
  if (!step.removed(Rule::kReconcileOwes)) next.outside[at.shard] = static_cast<i8>(next.outside[at.shard] - lacks);
  row.gold = static_cast<u8>(row.gold + lacks - give);
  if (gives_item(step.world, t, at.me)) {
    leg.item = row.item;
    row.item = Item{};
  }
  leg.vote = Vote::kYes;
  leg.shard = static_cast<u8>(at.shard);
  leg.finished = 0;
  leg.ended = Verdict::kNone;
  next.redone |= kRedoneLeg;
  step.emit(next, Fair::kYes, {"RECONCILE: PREPARE again", at.me, t});
  return true;
}

// Everybody was heard, and nobody acted on a decision of this register.
bool settle(Step& step, int t, const At& at) {
  const Trade& trade = step.now.trade[t];
  const bool held = trade.leg[at.me].vote == Vote::kYes && !trade.leg[at.me].finished;
  const bool undecided = at.register_here && trade.verdict == Verdict::kNone && !known_commit(trade, at);
  if (!held || !undecided || step.removed(Rule::kReconcileSettles)) return false;
  State next = step.now;
  next.trade[t].verdict = Verdict::kAbort;
  next.redone |= kRedoneSettled;
  step.emit(next, Fair::kYes, {"RECONCILE: what nobody saw decided is aborted", -1, t});
  return true;
}

bool ends_by_finish(const Step& step, int t, const At& at) {
  const Trade& trade = step.now.trade[t];
  const Leg& mine = trade.leg[at.me];
  return mine.vote == Vote::kYes && !mine.finished && trade.verdict != Verdict::kNone;
}

}  // namespace

void reconcile(Step& step) {
  if (!step.now.closed) return;
  const int me = step.world.restored;
  const At at{me, 1 - me, step.world.shard[me], step.world.shard[0] == step.world.shard[me]};
  bool left = false;
  for (int t = 0; t < step.world.trades; ++t) {
    left = decide_again(step, t, at) || left;
    left = abort_there(step, t, at) || left;
    left = leg_again(step, t, at) || left;
    left = settle(step, t, at) || left;
    left = ends_by_finish(step, t, at) || left;
  }
  if (left) return;
  State next = step.now;
  next.closed = 0;
  step.emit(next, Fair::kYes, {"RECONCILE: nothing is left, it opens"});
}

}  // namespace dure::model

// Clerks read, make an operation of what they read by the auction's rule, and insist on it; whoever dies in between
// leaves it on the wire. The store takes a cause once, and a lot only from who has seen its version.
#include <algorithm>

#include "tests/model/house/steps.h"

namespace dure::model::house {
namespace {

constexpr int kTime = kCauses;  // the cause that is none
// A sale, a return, going home; or all goes back, the lot alone is forgotten; or a letter is kept, unanswered.
enum Which { kMain, kOther, kKept };

bool is_buy(int cause) { return cause == kBuy || cause == kBuyToo; }
int to_asker(int cause) { return cause == kBuy ? kToBuyer : cause == kBuyToo ? kToBuyerToo : kToCanceller; }

// ── the rule ────────────────────────────────────────────────────────────────────────────────────────────────────────
// Also by who is still under way: a lot whose goods are gone stays for longer than a relay takes.
bool asked_for(const Step& step) {
  for (const int cause : {kBuy, kBuyToo, kCancel}) {
    if (step.now.house.inbox[cause] == Box::kWaiting) return true;
    if (step.now.asked[cause] == Box::kWaiting && !step.removed(Rule::kGoneLotsStay)) return true;
  }
  return false;
}

Which rule_of(const Step& step, int cause, bool refused) {
  const Rows& rows = step.now.house;
  const bool gone = rows.goods == 0;
  if (cause == kTime) return gone && !asked_for(step) ? kOther : kMain;
  if (cause == kList) return rows.goods_gone && step.removed(Rule::kListsWhatHasLeft) ? kOther : kMain;
  if (rows.lot == 0) return kOther;
  if (cause == kCancel) return refused ? kOther : kMain;
  const bool in_time = !step.now.late || gone;
  return in_time == refused ? kOther : kMain;
}

// ── the store ───────────────────────────────────────────────────────────────────────────────────────────────────────
struct Purse {
  u8& has;
  u8& owes;
};
Purse purse_of(Rows& rows, What what) {
  if (what == What::kGoods) return {rows.goods, rows.owes_goods};
  return {rows.gold, rows.owes_gold};
}

enum class Guard { kHolds, kFalse, kOtherContent };

Guard send(const Step& step, Rows& rows, int answer, What what) {
  if (rows.outbox[answer] != Box::kNone) {
    if (!step.removed(Rule::kTheSameIsSent) && rows.sent[answer] != what) return Guard::kOtherContent;
    if (what == What::kWord || step.removed(Rule::kDebtsArePaid)) return Guard::kHolds;
    const Purse purse = purse_of(rows, what);
    const u8 paid = std::min(purse.has, purse.owes);
    purse.has = static_cast<u8>(purse.has - paid);
    purse.owes = static_cast<u8>(purse.owes - paid);
    return Guard::kHolds;
  }
  if (what != What::kWord) {
    const Purse purse = purse_of(rows, what);
    if (purse.has == 0) return Guard::kFalse;
    --purse.has;
  }
  rows.outbox[answer] = Box::kWaiting;
  rows.sent[answer] = what;
  return Guard::kHolds;
}

void claim(Rows& rows, int cause) {
  rows.inbox[cause] = Box::kDone;
  if (cause == kList && !rows.goods_gone) ++rows.goods;
  if (cause == kList) rows.goods_gone = 0;
  if (is_buy(cause)) ++rows.gold;
}

Guard effects(const Step& step, State& next, int cause, Which which, u8 seen) {
  Rows& rows = next.house;
  if (which == kKept) return Guard::kHolds;
  if (cause == kList) {
    if (which == kOther) return Guard::kHolds;  // back comes what is in it: nothing
    if (rows.lot != seen || seen != 0) return Guard::kFalse;
    rows.lot = ++rows.versions;
    return Guard::kHolds;
  }
  if (which == kMain || cause == kTime) {
    if (rows.lot != seen || seen == 0) return Guard::kFalse;
    rows.lot = 0;
  }
  if (cause == kTime) return which == kOther ? Guard::kHolds : send(step, rows, kHome, What::kGoods);
  if (cause == kCancel) return send(step, rows, kToCanceller, which == kMain ? What::kGoods : What::kWord);
  if (which == kOther) return send(step, rows, to_asker(cause), What::kGold);
  const Guard goods = send(step, rows, to_asker(cause), What::kGoods);
  return goods == Guard::kHolds ? send(step, rows, cause == kBuy ? kPaid : kPaidToo, What::kGold) : goods;
}

struct Tried {
  Guard guard;
  State after;
};
Tried tried(const Step& step, int cause, Which which, u8 seen) {
  Tried it{Guard::kHolds, step.now};
  if (cause != kTime) claim(it.after.house, cause);
  it.guard = effects(step, it.after, cause, which, seen);
  it.after.stuck = 0;
  it.after.again |= step.now.restored;
  it.after.sold |= is_buy(cause) && which == kMain;
  it.after.kept |= which == kKept;
  return it;
}

bool waits(const State& state, int cause) {
  return cause == kTime ? state.house.lot != 0 && state.late : state.house.inbox[cause] == Box::kWaiting;
}

// Nothing else waits that might change which answer can be given.
bool nothing_else_helps(const State& state) {
  for (int cause = 0; cause < kCauses; ++cause)
    if (waits(state, cause) && (state.stuck >> cause & 1) == 0) return false;
  return true;
}

// From reading to answer without a break; refused, the other answer.
void work(Step& step, int cause) {
  if (!waits(step.now, cause)) return;
  const u8 seen = step.now.house.lot;
  bool others = true;
  for (const bool refused : {false, true}) {
    const Tried it = tried(step, cause, rule_of(step, cause, refused), seen);
    if (it.guard == Guard::kHolds) return step.emit(it.after, Fair::kYes, {"OWNERLESS", -1, cause, seen});
    others = others && it.guard == Guard::kOtherContent;
    if (cause == kTime || step.removed(Rule::kOtherAnswer)) return;
  }
  if (!others) return;
  State next = step.now;
  next.stuck |= static_cast<u8>(1u << cause);
  if (nothing_else_helps(next) && !step.removed(Rule::kAnsweredIsKept))
    step.emit(tried(step, cause, kKept, seen).after, Fair::kYes, {"OWNERLESS: a letter is kept", -1, cause});
  step.emit(next, Fair::kYes, {"neither answer can be given", -1, cause});
}

// A clerk that died between the two, or insists long after: a buyer's and the seller's word are enough.
void read_and_leave(Step& step, int cause) {
  if (!waits(step.now, cause) || (cause != kBuy && cause != kCancel)) return;
  const u8 seen = static_cast<u8>(1u << step.now.house.lot);
  u8 wire = step.now.wire[cause][rule_of(step, cause, false)];
  if (wire & seen) return;
  State next = step.now;
  next.wire[cause][rule_of(step, cause, false)] |= seen;
  step.emit(next, Fair::kNo, {"a clerk has read", -1, cause, rule_of(step, cause, false)});
}

void come_late(Step& step, int cause, Which which, u8 seen) {
  if (!(step.now.wire[cause][which] >> seen & 1)) return;
  if (cause != kTime && step.now.house.inbox[cause] != Box::kWaiting) return;  // done, or the letter is not here
  const Tried it = tried(step, cause, which, seen);
  if (it.guard == Guard::kHolds) step.emit(it.after, Fair::kNo, {"OWNERLESS, late", -1, cause, which});
}

}  // namespace

void clerks(Step& step) {
  if (step.now.closed) return;
  for (int cause = 0; cause <= kTime; ++cause) {
    work(step, cause);
    read_and_leave(step, cause);
    for (const Which which : {kMain, kOther})
      for (u8 seen = 0; seen < 4; ++seen) come_late(step, cause, which, seen);
  }
  if (step.now.late || step.now.house.lot == 0) return;
  State next = step.now;
  next.late = 1;
  step.emit(next, Fair::kYes, {"the lot's time is over"});
}

}  // namespace dure::model::house

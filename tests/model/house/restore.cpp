// The house's shard goes back to a backup, closed; what the other shard has of the house and what it has sent to it is
// redone; it opens. What was on the wire between the two is gone, what clerks insist on is not.
#include "tests/model/house/steps.h"

namespace dure::model::house {
namespace {

void keep(Step& step) {
  if (step.now.backup_kept) return;
  State next = step.now;
  next.backup = step.now.house;
  next.backup_kept = 1;
  step.emit(next, Fair::kNo, {"the backup"});
}

void go_back(Step& step) {
  if (!step.now.backup_kept || step.now.restored) return;
  State next = step.now;
  next.house = step.now.backup;
  next.restored = next.closed = 1;
  step.emit(next, Fair::kNo, {"the house's shard goes back to its backup"});
}

// An item leaves the bag, or the letter it came with.
bool let_go(const Scenario& world, Rows& rows, What what) {
  if (what == What::kWord) return true;
  u8& has = what == What::kGoods ? rows.goods : rows.gold;
  u8& owes = what == What::kGoods ? rows.owes_goods : rows.owes_gold;
  if (has > 0) {
    --has;
    return true;
  }
  if (what == What::kGold || world.house->stack) {
    ++owes;
    return true;
  }
  if (rows.inbox[kList] != Box::kWaiting || rows.goods_gone) return false;
  rows.goods_gone = 1;
  return true;
}

// True: it is still to be done, whether it can be now or has to wait.
bool send_again(Step& step, int answer) {
  const Rows& rows = step.now.house;
  if (step.now.had[answer] == What::kNone || rows.outbox[answer] != Box::kNone) return false;
  if (step.removed(Rule::kAnswersAreRedone)) return false;
  State next = step.now;
  if (!let_go(step.world, next.house, step.now.had[answer])) return true;
  next.house.outbox[answer] = Box::kDone;
  next.house.sent[answer] = step.now.had[answer];
  step.emit(next, Fair::kYes, {"RECONCILE: sent again", -1, answer});
  return true;
}

bool deliver_again(Step& step, int cause) {
  if (step.now.asked[cause] == Box::kNone || step.now.house.inbox[cause] != Box::kNone) return false;
  State next = step.now;
  next.house.inbox[cause] = Box::kWaiting;
  step.emit(next, Fair::kYes, {"RECONCILE: DELIVER again", -1, cause});
  return true;
}

}  // namespace

void restore(Step& step) {
  keep(step);
  go_back(step);
  if (!step.now.closed) return;
  bool left = false;
  for (int answer = 0; answer < kAnswers; ++answer) left = send_again(step, answer) || left;
  for (int cause = 0; cause < kCauses; ++cause) left = deliver_again(step, cause) || left;
  if (left) return;
  State next = step.now;
  next.closed = 0;
  step.emit(next, Fair::kYes, {"RECONCILE: nothing is left, it opens"});
}

}  // namespace dure::model::house

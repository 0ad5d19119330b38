// To the house and from it: written, relayed, DELIVERed, SENT. What arrives at a person is claimed there.
#include "tests/model/house/steps.h"

namespace dure::model::house {
namespace {

const char* const kAsks[] = {"the seller lists", "a buyer pays", "the other buyer pays", "the seller cancels"};

// Nobody pays for what is not listed; to cancel needs nothing.
bool may_ask(const Step& step, int cause) {
  if (step.now.asked[cause] != Box::kNone) return false;
  if (cause == kList) return true;
  if (cause == (step.world.house->cancels ? kBuyToo : kCancel)) return false;
  return step.now.listed;
}

void to_the_house(Step& step, int cause) {
  if (may_ask(step, cause)) {
    State next = step.now;
    next.asked[cause] = Box::kWaiting;
    step.emit(next, Fair::kNo, {kAsks[cause]});
  }
  if (step.now.asked[cause] != Box::kWaiting) return;
  if (step.now.closed) return;
  State next = step.now;
  if (step.now.house.inbox[cause] == Box::kNone) {
    next.house.inbox[cause] = Box::kWaiting;
    next.listed |= cause == kList;
    if (cause == kBuy) step.emit(next, Fair::kNo, {"DB: DELIVER, of which the sender does not hear", -1, cause});
  }
  next.asked[cause] = Box::kDone;
  step.emit(next, Fair::kYes, {"DB: DELIVER to the house, SENT", -1, cause});
}

void from_the_house(Step& step, int answer) {
  if (step.now.closed || step.now.house.outbox[answer] != Box::kWaiting) return;
  State next = step.now;
  if (step.now.had[answer] == What::kNone) next.had[answer] = step.now.house.sent[answer];
  next.house.outbox[answer] = Box::kDone;
  step.emit(next, Fair::kYes, {"DB: DELIVER from the house, SENT", -1, answer});
}

}  // namespace

void letters(Step& step) {
  for (int cause = 0; cause < kCauses; ++cause) to_the_house(step, cause);
  for (int answer = 0; answer < kAnswers; ++answer) from_the_house(step, answer);
}

}  // namespace dure::model::house

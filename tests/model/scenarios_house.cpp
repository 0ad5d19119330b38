// The shard of an auction house goes back to a backup, alone (house/state.h).
#include "tests/model/scenario.h"

namespace dure::model {
namespace {

Scenario item() {
  return {.name = "house-item",
          .what = "an item is listed, wanted by two, and sold, before or after the backup",
          .marks = {Mark::kAnswerRedone, Mark::kSoldAfterRestore, Mark::kListedAgainWithout, Mark::kOwedForAnAnswer},
          .house = House{}};
}
Scenario stack() {
  Scenario s = item();
  s.name = "house-stack";
  s.what = "likewise of a stack, which is owed when it is gone";
  s.marks = {Mark::kAnswerRedone, Mark::kSoldAfterRestore, Mark::kOwedForAnAnswer};
  s.house->stack = true;
  return s;
}
Scenario item_cancelled() {
  Scenario s = item();
  s.name = "house-item-cancelled";
  s.what = "an item is listed, bought and cancelled";
  s.house->cancels = true;
  return s;
}
Scenario stack_cancelled() {
  Scenario s = stack();
  s.name = "house-stack-cancelled";
  s.what = "likewise of a stack";
  s.house->cancels = true;
  return s;
}

}  // namespace

std::vector<Scenario> small_house_scenarios() { return {item(), stack(), item_cancelled(), stack_cancelled()}; }

}  // namespace dure::model

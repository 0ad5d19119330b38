// An aggregate without an owner: which operations it has had, how they are forgotten, and what the mark says of them.
// Every operation stays on the wire. Shards' clocks go as they like; a row may be forgotten as soon as it is older than
// its shard's time: how long that takes is no guard.
#include <algorithm>

#include "tests/model/transitions.h"

namespace dure::model {
namespace {

constexpr u8 kTimes = 3, kMovesMost = 2;

void clock(Step& step, int shard) {
  if (step.now.remembered.clock[shard] >= kTimes) return;
  State next = step.now;
  ++next.remembered.clock[shard];
  step.emit(next, Fair::kNo, {"time passes", -1, shard});
}

// Computed from a reading, whose time it says.
void ask(Step& step, int operation) {
  const Remembered& now = step.now.remembered;
  if (now.asked[operation] != 0) return;
  const u8 time = now.clock[now.shard];
  const u8 read = step.removed(Rule::kReadingNotBelowMark) ? time : std::max(time, now.mark);
  State next = step.now;
  next.remembered.asked[operation] = static_cast<u8>(read + 1);
  if (read < now.mark) violate(next, Law::kHonestRejected);
  step.emit(next, Fair::kNo, {"somebody asks an ownerless operation", -1, operation, read});
}

void apply_ownerless(Step& step, int operation) {
  const Remembered& now = step.now.remembered;
  if (now.asked[operation] == 0) return;
  const u8 asked = static_cast<u8>(now.asked[operation] - 1), time = now.clock[now.shard];
  if (!step.rule(Rule::kOperationRow, now.at[operation] == 0)) return;  // STORED, again
  if (!step.rule(Rule::kForgottenRefused, asked >= now.mark)) return;   // STALE_EPOCH
  State next = step.now;
  Remembered& after = next.remembered;
  after.at[operation] = static_cast<u8>((step.removed(Rule::kRowNotBelowAsked) ? time : std::max(time, asked)) + 1);
  if (++after.done[operation] > 1) violate(next, Law::kAtMostOnce);
  step.emit(next, Fair::kYes, {"DB: OWNERLESS", -1, operation, time});
}

void forget(Step& step, int operation) {
  const Remembered& now = step.now.remembered;
  if (now.at[operation] == 0 || now.at[operation] - 1 >= now.clock[now.shard]) return;
  State next = step.now;
  Remembered& after = next.remembered;
  const u8 at = static_cast<u8>(now.at[operation] - 1);
  after.at[operation] = 0;
  if (!step.removed(Rule::kForgottenMarked))
    after.mark = std::max(now.mark, static_cast<u8>(step.removed(Rule::kMarkAboveRow) ? at : at + 1));
  step.emit(next, Fair::kNo, {"DB: FORGET", -1, operation, at});
}

void go(Step& step) {
  if (step.now.remembered.moves >= kMovesMost) return;
  State next = step.now;
  ++next.remembered.moves;
  next.remembered.shard ^= 1;
  if (step.removed(Rule::kMarkTravels)) next.remembered.mark = 0;
  step.emit(next, Fair::kNo, {"the aggregate moves", -1, next.remembered.shard});
}

}  // namespace

void remembered(Step& step) {
  if (!step.world.ownerless) return;
  for (int shard = 0; shard < kShards; ++shard) clock(step, shard);
  for (int operation = 0; operation < kOwnerless; ++operation) {
    ask(step, operation);
    apply_ownerless(step, operation);
    forget(step, operation);
  }
  go(step);
}

}  // namespace dure::model

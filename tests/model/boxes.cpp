// Outbox to inbox: the relay, DELIVER, SENT, and the collection of claimed rows under a high-water mark. SEND and CLAIM
// are operations (apply.cpp).
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

constexpr int kSender = 0, kReceiver = 1;

void relay(Step& step, int letter) {
  const Row* row = active_row(step.now, kSender);
  if (row == nullptr || row->outbox[letter] != Box::kWaiting || step.now.relayed[letter]) return;
  State next = step.now;
  if (step.removed(Rule::kSentAfterAnswer)) {
    active_row(next, kSender)->outbox[letter] = Box::kDone;
    step.emit(next, Fair::kNo, {"relay: marks as sent and dies", -1, letter});
  }
  next.relayed[letter] = 1;
  step.emit(next, Fair::kYes, {"relay: DELIVER is on the wire", -1, letter});
}

void deliver(Step& step, int letter, int shard) {
  const Row& row = step.now.row[kReceiver][shard];
  if (!step.now.relayed[letter] || !step.rule(Rule::kDeliverHere, row.status == Status::kActive)) return;
  const bool marked = step.world.collects && !step.removed(Rule::kCollectUnderMark);
  const bool known = row.inbox[letter] != Box::kNone || (marked && letter < row.high_water);
  if (marked && letter > row.high_water) return;  // GAP
  State next = step.now;
  Row& after = next.row[kReceiver][shard];
  next.answered[letter] = 1;
  if (!known) {
    if (step.removed(Rule::kDeliverNoValueGuard) && !room(step, kReceiver, row, 1)) return;
    after.inbox[letter] = Box::kWaiting;
    if (marked) after.high_water = static_cast<u8>(letter + 1);
    if (!step.removed(Rule::kDeliverThroughTransit)) --next.transit[shard];
  }
  step.emit(next, Fair::kYes, {known ? "DB: DELIVERED already" : "DB: DELIVER", -1, letter, shard});
}

// On whatever row holds it: a copy under way that still says "pending" only makes the relay ask once more.
void sent(Step& step, int letter, int shard) {
  const Row& row = step.now.row[kSender][shard];
  if (row.outbox[letter] != Box::kWaiting) return;
  State next = step.now;
  next.row[kSender][shard].outbox[letter] = Box::kDone;
  if (step.now.answered[letter]) step.emit(next, Fair::kYes, {"DB: SENT", -1, letter});
  if (step.removed(Rule::kNoRefund) && row.status == Status::kActive) {
    ++next.row[kSender][shard].gold;
    --next.transit[shard];
    step.emit(next, Fair::kNo, {"DB: refunds a letter that took long", -1, letter});
  }
}

void collect(Step& step, int letter, int shard) {
  if (step.now.row[kReceiver][shard].status != Status::kActive) return;
  if (!step.world.collects || step.now.row[kReceiver][shard].inbox[letter] != Box::kDone) return;
  State next = step.now;
  next.row[kReceiver][shard].inbox[letter] = Box::kNone;
  step.emit(next, Fair::kNo, {"DB: a claimed inbox row is collected", -1, letter});
}

}  // namespace

void boxes(Step& step) {
  for (int letter = 0; letter < step.world.letters; ++letter) {
    relay(step, letter);
    for (int shard = 0; shard < kShards; ++shard) {
      deliver(step, letter, shard);
      sent(step, letter, shard);
      collect(step, letter, shard);
    }
  }
}

}  // namespace dure::model

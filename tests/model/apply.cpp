// APPLY and REJECT: one operation, its effects under its own guards. Legs of trades are in trade.cpp.
#include "tests/model/transitions.h"

namespace dure::model {
namespace {

bool spend(State& next, Row& row, int shard) {
  if (row.gold < 1) return false;
  --row.gold;
  ++next.outside[shard];
  return true;
}

bool mint(const Step& step, State& next, int player, Row& row, int shard) {
  if (!room(step, player, row, 1)) return false;
  ++row.gold;
  --next.outside[shard];
  return true;
}

bool mint_to_inbox(State& next, Row& row, int shard) {
  if (row.inbox[kOwnLetter] != Box::kNone) return false;
  row.inbox[kOwnLetter] = Box::kWaiting;
  --next.outside[shard];
  return true;
}

bool set_attribute(const Step& step, Row& row, const Operation& operation) {
  if (!row.item.held || !step.rule(Rule::kVersion, row.item.version == operation.version)) return false;
  ++row.item.version;
  row.item.value = operation.value;
  return true;
}

bool send(State& next, Row& row, int shard, int letter) {
  if (row.gold < 1 || row.outbox[letter] != Box::kNone) return false;
  --row.gold;
  ++next.transit[shard];
  row.outbox[letter] = Box::kWaiting;
  return true;
}

bool claim(const Step& step, State& next, int player, int shard, int letter) {
  Row& row = next.row[player][shard];
  if (row.inbox[letter] != Box::kWaiting || !room(step, player, row, 1)) return false;
  ++row.gold;
  row.inbox[letter] = step.removed(Rule::kInboxStays) ? Box::kNone : Box::kDone;
  return true;
}

bool loot(const Step& step, State& next, int player, Row& row, int shard) {
  if (!step.rule(Rule::kDropKey, row.drop_key == 0) || !room(step, player, row, 1)) return false;
  row.drop_key = 1;
  ++next.minted;
  ++row.gold;
  --next.outside[shard];
  return true;
}

bool effects(const Step& step, State& next, int shard, const Operation& operation) {
  const int player = operation.player;
  Row& row = next.row[player][shard];
  switch (operation.kind) {
    case Kind::kSpend:
      return spend(next, row, shard);
    case Kind::kMint:
      return mint(step, next, player, row, shard);
    case Kind::kMintToInbox:
      return mint_to_inbox(next, row, shard);
    case Kind::kAttribute:
      return set_attribute(step, row, operation);
    case Kind::kSend:
      return send(next, row, shard, operation.argument);
    case Kind::kClaim:
      return claim(step, next, player, shard, operation.argument);
    case Kind::kLoot:
      return loot(step, next, player, row, shard);
    case Kind::kLeg:
    case Kind::kNone:
      break;
  }
  return false;
}

void note_request(State& next, Row& row, const Operation& operation) {
  if (operation.creq == 0) return;
  row.last_creq = operation.creq;
  row.creq_content = operation.content;
  row.creq_result = Result::kDone;
  took_effect(next, operation);
}

void apply_one(Step& step, int index, int shard) {
  const Operation& operation = step.now.operation[index];
  const int player = operation.player;
  if (shut(step, shard)) return;
  const Row& before = step.now.row[player][shard];
  const bool active = before.status == Status::kActive ||
                      (step.removed(Rule::kOperationsNeedActive) && before.status == Status::kMoving);
  Row seen = before;
  if (active) seen.status = Status::kActive;
  if (!live(step, seen, operation)) return;
  State next = step.now;
  Row& row = next.row[player][shard];
  if (effects(step, next, shard, operation)) {
    if (next.granted[player][operation.epoch] != operation.owner) violate(next, Law::kSingleWriter);
    if (operation.pseq > before.last_pseq + 1) violate(next, Law::kPrefix);
    ++next.operation[index].applied;
    if (row.last_pseq < operation.pseq) row.last_pseq = operation.pseq;
    note_request(next, row, operation);
    step.emit(next, Fair::kYes, {"DB: APPLY", player, operation.pseq, static_cast<int>(operation.kind)});
    return;
  }
  State rejected = step.now;
  if (honest(step, player)) {
    violate(rejected, Law::kHonestRejected);
  } else if (!fence(step, rejected.row[player][shard])) {
    return;
  }
  step.emit(rejected, Fair::kYes, {"DB: REJECT", player, operation.pseq, static_cast<int>(operation.kind)});
}

// What other servers do every few minutes.
void save_everything(Step& step, int player, int process) {
  const Owner& owner = step.now.owner[player][process];
  const int shard = active_shard(step.now, player);
  if (owner.phase != Phase::kHolding || shard == kNobody || step.now.row[player][shard].epoch != owner.epoch) return;
  State next = step.now;
  next.row[player][shard].gold = owner.gold;
  next.row[player][shard].item = owner.item;
  step.emit(next, Fair::kNo, {"DB: saves all that the owner remembers", player, process});
}

}  // namespace

void took_effect(State& next, const Operation& operation) {
  const int wish = operation.content - 1;
  ++next.took[operation.creq][wish];
  ++next.happened[wish];
  if ((next.never[operation.creq] | next.frozen[operation.creq]) >> wish & 1) violate(next, Law::kRequestOnce);
}

void apply(Step& step) {
  for (int i = 0; i < step.now.operations; ++i) {
    if (step.now.operation[i].kind == Kind::kLeg) continue;
    for (int shard = 0; shard < kShards; ++shard) apply_one(step, i, shard);
  }
  if (!step.removed(Rule::kDeltasOnly)) return;
  for (int player = 0; player < step.world.players; ++player)
    for (int process = 0; process < kProcesses; ++process) save_everything(step, player, process);
}

}  // namespace dure::model

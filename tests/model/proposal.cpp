// What owners propose: each operation is first applied to the mirror under the owner's own rules, then numbered and put
// on the wire. A dishonest owner skips its own rules.
#include <algorithm>

#include "tests/model/transitions.h"

namespace dure::model {
namespace {

// The version of the item both sides of a trade look at: what the first leg named, else what its giver has in memory.
u8 shown_version(const Step& step, int trade, int giver, const Owner* own) {
  if (const Operation* other = find_leg(step.now, trade, 0)) return other->version;
  if (const Operation* other = find_leg(step.now, trade, 1)) return other->version;
  if (own != nullptr) return own->item.version;
  u8 version = kNobody, epoch = 0;
  for (const Owner& owner : step.now.owner[giver])
    if (owner.phase == Phase::kHolding && owner.item.held && owner.epoch >= epoch) {
      version = owner.item.version;
      epoch = owner.epoch;
    }
  return version;
}

bool leg_in_memory(const Step& step, Owner& owner, int player, Operation& operation) {
  const int trade = operation.argument, give = gives(step.world, trade, player);
  const bool dishonest = !honest(step, player);
  if (find_leg(step.now, trade, player) != nullptr) return false;
  if (trade > 0 && find_leg(step.now, trade - 1, player) == nullptr) return false;
  const int reserve = std::max(give, gets(step.world, trade, player));
  if (!dishonest && (owner.gold < give || !mirror_room(step, player, owner, give, reserve))) return false;
  if (gives_item(step.world, trade, player)) {
    if (!dishonest && !owner.item.held) return false;
    operation.version = shown_version(step, trade, player, &owner);
    if (!dishonest && operation.version != owner.item.version) return false;
    owner.item = Item{};
  } else if (gets_item(step.world, trade, player)) {
    operation.version = shown_version(step, trade, 1 - player, nullptr);
    if (operation.version == kNobody) return false;
  }
  owner.gold -= std::min<int>(owner.gold, give);
  owner.reserved |= 1u << trade;
  return true;
}

bool claim_in_memory(const Step& step, Owner& owner, int player, int process, const Operation& operation) {
  const Row* row = active_row(step.now, player);
  if (row == nullptr || row->inbox[operation.argument] != Box::kWaiting || row->epoch != owner.epoch) return false;
  if (!mirror_room(step, player, owner, 0, 1)) return false;
  for (int i = 0; i < step.now.operations; ++i) {
    const Operation& other = step.now.operation[i];
    if (other.kind == Kind::kClaim && other.argument == operation.argument && other.epoch == owner.epoch &&
        other.owner == process + 1)
      return false;
  }
  ++owner.gold;
  return true;
}

bool attribute_in_memory(const Step& step, Owner& owner, int player, Operation& operation) {
  if (!honest(step, player)) {  // computed from what it knew long ago
    operation.version = 0;
    operation.value = 1;
    return true;
  }
  if (!owner.item.held) return false;
  operation.version = owner.item.version;
  operation.value = static_cast<u8>(owner.item.value + 1);
  ++owner.item.version;
  owner.item.value = operation.value;
  return true;
}

bool in_memory(const Step& step, State& next, int player, int process, Operation& operation) {
  Owner& owner = next.owner[player][process];
  const Owner& before = step.now.owner[player][process];
  const bool dishonest = !honest(step, player);
  switch (operation.kind) {
    case Kind::kSpend:
    case Kind::kSend:
      if (before.gold < 1 && !dishonest) return false;
      owner.gold -= before.gold < 1 ? 0 : 1;
      return true;
    case Kind::kMint:
    case Kind::kLoot:
      if (!dishonest && !mirror_room(step, player, before, 0, 1)) return false;
      ++owner.gold;
      return true;
    case Kind::kMintToInbox:
      return !mirror_room(step, player, before, 0, 1);
    case Kind::kAttribute:
      return attribute_in_memory(step, owner, player, operation);
    case Kind::kLeg:
      return leg_in_memory(step, owner, player, operation);
    case Kind::kClaim:
      return claim_in_memory(step, owner, player, process, operation);
    case Kind::kNone:
      break;
  }
  return false;
}

bool already_proposed(const State& now, Kind kind, int argument) {
  for (int i = 0; i < now.operations; ++i)
    if (now.operation[i].kind == kind && now.operation[i].argument == argument) return true;
  return false;
}

void propose_one(Step& step, int player, int process, Kind kind, int argument) {
  State next = step.now;
  Operation operation{};
  operation.kind = kind;
  operation.argument = static_cast<u8>(argument);
  if (apply_in_memory(step, next, player, process, operation))
    step.emit(next, Fair::kNo, {"owner proposes", player, static_cast<int>(kind), argument});
}

}  // namespace

void propose_any(Step& step, int player, int process) {
  if (!may_propose(step, player, process)) return;
  const auto wants = [&](Kind kind) { return (step.world.kinds[player] & bit(kind)) != 0; };
  for (const Kind kind : {Kind::kSpend, Kind::kMint, Kind::kAttribute})
    if (wants(kind)) propose_one(step, player, process, kind, 0);
  if (wants(Kind::kMintToInbox) && !already_proposed(step.now, Kind::kMintToInbox, kOwnLetter))
    propose_one(step, player, process, Kind::kMintToInbox, kOwnLetter);
  if (wants(Kind::kLeg))
    for (int trade = 0; trade < step.world.trades; ++trade) propose_one(step, player, process, Kind::kLeg, trade);
  if (wants(Kind::kSend))
    for (int letter = 0; letter < step.world.letters; ++letter)
      if (!already_proposed(step.now, Kind::kSend, letter) &&
          (letter == 0 || already_proposed(step.now, Kind::kSend, letter - 1)))
        propose_one(step, player, process, Kind::kSend, letter);
  if (wants(Kind::kClaim))
    for (int letter = 0; letter < kLetters; ++letter) propose_one(step, player, process, Kind::kClaim, letter);
}

bool apply_in_memory(const Step& step, State& next, int player, int process, Operation operation) {
  return in_memory(step, next, player, process, operation) && propose(step, next, player, process, operation);
}

}  // namespace dure::model

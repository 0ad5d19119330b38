#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {

bool arrive(const Scenario& world, Shard& shard, int letter) {
  Content& content = shard.row[1 - letter].is;
  const u8 carried = world.accounts->letters_carry;
  if (carried & items_here(world, shard)) return false;
  content.inbox[letter] = Box::kDone;
  content.items |= carried;
  if (carried == 0) ++content.gold, --shard.transit;
  return true;
}

namespace {

void earn(Step& step, int player, int shard) {
  if (step.now.earned[player] >= step.world.accounts->earns[player]) return;
  State next = step.now;
  Row& row = next.shard[shard].row[player];
  ++next.earned[player];
  ++row.is.gold;
  ++row.is.earned;
  --next.shard[shard].outside;
  step.emit(next, Fair::kNo, {"earns", player, shard});
}

void make(Step& step, int player, int shard) {
  if (step.now.made || player != step.world.accounts->made_by) return;
  State next = step.now;
  next.made = 1;
  next.shard[shard].row[player].is.items |= 1;
  step.emit(next, Fair::kNo, {"makes the item", player, shard});
}

void acquire(Step& step, int player, int shard) {
  if (step.now.acquired >= step.world.accounts->acquires) return;
  State next = step.now;
  Row& row = next.shard[shard].row[player];
  ++next.acquired;
  ++row.is.epoch;
  if (row.is.epoch <= next.granted[player]) next.broken = static_cast<u8>(Law::kSingleWriter);
  next.granted[player] = row.is.epoch;
  step.emit(next, Fair::kNo, {"ACQUIRE", player, row.is.epoch});
}

void send(Step& step, int player, int shard) {
  const Row& row = step.now.shard[shard].row[player];
  const bool may = (step.world.accounts->letters >> player & 1) && !(step.now.written >> player & 1);
  const u8 carried = step.world.accounts->letters_carry;
  const bool has = carried == 0 ? row.is.gold >= 1 : (carried & ~row.is.items) == 0;
  if (!may || !has || row.is.outbox[player] != Box::kNone) return;
  State next = step.now;
  next.written |= 1u << player;
  Content& content = next.shard[shard].row[player].is;
  content.items &= ~carried;
  if (carried == 0) --content.gold, ++next.shard[shard].transit;
  content.outbox[player] = Box::kWaiting;
  step.emit(next, Fair::kNo, {"SEND", player, shard});
}

void relay(Step& step, int letter, int shard) {
  const Row& row = step.now.shard[shard].row[letter];
  if (row.status != Status::kActive || row.is.outbox[letter] != Box::kWaiting) return;
  if (step.now.relayed[letter] == shard + 1) return;
  State next = step.now;
  next.relayed[letter] = static_cast<u8>(shard + 1);
  step.emit(next, Fair::kYes, {"relay", letter, shard});
}

void deliver(Step& step, int letter, int shard) {
  const Row& row = step.now.shard[shard].row[1 - letter];
  if (step.now.relayed[letter] == 0 || row.status != Status::kActive || shut(step.now, shard)) return;
  State next = step.now;
  next.answered[letter] = 1;
  if (row.is.inbox[letter] == Box::kNone && !arrive(step.world, next.shard[shard], letter)) return;
  step.emit(next, Fair::kYes, {"DELIVER", 1 - letter, shard});
}

void sent(Step& step, int letter, int shard) {
  if (!step.now.answered[letter] || shut(step.now, shard)) return;
  if (step.now.shard[shard].row[letter].is.outbox[letter] != Box::kWaiting) return;
  State next = step.now;
  next.shard[shard].row[letter].is.outbox[letter] = Box::kDone;
  step.emit(next, Fair::kYes, {"SENT", letter, shard});
}

}  // namespace

void play(Step& step) {
  for (int player = 0; player < kPlayers; ++player) {
    if (step.world.accounts->letters >> player & 1)
      for (int shard = 0; shard < step.world.accounts->shards; ++shard) {
        if (!shut(step.now, shard)) relay(step, player, shard);
        deliver(step, player, shard);
        sent(step, player, shard);
      }
    const int shard = active_shard(step.now, player);
    if (shard == kNobody || shut(step.now, shard)) continue;
    earn(step, player, shard);
    make(step, player, shard);
    acquire(step, player, shard);
    send(step, player, shard);
  }
}

}  // namespace dure::model::accounts

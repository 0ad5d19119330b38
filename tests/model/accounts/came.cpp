// BRING BACK: an account of this shard by the map, that came after the backup, is again as it left its source. What it
// did with characters of here must not be in its own rows alone, nor in theirs alone.
#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {
namespace {

// A leg that was committed counts only together with the other one: done, or held and sure to be.
bool sure(const Step& step, const Row& row, int trade) {
  if (row.is.leg[trade] == LegState::kCommitted) return true;
  if (!step.removed(Rule::kHalfOfWhatIsOpen)) {
    const bool held = row.is.leg[trade] == LegState::kHeld;
    const int there = step.now.register_at[trade] - 1;
    return held && (there != kRestored || step.now.shard[there].reg[trade].verdict == Verdict::kCommit);
  }
  return row.is.leg[trade] != LegState::kNone;
}

bool trades_whole(const Step& step, const Row& mine, const Row& other) {
  for (int trade = 0; trade < step.world.trades; ++trade) {
    const bool decided = step.now.shard[kRestored].reg[trade].swapped;
    const bool swapped = mine.is.swapped >> trade & 1, held = mine.is.leg[trade] == LegState::kCommitted;
    if (held && !step.rule(Rule::kNothingHalfHeld, sure(step, other, trade))) return false;
    const bool known = (other.is.swapped >> trade & 1) || decided || other.is.leg[trade] == LegState::kCommitted;
    if (swapped && !step.rule(Rule::kNothingHalfSwapped, known)) return false;
  }
  return true;
}

bool letters_whole(const Step& step, const Content& mine, const Content& other, int player) {
  const bool received = mine.inbox[1 - player] != Box::kNone && other.outbox[1 - player] == Box::kNone;
  const bool sent = mine.outbox[player] == Box::kDone && other.inbox[player] == Box::kNone;
  return step.rule(Rule::kNothingHalfReceived, !received) && step.rule(Rule::kNothingHalfSent, !sent);
}

}  // namespace

bool nothing_half(const Step& step, const Row& mine, int player) {
  const Row& other = step.now.shard[kRestored].row[1 - player];
  if (other.status != Status::kActive) return true;
  return trades_whole(step, mine, other) && letters_whole(step, mine.is, other.is, player);
}

namespace {

int last_flipped(const Map& map) {
  for (int m = map.greatest; m >= 1; --m)
    if (map.fate[m] == Fate::kFlipped) return m;
  return 0;
}

bool came(const Step& step, int player, int* m) {
  const Map& map = step.now.map[player];
  *m = last_flipped(map);
  const Row& row = step.now.shard[kRestored].row[player];
  if (map.shard != kRestored || *m == 0 || map.target[*m] != kRestored) return false;
  const bool again = step.removed(Rule::kBringsBackOnce) && !step.now.brought_back && row.move == *m;
  return row.move < *m || again;
}

void bring_back_one(Step& step, int player, int m) {
  State next = step.now;
  Row& row = next.shard[kRestored].row[player];
  const Kept& kept = step.now.shard[step.now.map[player].source[m]].kept[player];
  if (kept.move != m) {
    next.desk.again |= 1u << player;
    step.emit(next, Fair::kYes, {"RECONCILE: no copy is kept, yet", player, m});
    return;
  }
  const bool older = row.status == Status::kActive || !settled(row.status);
  if (older && step.removed(Rule::kGivesUpOlder)) {
    row.move = static_cast<u8>(m);
    step.emit(next, Fair::kYes, {"RECONCILE: left as it was at the backup", player, m});
    return;
  }
  if (older) give_up(step, next, player, row.move == 0 ? 1 : row.move);
  // That was before: it leaves who has it here, unless that one came since, too.
  Row& other = next.shard[kRestored].row[1 - player];
  if (!(step.now.brought_back >> (1 - player) & 1)) let_go(next, 1 - player, kept.is.items & other.is.items);
  if (kept.is.items & items_here(step.world, next.shard[kRestored])) {
    next = step.now;
    next.desk.again |= 1u << player;
    step.emit(next, Fair::kYes, {"RECONCILE: what it brings is held here, or came with another", player, m});
    return;
  }
  write(next, kRestored, player, kept.is, m);
  if (!nothing_half(step, row, player)) {
    next = step.now;
    next.desk.refused |= 1u << player;
    step.emit(next, Fair::kYes, {"RECONCILE: half of it is here, it is named", player, m});
    return;
  }
  row.status = Status::kActive;
  if (!step.removed(Rule::kBroughtBackRaisesEpochs)) row.is.epoch = static_cast<u8>(row.is.epoch + kRaise);
  next.shard[kRestored].kept[player] = Kept{};
  next.brought_back |= 1u << player;
  step.emit(next, Fair::kYes, {"RECONCILE: brought back", player, m});
}

}  // namespace

void bring_back(Step& step) {
  if (step.now.desk.at != At::kBringBack) return;
  if (!step.removed(Rule::kBringsBack))
    for (const int player : step.world.accounts->second_first ? std::array{1, 0} : std::array{0, 1}) {
      int m = 0;
      if (((step.now.desk.again | step.now.desk.refused) >> player & 1) || !came(step, player, &m)) continue;
      return bring_back_one(step, player, m);
    }
  State next = step.now;
  next.desk.at = At::kQuiet;
  step.emit(next, Fair::kYes, {"RECONCILE: whoever came is back"});
}

}  // namespace dure::model::accounts

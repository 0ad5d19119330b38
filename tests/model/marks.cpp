#include "tests/model/marks.h"

#include "tests/model/transitions.h"

namespace dure::model {
namespace {

class Notes {
 public:
  Notes(const Scenario& scenario, const State& state, std::array<std::uint64_t, kMarks>& marks)
      : world_(scenario), now_(state), marks_(marks) {}

  void all() {
    for (int p = 0; p < world_.players; ++p) owners_of(p);
    for (int t = 0; t < world_.trades; ++t) trade(t);
    for (int p = 0; p < world_.players; ++p)
      if (world_.moves[p] != 0) moves_of(p);
    caps();
    if (world_.letters != 0) boxes();
    if (world_.ownerless) ownerless();
    if (world_.awards != 0) drops();
    if (world_.requests != 0) requests();
    items();
    restores();
  }

 private:
  void ownerless() {
    const Remembered& r = now_.remembered;
    for (int o = 0; o < kOwnerless; ++o) {
      note(Mark::kRepeatOfForgotten, r.done[o] != 0 && r.at[o] == 0);
      note(Mark::kAheadOfClock, r.at[o] != 0 && r.at[o] - 1 > r.clock[r.shard]);
    }
    note(Mark::kForgottenMoved, r.mark != 0 && r.moves == 2);
  }
  void note(Mark mark, bool seen) { marks_[static_cast<int>(mark)] += seen; }

  bool current(int player, int process) const {
    const Row* row = active_row(now_, player);
    const Owner& owner = now_.owner[player][process];
    return row != nullptr && owner.phase == Phase::kHolding && owner.epoch == row->epoch && row->owner == process + 1;
  }
  const Row* current_row(int player) const { return active_row(now_, player); }
  bool moved(int player) const {
    for (int m = 1; m <= kMoves; ++m)
      if (now_.map[player].fate[m] == Fate::kFlipped) return true;
    return false;
  }

  void owners_of(int player) {
    const Row* row = current_row(player);
    if (row == nullptr) return;
    bool owned = false, zombie = false;
    note(Mark::kRejected, row->owner == 0 && row->epoch > 1);
    for (int process = 0; process < kProcesses; ++process) {
      const Owner& owner = now_.owner[player][process];
      const bool holds = owner.phase == Phase::kHolding;
      owned |= current(player, process);
      zombie |= holds && !current(player, process);
      if (!current(player, process) || owner.answer.acquire_id == 0 || owner.answer.epoch != owner.epoch) continue;
      note(Mark::kRepeatedGrantUnderWay, owner.answer.last_pseq > 0);
      note(Mark::kStaleGrantUnderWay, owner.answer.settled != settled_legs(world_, now_, player));
    }
    note(Mark::kZombieAndOwner, owned && zombie);
    note(Mark::kZombieAfterRestore, owned && zombie && now_.restored);
    for (int e = 0; e < world_.epochs; ++e) note(Mark::kRaceForEpoch, (now_.asked[player][e] & 3) == 3);
    for (int e = 1; owned && e < row->epoch; ++e)
      note(Mark::kOwnerAfterReject, now_.granted[player][e] == 0 && row->ended[e] != 0);
  }

  void trade(int t) {
    const Trade& state = now_.trade[t];
    const Leg& a = state.leg[0];
    const Leg& b = state.leg[1];
    const Operation* legs[] = {find_leg(now_, t, 0), find_leg(now_, t, 1)};
    const bool commit = state.verdict == Verdict::kCommit, abort = state.verdict == Verdict::kAbort;
    const bool swapped = commit && a.vote == Vote::kNone && a.finished;
    const bool consumed[] = {abort && a.vote == Vote::kNo, abort && b.vote == Vote::kNo};
    const bool both_done = a.vote == Vote::kYes && b.vote == Vote::kYes && a.finished && b.finished;
    note(Mark::kSwapped, swapped);
    note(Mark::kItemCameBack, t == 1 && commit && world_.terms[1].item_from == 1 && current_row(0) &&
                                  current_row(0)->item.held && now_.trade[0].verdict == Verdict::kCommit);
    note(Mark::kSwappedAfterMove, swapped && (moved(0) || moved(1)));
    note(Mark::kAbortedLegNeverCame, (consumed[0] && !legs[1]) || (consumed[1] && !legs[0]));
    note(Mark::kAbortedBothConsumed, consumed[0] && consumed[1]);
    note(Mark::kCommitFinished, commit && both_done);
    note(Mark::kCommitOfMoved, commit && both_done && (moved(0) || moved(1)));
    bool all_live = abort && legs[0] && legs[1];
    for (int p = 0; p < kPlayers; ++p) {
      const Leg& leg = state.leg[p];
      const Row* row = current_row(p);
      note(Mark::kRefunded, abort && leg.vote == Vote::kYes && leg.finished);
      note(Mark::kHoldOfAbortedTrade, abort && leg.vote == Vote::kYes && !leg.finished);
      note(Mark::kOneLegHeldOneConsumed, consumed[1 - p] && leg.vote == Vote::kYes);
      note(Mark::kAbortedDeadLeg, consumed[0] && consumed[1] && legs[p] && row && row->epoch > legs[p]->epoch);
      note(Mark::kNewOwnerWithHold, leg.vote == Vote::kYes && !leg.finished && row && row->owner != 0 &&
                                        (!legs[p] || row->epoch > legs[p]->epoch));
      note(Mark::kLegFailed, abort && row && legs[p] && row->epoch == legs[p]->epoch + 1 && row->owner == 0);
      all_live = all_live && row && row->epoch == legs[p]->epoch && row->last_pseq + 1 == legs[p]->pseq;
    }
    note(Mark::kAbortedBothLive, all_live);
  }

  void moves_of(int player) {
    const Map& map = now_.map[player];
    int done = 0, aborted = 0;
    for (int m = 1; m <= map.greatest; ++m) {
      done += map.fate[m] == Fate::kFlipped;
      aborted += map.fate[m] == Fate::kAborted;
      note(Mark::kLateCopyPossible, map.copied[m] && now_.row[player][1 - map.source[m]].move > m);
    }
    note(Mark::kMovedThereAndBack, done >= 2);
    note(Mark::kAbortedAndDoneMove, done != 0 && aborted != 0);
    for (const Row& row : now_.row[player])
      note(Mark::kNewIntentOldCopy, map.intent != 0 && row.status == Status::kArriving && row.move != map.intent);
    for (int process = 0; process < kProcesses; ++process)
      note(Mark::kMovedWithOpenWindow, done != 0 && current(player, process) &&
                                           now_.owner[player][process].next_pseq > current_row(player)->last_pseq + 1);
    note(Mark::kSenderMovedWithOutbox,
         player == 0 && done != 0 && current_row(0) && current_row(0)->outbox[0] == Box::kWaiting);
  }

  void caps() {
    for (int p = 0; p < world_.players; ++p) {
      const Row* row = current_row(p);
      if (row == nullptr) continue;
      int reserved = 0;
      for (int t = 0; t < world_.trades; ++t)
        if (open_holds(world_, now_, p) >> t & 1) reserved += std::max(gives(world_, t, p), gets(world_, t, p));
      const bool full = row->gold == world_.cap;
      for (const Box box : row->inbox) note(Mark::kFullWithInbox, full && box == Box::kWaiting);
      note(Mark::kReservationFillsRoom, reserved != 0 && row->gold + reserved == world_.cap);
      for (int t = 0; t < world_.trades; ++t) {
        const bool settled = settled_legs(world_, now_, p) >> t & 1;
        note(Mark::kCommitLandsOnCap, full && settled && now_.trade[t].verdict == Verdict::kCommit);
        note(Mark::kRefundLandsOnCap, full && settled && now_.trade[t].verdict == Verdict::kAbort);
      }
    }
  }

  void boxes() {
    const Row* sender = current_row(0);
    const Row* receiver = current_row(1);
    if (receiver == nullptr) return;
    for (int letter = 0; letter < world_.letters; ++letter) {
      const bool claimed = receiver->inbox[letter] == Box::kDone;
      note(Mark::kClaimedWhileResent, claimed && sender && sender->outbox[letter] == Box::kWaiting);
      note(Mark::kClaimedAndMoved, claimed && moved(1));
      note(Mark::kCollectedWhileResent, world_.collects && receiver->inbox[letter] == Box::kNone &&
                                            letter < receiver->high_water && now_.relayed[letter]);
      note(Mark::kClaimBySecondOwner, claimed && receiver->epoch >= 2);
    }
  }

  void drops() {
    const Award& award = now_.award;
    note(Mark::kReawardMinted, award.count >= 2 && now_.minted != 0);
    note(Mark::kReawardAfterMove, award.count >= 2 && now_.minted != 0 && (moved(0) || moved(1)));
    const Row* row = current_row(award.player);
    note(Mark::kFencedHadDrop, award.count == 1 && now_.minted != 0 && row && row->epoch > award.epoch);
  }

  void requests() {
    for (int r = 1; r < kRequests; ++r)
      for (int wish = 0; wish < kWishes; ++wish) {
        const bool frozen = now_.frozen[r] >> wish & 1;
        note(Mark::kSuperseded, frozen);
        note(Mark::kSupersededButDone, frozen && now_.took[r][wish] != 0);
        note(Mark::kRefusedThenDone, (now_.never[r] >> wish & 1) && now_.happened[wish] != 0);
      }
    note(Mark::kRestartBothDone, now_.client.restarts != 0 && now_.happened[0] != 0 && now_.happened[1] != 0);
    if (const Row* row = current_row(0); row != nullptr)
      note(Mark::kLastRequestAborted, row->creq_result == Result::kAborted);
    for (int process = 0; process < kProcesses; ++process) {
      if (!current(0, process)) continue;
      const Requests& memory = now_.owner[0][process].requests;
      const Operation* leg = find_leg(now_, 0, 0);
      if (leg == nullptr || leg->creq == 0 || leg->epoch == current_row(0)->epoch) continue;
      note(Mark::kHeldRequestLoaded, memory.result[leg->creq] == Result::kHeld);
      note(Mark::kHeldRequestSettled,
           memory.result[leg->creq] == Result::kDone || memory.result[leg->creq] == Result::kAborted);
    }
  }

  void restores() {
    if (now_.closed) return;
    note(Mark::kLegRedone, now_.redone & kRedoneLeg);
    note(Mark::kDecisionRedone, now_.redone & kRedoneDecision);
    note(Mark::kForgottenVoteAborted, now_.redone & kRedoneAbort);
    note(Mark::kUndecidedSettled, now_.redone & kRedoneSettled);
    if (!world_.reconciles || !now_.restored) return;
    for (int process = 0; process < kProcesses; ++process)
      note(Mark::kOpenedWithZombie,
           now_.owner[world_.restored][process].phase == Phase::kHolding && !current(world_.restored, process));
  }

  void items() {
    for (int p = 0; p < world_.players; ++p) {
      const Row* row = current_row(p);
      if (row == nullptr || !row->item.held) continue;
      note(Mark::kTradedAfterChange, p == 1 && row->item.version != 0);
      note(Mark::kChangedByReceiver, p == 1 && changed_by(1));
    }
    for (int i = 0; i < now_.operations; ++i) {
      const Operation& o = now_.operation[i];
      const Row* row = current_row(o.player);
      note(Mark::kStaleChangeRejected, o.kind == Kind::kAttribute && !o.applied && o.player == world_.dishonest &&
                                           row && row->item.held && row->epoch > o.epoch);
    }
  }
  bool changed_by(int player) const {
    for (int i = 0; i < now_.operations; ++i)
      if (now_.operation[i].kind == Kind::kAttribute && now_.operation[i].player == player && now_.operation[i].applied)
        return true;
    return false;
  }

  const Scenario& world_;
  const State& now_;
  std::array<std::uint64_t, kMarks>& marks_;
};

}  // namespace

void note_marks(const Scenario& scenario, const State& state, std::array<std::uint64_t, kMarks>& marks) {
  Notes(scenario, state, marks).all();
}

const char* name_of(Mark mark) {
  static const char* const kNames[] = {"zombie and new owner both alive",
                                       "two processes race for the same epoch",
                                       "a repeated GRANT is under way after operations were applied",
                                       "a GRANT older than a settlement is under way",
                                       "an owner was rejected",
                                       "an owner after a REJECT",
                                       "zombie and owner after a restore",
                                       "swapped",
                                       "swapped after a move",
                                       "aborted, the other leg never came",
                                       "aborted, both legs consumed",
                                       "aborted with a dead leg",
                                       "aborted while both legs could still swap",
                                       "a hold of an aborted trade",
                                       "aborted: one leg held, one consumed",
                                       "commit finished on both shards",
                                       "commit of a moved player",
                                       "a hold refunded",
                                       "a leg failed its own guard",
                                       "the item went and came back",
                                       "a new owner works while an old hold is open",
                                       "a late COPY is possible after a later move",
                                       "moved there and back",
                                       "an aborted and a completed move",
                                       "a new intent while an old copy is arriving",
                                       "moved while operations were in the window",
                                       "at the cap with something in the inbox",
                                       "a reservation fills the room exactly",
                                       "a commit lands exactly on the cap",
                                       "a refund lands exactly on the cap",
                                       "claimed while the outbox still resends",
                                       "claimed and moved",
                                       "collected while a DELIVER is under way",
                                       "claimed by a second owner",
                                       "the sender moved with a pending outbox row",
                                       "a repeat of what was done and forgotten",
                                       "moved after something was forgotten",
                                       "an operation that was asked ahead of its shard's clock",
                                       "a drop awarded again was minted",
                                       "a drop awarded again after a move was minted",
                                       "the fenced receiver had the drop",
                                       "SUPERSEDED was told",
                                       "SUPERSEDED was told of a request that had been done",
                                       "refused, then done under a new number",
                                       "a restarted client got both wishes",
                                       "the row's last request is an aborted leg",
                                       "a new owner knows a request that is held",
                                       "a held request was settled under a new owner",
                                       "traded after its attribute was changed",
                                       "changed by the one who received it",
                                       "a change from an old version was rejected",
                                       "a forgotten leg was done again",
                                       "a forgotten COMMIT was decided again",
                                       "a vote that was forgotten came to nothing",
                                       "what nobody saw decided was aborted",
                                       "opened while an owner of before plays on",
                                       "an account was given up",
                                       "an account was brought back",
                                       "an account was named, its shard stays closed",
                                       "halves were done again",
                                       "an item that nobody had was given back",
                                       "what was here made room for what came back",
                                       "opened after the desk had died",
                                       "moved after its shard was opened",
                                       "an operation of the house was done again",
                                       "sold after the restore what was listed after the backup",
                                       "a listing waits without its item",
                                       "the house owes for an answer",
                                       "a letter was kept, unanswered"};
  static_assert(std::size(kNames) == kMarks);
  return kNames[static_cast<int>(mark)];
}

}  // namespace dure::model

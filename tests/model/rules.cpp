#include "tests/model/rules.h"

#include "common/base/check.h"

namespace dure::model {

const std::vector<Removed>& removable_rules() {
  static const std::vector<Removed> all = {
      // LIVE
      {Rule::kLiveEpoch, "live-epoch", "an operation of an ended epoch passes", "acquire"},
      {Rule::kLiveOwner, "live-owner", "the owner's incarnation is not compared", "acquire-restored"},
      {Rule::kLiveOnce, "live-once", "a resent operation is applied again", "acquire"},
      {Rule::kLiveNoGap, "live-no-gap", "an operation passes before its predecessor", "acquire"},
      // ACQUIRE
      {Rule::kAcquireExpected, "acquire-expected", "ACQUIRE takes whatever the epoch is", "acquire"},
      {Rule::kRepeatSameEpoch, "repeat-same-epoch", "a repeated ACQUIRE is answered though the epoch went on",
       "acquire-rejected",
       "without a new id an epoch ends only by a REJECT of its owner's operation, and who proposed has loaded"},
      {Rule::kRepeatLastNow, "repeat-last-now", "a repeated GRANT says last_pseq 0 and a loaded owner takes it",
       "acquire"},
      {Rule::kRepeatGoldNow, "repeat-gold-now",
       "a repeated GRANT gives the state of the first with the settlements of now", "acquire"},
      {Rule::kRepeatSettledNow, "repeat-settled-now", "a repeated GRANT gives the state of now with old settlements",
       "acquire"},
      {Rule::kReadInAcquire, "read-in-acquire", "the state is read before the epoch is raised", "acquire"},
      {Rule::kFreshAcquireId, "fresh-acquire-id", "an owner that forgot asks again under the same id", "acquire"},
      {Rule::kLoadedIgnoresGrant, "loaded-ignores-grant", "a loaded owner takes a late GRANT", "acquire"},
      {Rule::kFenceClearsOwner, "fence-clears-owner", "REJECT raises the epoch and leaves the owner",
       "acquire-rejected"},
      {Rule::kAcquireReturnsHolds, "acquire-returns-holds", "GRANT does not name open holds", "trade-caps"},
      // APPLY
      {Rule::kDeltasOnly, "deltas-only", "an owner may also save its whole state", "trade"},
      {Rule::kVersion, "attribute-version", "an attribute is set whatever the item's version", "versions-dishonest"},
      {Rule::kCountsReservations, "credit-counts-reservations", "a credit counts only the balance", "caps-dishonest"},
      {Rule::kDropKey, "drop-key", "LOOT does not look for its key", "drops-dishonest"},
      // Trades
      {Rule::kSwapWhole, "swap-whole", "a trade is saved one side at a time", "trade"},
      {Rule::kPrepareDurable, "prepare-durable", "YES is answered before the sync, and the power fails", "trade"},
      {Rule::kSwapUndecided, "swap-undecided", "SWAP does not look at the register", "trade"},
      {Rule::kSwapNoVote, "swap-no-vote", "SWAP does not look for votes", "trade",
       "a leg with a vote is not live: YES and CONSUME used its number, NO fenced it or found it dead"},
      {Rule::kSwapAtRegister, "swap-at-register", "SWAP on a shard that has not the register", "trade-moves-away"},
      {Rule::kLegVersion, "leg-version", "a leg gives the item in whatever version", "versions-dishonest"},
      {Rule::kLegFailFencesOne, "leg-fail-fences-one", "a failing leg fences both", "trade-dishonest"},
      {Rule::kAnyoneAborts, "anyone-aborts", "nobody decides ABORT for a leg that never comes", "trade"},
      {Rule::kConsume, "consume", "a live leg of an aborted trade is not consumed", "swap"},
      {Rule::kConsumeInTurn, "consume-in-turn", "a leg is consumed before its predecessors", "trade"},
      {Rule::kLegAnsweredByRegister, "leg-answered-by-register", "a resent leg is answered by last_pseq", "trade"},
      {Rule::kVerdictOnce, "verdict-once", "ABORT overwrites COMMIT", "trade"},
      {Rule::kBothVotes, "both-votes", "COMMIT with one YES", "trade"},
      {Rule::kFinishOnce, "finish-once", "FINISH credits every time it comes", "trade"},
      {Rule::kFinishHere, "finish-here", "FINISH on a row that is not ACTIVE", "trade-moves",
       "FREEZE refuses an open hold, so the row stays ACTIVE where its hold is"},
      {Rule::kRefundOnlyDebited, "refund-only-debited", "an owner that never sent the leg is told its refund", "trade"},
      {Rule::kRefundAfterNumber, "refund-after-number", "an owner takes its leg back as soon as ABORT is decided",
       "trade"},
      {Rule::kReserveGive, "reserve-give", "PREPARE keeps no room for the refund", "trade-caps"},
      {Rule::kReserveGet, "reserve-get", "PREPARE keeps no room for the credit", "trade-caps"},
      {Rule::kFinishNeverRefuses, "finish-never-refuses", "FINISH refuses at the cap instead of reserving",
       "trade-caps"},
      {Rule::kKeepRoomUntilFinish, "keep-room-until-finish", "the mirror frees its reservation at DECIDE", "trade"},
      {Rule::kAbortedStored, "aborted-stored", "a consumed leg is stored as DONE", "requests"},
      {Rule::kFinishCorrectsResult, "finish-corrects-result", "FINISH leaves a refunded leg stored as DONE",
       "requests"},
      {Rule::kHoldsNameRequests, "holds-name-requests", "an open hold does not say which request it came from",
       "requests-traded"},
      // Moves
      {Rule::kFreezeNoHold, "freeze-no-hold", "FREEZE with an open hold", "trade-moves"},
      {Rule::kFreezeNewer, "freeze-newer", "a late FREEZE of an older move", "moves"},
      {Rule::kCopyNewer, "copy-newer", "a late COPY of an older move", "moves"},
      {Rule::kFlipArrived, "flip-arrived", "FLIP without the target's answer", "moves"},
      {Rule::kFlipSameMove, "flip-same-move", "FLIP on the arrival of another move", "moves"},
      {Rule::kActivateFlipped, "activate-flipped", "ACTIVATE without the register", "moves"},
      {Rule::kRetireTombstone, "retire-tombstone", "RETIRE forgets the move", "moves"},
      {Rule::kUnfreezeAborted, "unfreeze-aborted", "UNFREEZE by timeout", "moves"},
      {Rule::kDiscardAborted, "discard-aborted", "DISCARD by timeout", "moves"},
      {Rule::kDiscardTombstone, "discard-tombstone", "DISCARD forgets the move", "moves"},
      {Rule::kOperationsNeedActive, "operations-need-active", "operations pass on a MOVING row", "moves"},
      // Boxes
      {Rule::kInboxStays, "inbox-stays", "CLAIM deletes the inbox row", "letters"},
      {Rule::kClaimedTravels, "claimed-travels", "claimed inbox rows stay behind in a move", "letters"},
      {Rule::kDeliverHere, "deliver-here", "DELIVER on a row that is not ACTIVE", "letters"},
      {Rule::kNoRefund, "no-refund", "an outbox row is refunded after a time", "letters"},
      {Rule::kSentAfterAnswer, "sent-after-answer", "an outbox row is marked when it is sent", "letters"},
      {Rule::kDeliverThroughTransit, "deliver-through-transit", "DELIVER does not post to transit", "letters"},
      {Rule::kDeliverNoValueGuard, "deliver-no-value-guard", "DELIVER refuses at the cap", "letters"},
      {Rule::kCollectUnderMark, "collect-under-mark", "claimed rows are collected without a mark", "letters-collected"},
      // Ownerless
      {Rule::kOperationRow, "operation-row", "an ownerless operation does not look for its row", "ownerless"},
      {Rule::kForgottenRefused, "forgotten-refused", "what was asked before the mark is done", "ownerless"},
      {Rule::kForgottenMarked, "forgotten-marked", "a row is forgotten and the mark stays", "ownerless"},
      {Rule::kMarkAboveRow, "mark-above-row", "the mark is raised to what is forgotten, not above it", "ownerless"},
      {Rule::kRowNotBelowAsked, "row-not-below-asked", "a row says its shard's time though it was asked later",
       "ownerless"},
      {Rule::kReadingNotBelowMark, "reading-not-below-mark", "a reading says a time below the mark", "ownerless"},
      {Rule::kMarkTravels, "mark-travels", "the mark stays behind in a move", "ownerless"},
      // Drops
      {Rule::kReawardProof, "reaward-proof", "awarded again upon STALE_EPOCH", "drops"},
      {Rule::kReawardEpochPassed, "reaward-epoch-passed", "awarded again when the key is absent", "drops-by-read"},
      {Rule::kReawardThatEpoch, "reaward-that-epoch", "the last_pseq of a later epoch is taken as proof", "drops"},
      {Rule::kKeyTravels, "key-travels", "drop keys stay behind in a move", "drops-by-read"},
      // Requests
      {Rule::kOverlookedIsNotDone, "overlooked-is-not-done", "'already done' for every r <= last_creq", "requests"},
      {Rule::kContentCompared, "content-compared", "a request's content is not compared", "requests-restarted"},
      {Rule::kFramesOfThisEpoch, "frames-of-this-epoch", "an owner takes frames addressed to another epoch",
       "requests"},
      {Rule::kRouteOfThisEpoch, "route-of-this-epoch", "the gateway forwards a zombie's answer", "requests"},
      {Rule::kSupersededNotRetried, "superseded-not-retried", "the client repeats a SUPERSEDED wish under a new number",
       "requests-restarted"},
      // A restore of one shard
      {Rule::kRestoreRaisesEpochs, "restore-raises-epochs", "a restored shard grants epochs that were granted before",
       "reconciled-epochs"},
      {Rule::kRestoreCloses, "restore-closes", "a restored shard is played on before it is reconciled", "reconciled"},
      {Rule::kReconcileLegs, "reconcile-legs", "a leg that only the other shard remembers is not done again",
       "reconciled"},
      {Rule::kReconcileOnce, "reconcile-once", "a leg that is here is done again", "reconciled"},
      {Rule::kReconcileDecides, "reconcile-decides", "the register forgets a COMMIT that was acted on", "reconciled"},
      {Rule::kReconcileAborts, "reconcile-aborts", "a vote that its shard has forgotten is counted for COMMIT",
       "reconciled-there"},
      {Rule::kReconcileSettles, "reconcile-settles", "what nobody saw decided is left to be decided again",
       "reconciled"},
      {Rule::kReconcileOwes, "reconcile-owes", "what is given and is not here comes from nowhere", "reconciled"},
      // Accounts beside a restore
      {Rule::kTurnsMovesBack, "turns-moves-back", "a move from or to the restored shard stays open", "accounts-left"},
      {Rule::kGivesUp, "gives-up", "an account that the map has elsewhere stays", "accounts-left"},
      {Rule::kGivesUpHolds, "gives-up-holds", "the open holds of who is given up are not given back", "accounts-left"},
      {Rule::kSettlesFirst, "settles-first", "what is known of an account that stands half of a move is told in vain",
       "accounts-came-register"},
      {Rule::kRetireKeeps, "retire-keeps", "what leaves is kept nowhere", "accounts-came"},
      {Rule::kBringsBack, "brings-back", "an account that came after the backup is not brought back", "accounts-came"},
      {Rule::kBringsBackOnce, "brings-back-once", "an account that is here as it came is brought back",
       "accounts-came"},
      {Rule::kGivesUpOlder, "gives-up-older", "an account that left and came again is left as it was at the backup",
       "accounts-there-and-back"},
      {Rule::kNothingHalfHeld, "nothing-half-held", "who comes back has traded with who knows nothing of it",
       "accounts-came"},
      {Rule::kHalfOfWhatIsOpen, "half-of-what-is-open",
       "a leg that is open here, and undecided, counts as the other half", "accounts-came"},
      {Rule::kNothingHalfSwapped, "nothing-half-swapped", "likewise by a SWAP", "accounts-there-and-back"},
      {Rule::kNothingHalfReceived, "nothing-half-received",
       "who comes back has a letter whose sender knows nothing of it", "accounts-came-letters"},
      {Rule::kNothingHalfSent, "nothing-half-sent", "who comes back has written to who knows nothing of it",
       "accounts-came-letters"},
      {Rule::kNothingHalfOfOthers, "nothing-half-of-others",
       "what others who were brought back before did with who is brought back now is not looked at",
       "accounts-both-came"},
      {Rule::kBroughtBackRaisesEpochs, "brought-back-raises-epochs",
       "who is brought back is granted epochs that were granted before", "accounts-epochs"},
      {Rule::kNobodyUnderWay, "nobody-under-way", "others are heard while accounts are on the move between them",
       "accounts-came"},
      {Rule::kNoMoveMeanwhile, "no-move-meanwhile",
       "an account goes from a shard that is still to be heard to one that was", "accounts-third"},
      {Rule::kArrivingIsNotTold, "arriving-is-not-told", "a copy that may never count is told like any other row",
       "accounts-left"},
      {Rule::kRegisterForgets, "register-forgets",
       "a YES that was counted before the backup counts for a trade that was aborted since", "accounts-register"},
      {Rule::kSwapTravels, "swap-travels", "who leaves takes no word of a SWAP along", "accounts-left"},
      {Rule::kSwapIsTold, "swap-is-told", "what a SWAP answered to who left is not told", "accounts-left"},
      {Rule::kSwapIsRedoneOnce, "swap-is-redone-once", "a SWAP that is known here is done again", "accounts-left"},
      {Rule::kReceivedIsTold, "received-is-told", "a letter that others have of here is not sent again",
       "accounts-third-letters"},
      {Rule::kSentIsTold, "sent-is-told", "a letter of others is not delivered again", "accounts-third-letters"},
      {Rule::kItemsLeave, "items-leave", "an item that others have stays", "accounts-left",
       "whatever takes an item away is told by itself: a trade, a letter, the move of who has it"},
      {Rule::kBalances, "balances", "what moves took away is not balanced", "accounts-left"},
      {Rule::kBalanceWaits, "balance-waits", "it is balanced while accounts are on the move", "accounts-third"},
  };
  return all;
}

const Removed& find_rule(std::string_view name) {
  for (const Removed& removed : removable_rules())
    if (removed.name == name) return removed;
  check_failed(__FILE__, __LINE__, "a known rule", std::string(name));
}

std::string_view name_of(Rule rule) {
  for (const Removed& removed : removable_rules())
    if (removed.rule == rule) return removed.name;
  return "";
}

}  // namespace dure::model

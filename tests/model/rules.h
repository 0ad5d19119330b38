// The rules of the contract that can be removed, one at a time: a guard asks step.rule(Rule::kX, condition), which is
// true without looking once kX is removed. Each removed rule is a mutant; rules.cpp says what it is, in which scenario
// it is caught, and which few are provably (or at these bounds) not needed.
#pragma once
#include <string_view>
#include <vector>

#include "tests/model/state.h"

namespace dure::model {

enum class Rule : u8 {
  kAll,  // none is removed
  // LIVE
  kLiveEpoch,
  kLiveOwner,
  kLiveOnce,
  kLiveNoGap,
  // ACQUIRE
  kAcquireExpected,
  kRepeatSameEpoch,
  kRepeatLastNow,
  kRepeatGoldNow,
  kRepeatSettledNow,
  kReadInAcquire,
  kFreshAcquireId,
  kLoadedIgnoresGrant,
  kFenceClearsOwner,
  kAcquireReturnsHolds,
  // APPLY
  kDeltasOnly,
  kVersion,
  kCountsReservations,
  kDropKey,
  // Trades
  kSwapWhole,
  kPrepareDurable,
  kSwapUndecided,
  kSwapNoVote,
  kSwapAtRegister,
  kLegVersion,
  kLegFailFencesOne,
  kAnyoneAborts,
  kConsume,
  kConsumeInTurn,
  kLegAnsweredByRegister,
  kVerdictOnce,
  kBothVotes,
  kFinishOnce,
  kFinishHere,
  kRefundOnlyDebited,
  kRefundAfterNumber,
  kReserveGive,
  kReserveGet,
  kFinishNeverRefuses,
  kKeepRoomUntilFinish,
  kAbortedStored,
  kFinishCorrectsResult,
  kHoldsNameRequests,
  // Moves
  kFreezeNoHold,
  kFreezeNewer,
  kCopyNewer,
  kFlipArrived,
  kFlipSameMove,
  kActivateFlipped,
  kRetireTombstone,
  kUnfreezeAborted,
  kDiscardAborted,
  kDiscardTombstone,
  kOperationsNeedActive,
  // Boxes
  kInboxStays,
  kClaimedTravels,
  kDeliverHere,
  kNoRefund,
  kSentAfterAnswer,
  kDeliverThroughTransit,
  kDeliverNoValueGuard,
  kCollectUnderMark,
  // Ownerless
  kOperationRow,
  kForgottenRefused,
  kForgottenMarked,
  kMarkAboveRow,
  kRowNotBelowAsked,
  kReadingNotBelowMark,
  kMarkTravels,
  // Drops
  kReawardProof,
  kReawardEpochPassed,
  kReawardThatEpoch,
  kKeyTravels,
  // Requests
  kOverlookedIsNotDone,
  kContentCompared,
  kFramesOfThisEpoch,
  kRouteOfThisEpoch,
  kSupersededNotRetried,
  // A restore of one shard
  kRestoreRaisesEpochs,
  kRestoreCloses,
  kReconcileLegs,
  kReconcileOnce,
  kReconcileDecides,
  kReconcileAborts,
  kReconcileSettles,
  kReconcileOwes,
  // Accounts beside a restore
  kTurnsMovesBack,
  kGivesUp,
  kGivesUpHolds,
  kSettlesFirst,
  kRetireKeeps,
  kBringsBack,
  kBringsBackOnce,
  kGivesUpOlder,
  kNothingHalfHeld,
  kHalfOfWhatIsOpen,
  kNothingHalfSwapped,
  kNothingHalfReceived,
  kNothingHalfSent,
  kNothingHalfOfOthers,
  kBroughtBackRaisesEpochs,
  kNobodyUnderWay,
  kHeardWhole,
  kNoMoveMeanwhile,
  kArrivingIsNotTold,
  kRegisterForgets,
  kSwapTravels,
  kSwapIsTold,
  kSwapIsRedoneOnce,
  kReceivedIsTold,
  kSentIsTold,
  kPendingIsTold,
  kPassedOn,
  kMakesRoom,
  kItemsLeave,
  kGivesBack,
  kGivesBackNobodys,
  kDeliveredIsNotTheirs,
  kLeavesByCommit,
  kComingIsNobodysToGive,
  kBalances,
  kBalanceWaits,
  // An auction house beside a restore
  kAnswersAreRedone,
  kTheSameIsSent,
  kDebtsArePaid,
  kOtherAnswer,
  kListsWhatHasLeft,
  kAnsweredIsKept,
  kGoneLotsStay,
  kCount
};

struct Removed {
  Rule rule;
  std::string_view name, what;
  std::string_view scenario;         // where it is tried
  std::string_view equivalent = {};  // not empty: nothing breaks without it, and why
};
const std::vector<Removed>& removable_rules();
std::string_view name_of(Rule rule);
const Removed& find_rule(std::string_view name);

}  // namespace dure::model

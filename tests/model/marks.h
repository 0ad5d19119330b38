// Coverage: things that must have happened somewhere in a run, or its silence proves little.
#pragma once
#include <array>
#include <cstdint>

#include "tests/model/state.h"

namespace dure::model {

struct Scenario;

enum class Mark : u8 {
  // ACQUIRE
  kZombieAndOwner,
  kRaceForEpoch,
  kRepeatedGrantUnderWay,
  kStaleGrantUnderWay,
  kRejected,
  kOwnerAfterReject,
  kZombieAfterRestore,
  // Trades
  kSwapped,
  kSwappedAfterMove,
  kAbortedLegNeverCame,
  kAbortedBothConsumed,
  kAbortedDeadLeg,
  kAbortedBothLive,
  kHoldOfAbortedTrade,
  kOneLegHeldOneConsumed,
  kCommitFinished,
  kCommitOfMoved,
  kRefunded,
  kLegFailed,
  kItemCameBack,
  kNewOwnerWithHold,
  // Moves
  kLateCopyPossible,
  kMovedThereAndBack,
  kAbortedAndDoneMove,
  kNewIntentOldCopy,
  kMovedWithOpenWindow,
  // Caps
  kFullWithInbox,
  kReservationFillsRoom,
  kCommitLandsOnCap,
  kRefundLandsOnCap,
  // Boxes
  kClaimedWhileResent,
  kClaimedAndMoved,
  kCollectedWhileResent,
  kClaimBySecondOwner,
  kSenderMovedWithOutbox,
  // Ownerless
  kRepeatOfForgotten,
  kForgottenMoved,
  kAheadOfClock,
  // Drops
  kReawardMinted,
  kReawardAfterMove,
  kFencedHadDrop,
  // Requests
  kSuperseded,
  kSupersededButDone,
  kRefusedThenDone,
  kRestartBothDone,
  kLastRequestAborted,
  kHeldRequestLoaded,
  kHeldRequestSettled,
  // Item versions
  kTradedAfterChange,
  kChangedByReceiver,
  kStaleChangeRejected,
  // A restore of one shard
  kLegRedone,
  kDecisionRedone,
  kForgottenVoteAborted,
  kUndecidedSettled,
  kOpenedWithZombie,
  // Accounts beside a restore
  kAccountGivenUp,
  kAccountBroughtBack,
  kAccountNamed,
  kHalvesRedone,
  kItemGivenBack,
  kMadeRoom,
  kOpenedAfterTheDeskDied,
  kMovedAfterOpening,
  // An auction house beside a restore
  kAnswerRedone,
  kSoldAfterRestore,
  kListedAgainWithout,
  kOwedForAnAnswer,
  kKeptUnanswered,
  kCount
};
inline constexpr int kMarks = static_cast<int>(Mark::kCount);
const char* name_of(Mark mark);

void note_marks(const Scenario& scenario, const State& state, std::array<std::uint64_t, kMarks>& marks);

}  // namespace dure::model

// A law that did not hold, and where. The names are what failures, shrinking and the closing table speak of; what each
// law says, and the functions that judge, are in laws.h. Plain values, any thread.
#pragma once
#include <string>
#include <vector>

namespace dure::sim {

struct Broken {
  std::string law, detail;
};
using Verdict = std::vector<Broken>;

namespace law {
inline constexpr const char* kLedgerSumsToZero = "ledger-sums-to-zero";
inline constexpr const char* kLedgerReplays = "ledger-replays";
inline constexpr const char* kOneHolderPerItem = "one-holder-per-item";
inline constexpr const char* kOneActiveRow = "one-active-row-per-player";
inline constexpr const char* kBooksAreClean = "books-are-clean";
inline constexpr const char* kDecidedOnce = "decided-once";
inline constexpr const char* kOneMove = "one-move-per-account";
inline constexpr const char* kOneName = "one-name-per-character";
inline constexpr const char* kNothingStaysOpen = "nothing-stays-open";
inline constexpr const char* kSavedIsNeverLost = "saved-is-never-lost";
inline constexpr const char* kSavedIsOnTheDisk = "saved-is-on-the-disk";
inline constexpr const char* kRequestsHappenOnce = "requests-happen-once";
inline constexpr const char* kEpochsOnlyRise = "epochs-only-rise";
inline constexpr const char* kFramesOfOneEpoch = "frames-of-one-epoch";
inline constexpr const char* kMirrorEqualsRow = "mirror-equals-row";
inline constexpr const char* kEntryFeeIsBack = "entry-fee-is-back";
inline constexpr const char* kTradesAreWhole = "trades-are-whole";
inline constexpr const char* kTradesMakeNothing = "trades-make-nothing";
inline constexpr const char* kLettersArriveOnce = "letters-arrive-once";
inline constexpr const char* kLettersAreSomewhere = "letters-are-somewhere";
inline constexpr const char* kLegsEndAsDecided = "legs-end-as-decided";
inline constexpr const char* kGiftsArriveOnce = "gifts-arrive-once";
inline constexpr const char* kEverybodyActs = "everybody-acts-after-healing";
inline constexpr const char* kRestoredShardOpens = "a-restored-shard-opens";
inline constexpr const char* kEverythingIsSaved = "everything-is-saved-after-healing";
inline constexpr const char* kNobodyIsDisturbed = "nobody-is-disturbed-without-faults";
inline constexpr const char* kNoFaultInLogic = "no-fault-in-logic";
inline constexpr const char* kOwnersAreNotRefused = "honest-owners-are-not-refused";
inline constexpr const char* kForbiddenIsRefused = "what-is-forbidden-is-refused";
inline constexpr const char* kRepeatChangesNothing = "a-repeat-changes-nothing";
inline constexpr const char* kLawfulIsDone = "what-is-lawful-is-done";
inline constexpr const char* kGoneHasNothing = "who-is-gone-has-nothing";
inline constexpr const char* kDealsAreWhole = "a-rogues-deals-are-whole";
inline constexpr const char* kSavedIsRead = "what-was-saved-is-read";
inline constexpr const char* kInvariantsHold = "invariants-of-processes-hold";
inline constexpr const char* kOneSeedOneHistory = "one-seed-is-one-history";
}  // namespace law

}  // namespace dure::sim

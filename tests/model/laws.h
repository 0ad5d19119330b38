// What must hold in every state: the invariants of the contract (dbagent/store/CONTRACT.md names them).
#pragma once
#include "tests/model/scenario.h"
#include "tests/model/state.h"

namespace dure::model {

enum class Law : u8 {
  kNone,
  kOneHolder,            // I1
  kGoldIsConserved,      // I2
  kShardSumsToZero,      // I2, each shard
  kOneOperationANumber,  // I3
  kPrefix,               // I3
  kSingleWriter,         // I4
  kAtMostOnce,           // I5: an operation
  kRequestOnce,          // I5: a client's request or wish
  kLetterOnce,           // I5: a letter
  kToldTruth,            // I8: whoever was told SAVED, DONE or COMMIT
  kTradeWhole,           // I6
  kTradeAsAgreed,        // I6: the item arrives in the version both saw
  kNoLostUpdate,         // an attribute is changed from the version it was computed from
  kOneActiveRow,         // I10
  kMirrorIsTrue,         // an owner that heard everything sees what the DB has
  kCap,                  // I11
  kDropOnce,             // I13
  kHonestRejected,       // Q1
  kFencedWithoutReason,  // Q1
  kKeptIsLost,           // I8: what a shard that lost nothing, or the backup, knew
  kMovesBalance,         // I2, over all shards
  kStuck,                // Q2, judged by the search
  kCount
};
const char* name_of(Law law);

// The first law that is broken; kNone: all hold.
Law broken_law(const Scenario& scenario, const State& state);
// Nothing is under way: what Q2 wants to be reachable from every state without new faults or wishes.
bool drained(const Scenario& scenario, const State& state);

}  // namespace dure::model

// What entering a dungeon costs, and who gets it back. The character itself keeps what it has paid for, in two
// counters: set when its match is made, cleared by whatever ends the claim — the refund, the first cleared wave,
// walking out. So whoever owns it next knows, after any crash: one who stands in a zone with a claim never had its run.
// The keys (run, "fee") and (run, "refund") are the second lock at the database. Pure functions.
#pragma once
#include "common/game/mirror.h"
#include "common/game/sample/items.h"
#include "common/proto/route.pb.h"

namespace dure::sample {

inline constexpr const char* kEntryRun = "entry_run";  // the run that was paid for; 0: none
inline constexpr const char* kEntryFee = "entry_fee";  // and how much

// NOT_ENOUGH; WRONG_STATE: an older claim is still open. A fee of 0 makes no operation and no claim.
proto::Code pay_entry(const Mirror& mirror, std::int64_t fee, std::uint64_t run, proto::Operation* operation);
// False: nothing is owed.
bool refund_entry(const Mirror& mirror, const Items& items, proto::Operation* operation);
// Adds to the operation what ends the claim to `run` without a refund. False: there is none.
bool use_entry(const Mirror& mirror, std::uint64_t run, proto::Operation* operation);

}  // namespace dure::sample

// The tables of both kinds of file. Also the vocabulary of the numbers in their columns: an auditor with the sqlite3
// shell reads them with this header beside it.
#pragma once
#include <cstdint>

namespace dure::store {

inline constexpr int kSchemaVersion = 8;
// What a file of version 2, of 3 … of 7 lacks. A file is brought up where its agent opens it, or a restore
// prepares it.
inline constexpr int kSchemaVersionLeast = 2;
extern const char* const kShardUpgrade3;
extern const char* const kDirectoryUpgrade3;
extern const char* const kShardUpgrade4;
extern const char* const kShardUpgrade5;
extern const char* const kDirectoryUpgrade5;
extern const char* const kShardUpgrade6;
extern const char* const kShardUpgrade7;
extern const char* const kShardUpgrade8;
// Root rows older than this are upgraded inside ACQUIRE.
inline constexpr std::uint32_t kDataVersion = 1;

extern const char* const kMetaSchema;
extern const char* const kShardSchema;
extern const char* const kDirectorySchema;

// player.status
enum class Status { kActive = 0, kMoving = 1, kArriving = 2, kMoved = 3 };
// account_move.state: what an account is to this shard; the status of each of its players follows it.
enum class AccountState { kActive = 0, kMoving = 1, kArriving = 2, kMoved = 3, kDiscarded = 4, kAbsent = 5 };
// move.fate
enum class Fate { kUnknown = 0, kOpen = 1, kFlipped = 2, kAborted = 3 };
// player.kind. A character that was purged keeps its row for ever: what is sent to it goes back.
enum class RootKind { kCharacter = 0, kOwnerless = 1, kPurged = 2 };
// account.kind: whose money it is. Sums over all accounts are 0, so faucets stand below zero.
enum class AccountKind { kPlayer = 0, kFaucet = 1, kSink = 2, kTransit = 3, kInbox = 4, kHold = 5 };
// item_holder.kind; owner is the player, or the message, or the transaction.
// kElsewhere only in item_history: it went to that shard.
enum class HolderKind { kPlayer = 0, kSink = 2, kOutbox = 3, kInbox = 4, kHold = 5, kElsewhere = 6 };
// inbox.state and outbox.state
enum class InboxState { kUnclaimed = 0, kClaimed = 1 };
enum class OutboxState { kPending = 0, kDelivered = 1 };
// name.state
enum class NameState { kReserved = 0, kClaimed = 1, kTombstone = 2 };

// A shard that was put back alone grants no epoch again that it may have granted after the backup: nobody hands one
// player on a million times between two backups.
inline constexpr std::int64_t kEpochsLeftOut = 1 << 20;

inline constexpr std::int64_t kDayMs = 86'400'000;
inline constexpr std::int64_t kMinuteMs = 60'000;

}  // namespace dure::store

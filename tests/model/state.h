// What the model knows of a cluster: the durable rows and registers of the contract (dbagent/store/CONTRACT.md), the
// memory of the owners, what is on the wire, and a few ghosts that only the laws read. Two players, two shards, one
// unique item, one currency. Every field is one byte and unused ones are zero, so that equal states are equal bytes.
#pragma once
#include <cstdint>
#include <type_traits>

namespace dure::model {

using u8 = std::uint8_t;
using i8 = std::int8_t;

inline constexpr int kPlayers = 2, kShards = 2, kProcesses = 2;
inline constexpr int kEpochs = 6;  // numbered 0 to kEpochs - 1
inline constexpr int kTrades = 2;
inline constexpr int kMoves = 3;    // of one player, numbered from 1
inline constexpr int kLetters = 3;  // 0 and 1 go from player 0 to player 1; 2 is what player 1 could not hold
inline constexpr int kOwnLetter = 2;
inline constexpr int kRequests = 4;  // client request numbers 1 to 3
inline constexpr int kWishes = 2;    // what player 0's client wants
inline constexpr int kOperations = 12;
inline constexpr int kOwnerless = 2;  // operations of an aggregate without an owner
inline constexpr u8 kNobody = 0xff;

// ── durable ─────────────────────────────────────────────────────────────────────────────────────────────────────────
enum class Status : u8 { kNone, kActive, kMoving, kArriving, kMoved };
enum class Verdict : u8 { kNone, kCommit, kAbort };
enum class Vote : u8 { kNone, kYes, kNo };
enum class Fate : u8 { kUnknown, kOpen, kFlipped, kAborted };
enum class Box : u8 { kNone, kWaiting, kDone };  // outbox: pending, delivered; inbox: unclaimed, claimed
enum class Result : u8 { kNone, kDone, kAborted, kHeld, kRefused };  // of a request; held: in an owner's memory only

// The attribute's value is absolute and was computed from the version before: without lost updates it equals version.
struct Item {
  u8 held, version, value;
};

// A root row with all that travels with it in a move.
struct Row {
  Status status;
  u8 move;                     // the greatest move this shard took part in
  u8 epoch, owner, last_pseq;  // owner: process + 1; 0: none
  u8 acquire_id, acquire_epoch;
  u8 last_creq, creq_content;
  Result creq_result;
  u8 gold;
  Item item;
  Box outbox[kLetters], inbox[kLetters];
  u8 high_water;                     // letters delivered in order up to here (collecting inboxes only)
  u8 drop_key;                       // the one drop was minted to this player
  u8 ended[kEpochs];                 // last_pseq at the end of each epoch, plus one
  u8 granted_gold, granted_settled;  // only for the rules "a repeated GRANT reads now"
};

struct Leg {
  Vote vote;
  u8 finished, shard;  // shard: where the hold is
  Verdict ended;       // how it finished, in its own row
  Item item;           // held, and the record of what a commit hands over
};
struct Trade {
  Verdict verdict;  // the register
  Leg leg[kPlayers];
  u8 counted;  // bits of players: the register counted a YES that the shard of its leg has forgotten since
};
// The mapping register of one player.
struct Map {
  u8 shard, intent, greatest;
  Fate fate[kMoves + 1];
  u8 source[kMoves + 1], copied[kMoves + 1], arrived[kMoves + 1];
};

// ── on the wire, for ever: every message may come again, late, or never ─────────────────────────────────────────────
// What reconciling did.
enum Redone : u8 { kRedoneLeg = 1, kRedoneDecision = 2, kRedoneAbort = 4, kRedoneSettled = 8 };
enum class Kind : u8 { kNone, kSpend, kMint, kMintToInbox, kAttribute, kLeg, kSend, kClaim, kLoot };
struct Operation {
  u8 player, epoch, owner, pseq;
  Kind kind;
  u8 argument;        // trade or letter
  u8 version, value;  // of the item as the owner saw it; the attribute's new value
  u8 creq, content;
  u8 applied;  // ghost: times it took effect
};
// GRANT, read in one transaction.
struct Answer {
  u8 acquire_id, epoch, last_pseq, gold;
  Item item;
  u8 open, settled;  // trades with an open hold; trades whose FINISH is in the state (what settle_seq counts)
  u8 last_creq, creq_content;
  Result creq_result;
};

// ── volatile ────────────────────────────────────────────────────────────────────────────────────────────────────────
enum class Phase : u8 { kIdle, kAsking, kHolding };
// What an owner remembers of client requests.
struct Requests {
  u8 loaded, loaded_content;
  Result loaded_result;
  u8 greatest;
  Result result[kRequests];
  u8 content[kRequests], pseq[kRequests];
};
// One process's memory of one player.
struct Owner {
  Phase phase;
  u8 expected;
  u8 epoch, next_pseq, saved, gold;
  Item item;
  u8 reserved, settled;  // trades: room kept for them; outcome is in the mirror
  Answer answer;         // the last GRANT on its way to this process
  Requests requests;
  u8 early_gold;  // only for the rule "an owner's first state is read inside ACQUIRE"
  Item early_item;
};
struct Client {
  u8 next;
  u8 route;                       // the epoch that the gateway's route names
  u8 open[kRequests];             // wish + 1
  u8 frames[kRequests][kEpochs];  // on the wire: bits of wishes
  u8 told[kWishes];               // 1 done, 2 superseded or forgotten
  u8 restarts;
};
// The instance (process 0 for both players) that awards one drop.
struct Award {
  u8 count, player, epoch, pseq, stale_heard;
};

// The rows that an aggregate without an owner has of its operations. Times are one more than they are; 0: none.
struct Remembered {
  u8 asked[kOwnerless], at[kOwnerless];
  u8 done[kOwnerless];  // ghost: times it took effect
  u8 mark, shard, moves;
  u8 clock[kShards];
};

struct State {
  Row row[kPlayers][kShards];
  Trade trade[kTrades];
  Map map[kPlayers];
  Row copy[kPlayers][kMoves + 1];
  i8 transit[kShards];
  i8 outside[kShards];  // sinks minus faucets
  u8 relayed[kLetters], answered[kLetters];
  u8 asked[kPlayers][kEpochs];  // ACQUIRE(expected) on the wire: bits of processes
  Operation operation[kOperations];
  u8 operations;
  Owner owner[kPlayers][kProcesses];
  Client client;
  Award award;
  Remembered remembered;
  Row backup;  // of the restored player's shard
  Trade backup_trade[kTrades];
  i8 backup_outside, backup_transit;
  u8 backup_kept, restored;
  u8 closed;  // since the restore: only reconciled
  u8 redone;  // ghost: bits of Redone
  // Ghosts.
  u8 crashes, refusals, minted;
  u8 wanted[kPlayers];              // epochs that somebody had a reason to end, bits
  u8 granted[kPlayers][kEpochs];    // process + 1
  u8 forgotten[kPlayers][kEpochs];  // requests that died with the agent that was restored, bits of processes
  u8 took[kRequests][kWishes], happened[kWishes];
  u8 never[kRequests], frozen[kRequests];  // told: will not happen; told: will not happen from now on. Bits of wishes
  u8 broken;                               // a Law that lies in a transition
};
static_assert(std::has_unique_object_representations_v<State>);

}  // namespace dure::model

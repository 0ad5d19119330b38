// What the model of accounts beside a restore knows: every shard's own rows and registers, the map, what is on the
// wire, and the desk that reconciles. Who plays is one step here (owners and epochs have the other model): two accounts
// of one character, two unique items, one currency, a shard that goes back to a backup. Every field is one byte and
// unused ones are zero, so that equal states are equal bytes.
#pragma once
#include "tests/model/state.h"

namespace dure::model::accounts {

inline constexpr int kPlaces = 3;  // shards; the first goes back
inline constexpr int kRestored = 0;
inline constexpr int kNotes = 2;  // letter l goes from player l to the other one
inline constexpr int kUnique = 2;
inline constexpr u8 kRaise = 16;  // epochs left out by a restore

enum class LegState : u8 { kNone, kHeld, kCommitted, kAborted };

// All that travels with an account.
struct Content {
  u8 gold, items, epoch;  // items: bits
  u8 earned, owed;        // what came from faucets: by play, and by reconciling
  LegState leg[kTrades];
  u8 swapped;  // trades that a SWAP answered elsewhere
  Box outbox[kNotes], inbox[kNotes];
};
struct Row {
  Status status;
  u8 move;
  Content is;
  u8 chain;  // trades that a SWAP of this shard answered: its decisions stay
};
struct Register {
  Verdict verdict;
  u8 swapped;
  u8 yes;              // players whose YES was counted
  u8 voted[kPlayers];  // where from, plus one
};
struct Kept {
  u8 move;  // 0: nothing is kept
  Content is;
};
struct Shard {
  Row row[kPlayers];
  Register reg[kTrades];
  Kept kept[kPlayers];
  i8 outside, transit, moves;
};

struct Map {
  u8 shard, intent, greatest;
  Fate fate[kMoves + 1];
  u8 source[kMoves + 1], target[kMoves + 1], copied[kMoves + 1], arrived[kMoves + 1];
};

// When nothing gets on any more: what a fact gives may be missing; what it brings, and is here, leaves before.
enum Force : u8 { kMayLack = 1, kMakesRoom = 2 };
// What the desk has heard of one trade.
struct Heard {
  u8 committed;
  u8 legs;   // players whose leg, with what it gave, is known
  u8 force;  // bits of Force
};
enum class At : u8 {
  kTurnBack,
  kGiveUp,
  kSettle,
  kBringBack,
  kQuiet,
  kHear,
  kRedo,
  kItems,
  kGiveBack,
  kBalance,
  kOpen
};
// In the memory of one agent: a crash leaves nothing of it.
struct Desk {
  At at;
  u8 heard;  // shards and kinds of facts, in their order
  Heard trade[kTrades];
  u8 received, sent;  // letters
  u8 letter_force[kNotes];
  u8 begun;    // moves, when it began to hear
  u8 again;    // something is left open that time mends
  u8 refused;  // or nothing does: a person is asked
};

struct State {
  Shard shard[kPlaces];
  Map map[kPlayers];
  Content copy[kPlayers][kMoves + 1];
  u8 register_at[kTrades];               // plus one; named when the trade begins
  u8 relayed[kNotes], answered[kNotes];  // from which shard, plus one
  Shard backup;
  u8 backup_kept, restored, closed;
  Desk desk;
  u8 stays;            // the last round left open what no further one mends
  u8 let_go[kUnique];  // whose it was, plus one, when it was let go while the shard is closed; its own row there
  // Ghosts.
  u8 crashes, acquired;
  u8 prepared[kTrades];  // players whose owner has sent its leg
  u8 written;            // letters
  u8 earned[kPlayers];   // by play, also what was lost
  u8 granted[kPlayers];  // the greatest epoch
  u8 floor[kPlayers];    // of what was earned, known to a shard that lost nothing
  u8 made;               // the first item
  u8 items_kept;         // that were where nothing is lost, or in the backup
  u8 broken;
  u8 brought_back, redone, given_up, given_back, made_room;
};
static_assert(std::has_unique_object_representations_v<State>);

}  // namespace dure::model::accounts

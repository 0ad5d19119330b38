// A scenario: which part of the contract plays, with whom, how far. Everything it leaves out stays zero in the state.
#pragma once
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/model/marks.h"
#include "tests/model/state.h"

namespace dure::model {

// What each player gives: gold by player, and who gives the item (kNobody: nobody).
struct Terms {
  std::array<u8, kPlayers> gold = {0, 0};
  u8 item_from = kNobody;
  u8 second_from = kNobody;  // the second item, which only accounts/ has
};

// One shard of several goes back alone, while accounts move (accounts/state.h). Shard 0 is the one.
struct Accounts {
  u8 shards = 2;
  u8 item_with = 0;
  u8 second_with = kNobody;  // kNobody: there is one item
  std::array<std::array<u8, kMoves>, kPlayers> path = {{{kNobody, kNobody, kNobody}, {kNobody, kNobody, kNobody}}};
  bool swaps = false, prepares = false;
  std::array<u8, kTrades> registers = {kNobody, kNobody};  // kNobody: where player 0 is when it begins
  u8 letters = 0;                                          // bits of players who write one, with one gold
  u8 letters_carry = 0;                                    // bits of items, each letter one, instead of the gold
  std::array<u8, kPlayers> earns = {0, 0};
  u8 made_by = kNobody;  // the first item, at any time; else item_with has it from the beginning
  u8 acquires = 0;
  bool second_first = false;  // in which order the accounts are brought back
};

// An auction house on a shard that goes back alone (house/state.h).
struct House {
  bool stack = false;    // what is sold is a piece of one, no item of its own
  bool cancels = false;  // the seller; else a second buyer pays
};

struct Scenario {
  std::string_view name, what;
  std::vector<Mark> marks = {};  // what must have happened, or the run proves little
  u8 players = 2;
  std::array<u8, kPlayers> shard = {0, 0};
  std::array<u8, kPlayers> gold = {1, 1};
  u8 cap = 15;
  bool owned = true;                                  // both players begin with an owner, process 0
  std::array<bool, kPlayers> stays = {false, false};  // nobody else ever asks for this player
  bool late_answers = false;                // a GRANT is a message of its own; else it is loaded or lost at once
  u8 epochs = 3;                            // epochs 0 to epochs - 1
  u8 operations = 2;                        // of one owner in one epoch
  u8 crashes = 1;                           // times an owner forgets a player
  std::array<u8, kPlayers> kinds = {0, 0};  // bits of Kind that owners propose
  u8 trades = 0;
  std::array<Terms, kTrades> terms = {};
  bool swaps_only = false;   // no PREPARE is ever sent
  bool begins_held = false;  // trade 0: player 0's leg is prepared, undecided, and of an epoch that ended
  std::array<u8, kPlayers> moves = {0, 0};
  u8 letters = 0;
  bool collects = false;  // claimed inbox rows are deleted under a high-water mark
  u8 requests = 0;        // greatest client request number
  std::array<Kind, kWishes> wishes = {Kind::kNone, Kind::kNone};
  u8 refusals = 0, restarts = 0;
  u8 awards = 0;
  bool proof_by_read = false;             // re-award by a read of the row instead of by the ended epoch's record
  u8 dishonest = kNobody;                 // the owner of this player breaks rules; the DB must not
  bool restores = false;                  // one backup and one lossy restore of a player's shard
  u8 restored = 0;                        // whose
  bool ownerless = false;                 // an aggregate without an owner has operations, and forgets them
  std::optional<House> house = {};        // not empty: the model of an auction house beside a restore
  std::optional<Accounts> accounts = {};  // not empty: the model of accounts beside a restore, with the fields it knows
  bool reconciles = false;  // it starts closed with raised epochs and is reconciled; else it is played on as it is
};

constexpr u8 bit(Kind kind) { return static_cast<u8>(1u << (static_cast<int>(kind) - 1)); }

// What the test exhausts. find_scenario also knows the larger ones, named NAME-large.
const std::vector<Scenario>& small_scenarios();
const std::vector<Scenario>& large_scenarios();
std::vector<Scenario> small_request_scenarios(), small_trade_scenarios(), small_box_scenarios(),
    small_restore_scenarios(), small_account_scenarios(), small_house_scenarios();
std::vector<Scenario> large_request_scenarios(), large_trade_scenarios(), large_box_scenarios(),
    large_restore_scenarios(), large_account_scenarios();
Scenario named(Scenario scenario, std::string_view name);
const Scenario& find_scenario(std::string_view name);

}  // namespace dure::model

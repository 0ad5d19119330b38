// The laws, each a function that judges one thing and says what it found: of what the databases hold after a run, of
// what a client was told, of both compared, of what the processes logged. They share no code with the servers; the
// simulated tests and dure-sim judge by the same ones. One thread.
#pragma once
#include <memory>
#include <vector>

#include "tests/sim/broken.h"
#include "tests/sim/game_master.h"
#include "tests/sim/player.h"
#include "tests/sim/roles.h"
#include "tests/sim/trader.h"

namespace dure::sim {

using Players = std::vector<std::unique_ptr<ScriptedPlayer>>;
using Traders = std::vector<std::unique_ptr<Trader>>;

// ── the databases alone ───────────────────────────────────────────────────────────────────────────────────────
void ledger_sums_to_zero(const Stored& stored, Verdict* verdict);
void every_item_has_one_holder(const Stored& stored, Verdict* verdict);
void books_are_clean(const Stored& stored, Verdict* verdict);
// No trade is held, no account on its way between shards.
void nothing_stays_open(const Stored& stored, Verdict* verdict);
inline void judge_books(const Stored& stored, Verdict* verdict) {
  ledger_sums_to_zero(stored, verdict);
  every_item_has_one_holder(stored, verdict);
  books_are_clean(stored, verdict);
  nothing_stays_open(stored, verdict);
}

// A shard that was restored is open again, or a person is asked: about an account that came after the backup and did
// something with characters of there that only its own rows tell. True: it is open.
bool restored_shard_opens(const Stored& stored, Verdict* verdict);

// ── a client's history ────────────────────────────────────────────────────────────────────────────────────────
// What it saw itself, frame by frame: epochs that went back, frames of another epoch, SAVED and lost.
void what_was_told_hangs_together(const ScriptedPlayer& player, Verdict* verdict);
void what_was_told_hangs_together(const Trader& trader, Verdict* verdict);
void everything_is_saved(const ScriptedPlayer& player, Verdict* verdict);

// ── both compared ─────────────────────────────────────────────────────────────────────────────────────────────
void mirror_equals_row(const ScriptedPlayer& player, const Stored& stored, Verdict* verdict);
// SAVED ones are there exactly once, refused ones not at all, unknown ones at most once. Bread comes from the shop
// only.
void requests_happen_once(const ScriptedPlayer& player, const Stored& stored, Verdict* verdict);
// Who stands in a zone has its entry fee back, or has used it.
void entry_fee_is_back(const ScriptedPlayer& player, const Stored& stored, Verdict* verdict);
inline void judge_player(const ScriptedPlayer& player, const Stored& stored, Verdict* verdict) {
  what_was_told_hangs_together(player, verdict);
  everything_is_saved(player, verdict);
  mirror_equals_row(player, stored, verdict);
  requests_happen_once(player, stored, verdict);
  entry_fee_is_back(player, stored, verdict);
}
// Both sides of each trade were told the same.
void trades_are_whole(const Traders& traders, Verdict* verdict);
// Who only trades has in sum what was given at the beginning, less the fees of letters and lots and what swords have
// cost; and the swords that were bought and not sold again.
struct Prices {
  std::int64_t gold_each = 0;  // at the beginning
  std::int64_t sword = 0, sold_sword = 0;
};
Prices prices_of(const Game& game);
// `restored`: some shard was, perhaps the auction house's.
void trades_make_nothing(const Traders& traders, const Stored& stored, const Prices& prices, bool restored,
                         Verdict* verdict);
// What a letter carried is its writer's or its receiver's, and each is told of once.
void letters_arrive_once(const Traders& traders, const Stored& stored, std::int64_t potions_each, Verdict* verdict);
void mirror_equals_row(const Trader& trader, const Stored& stored, Verdict* verdict);
inline void judge_trader(const Trader& trader, const Stored& stored, Verdict* verdict) {
  what_was_told_hangs_together(trader, verdict);
  mirror_equals_row(trader, stored, verdict);
}

// Each gift of a game master that was answered has arrived, and none twice. `ids`: of characters,
// by name.
void gifts_arrive_once(const GameMaster& game_master, const std::map<std::string, std::uint64_t>& ids,
                       const Stored& stored, Verdict* verdict);

// ── what the processes logged ─────────────────────────────────────────────────────────────────────────────────
// A store may only fail under a disk that does.
void no_fault_in_logic(const Cluster& cluster, bool disk_ailed, Verdict* verdict);
void owners_are_not_refused(const Cluster& cluster, Verdict* verdict);

std::string to_text(const Verdict& verdict);

}  // namespace dure::sim

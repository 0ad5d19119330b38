// The transitions of the model of accounts beside a restore. Each function emits every successor that its part allows.
#pragma once
#include <array>
#include <cstdint>

#include "tests/model/accounts/state.h"
#include "tests/model/laws.h"
#include "tests/model/marks.h"
#include "tests/model/step.h"

namespace dure::model::accounts {

using Successor = SuccessorOf<State>;
using Step = StepOf<State>;

void play(Step& step);             // play.cpp: who earns and is acquired, letters
void trades(Step& step);           // trades.cpp: SWAP, PREPARE, votes, DECIDE, FINISH
void moves(Step& step);            // moves.cpp: INTENT to DISCARD, and what RETIRE keeps
void restore(Step& step);          // restore.cpp: the backup, and one shard goes back to it
void desk(Step& step);             // desk.cpp: in which order a restored shard is put right; it opens
void settle_accounts(Step& step);  // away.cpp: moves are turned back, who left is given up, who stands half is settled
void bring_back(Step& step);       // came.cpp: who came after the backup
void hear(Step& step);             // hear.cpp: what another shard knows
void redo(Step& step);             // redo.cpp: trades and letters again

void first_state(const Scenario& scenario, State& state);
void successors(const Scenario& scenario, Rule removed, const State& now, std::vector<Successor>& to);
Law broken_law(const Scenario& scenario, const State& state);
bool drained(const Scenario& scenario, const State& state);
void note_marks(const Scenario& scenario, const State& state, std::array<std::uint64_t, kMarks>& marks);

// ── shared ──────────────────────────────────────────────────────────────────────────────────────────────────────────
bool shut(const State& state, int shard);
bool settled(Status status);  // neither MOVING nor ARRIVING
// kNobody: nowhere.
int active_shard(const State& state, int player);
const Row& counted(const State& state, int player);
// By a held leg, a SWAP answered here or elsewhere.
bool knows_swapped(const Row& row, int trade);
int gives(const Scenario& scenario, int trade, int player);
int gets(const Scenario& scenario, int trade, int player);
u8 gives_items(const Scenario& scenario, int trade, int player);
u8 gets_items(const Scenario& scenario, int trade, int player);
// What the register answers this leg; kNone: nothing final, or nobody.
Verdict verdict_for(const State& state, int trade, int player);
// A held leg ends here.
void finish(const Scenario& scenario, State& next, int shard, int trade, int player, bool commit);
void hold(const Scenario& scenario, State& next, int shard, int trade, int player);
// What travels; what arrives.
Content read(const Step& step, const Row& row);
void write(State& next, int shard, int player, const Content& content, int move);
void remove(State& next, int shard, int player, int move);
// Of the restored shard: its holds are given back, what is here of it is removed, and nothing is kept.
void give_up(const Step& step, State& next, int player, int move);
// Of a row that is here, or is about to be: what it did with who is ACTIVE here, that one knows as well.
bool nothing_half(const Step& step, const Row& mine, int player);
// These leave the restored shard and may be nobody's in the end: who has them here had them last.
void let_go(State& next, int player, int items);
int moves_begun(const State& state);
u8 items_here(const Scenario& scenario, const Shard& shard);
// One that waits is where its item is.
u8 in_a_letter(const Scenario& scenario, const Content& content, int player);
// A letter to who is here. False: what it carries is still somewhere here, it has to wait.
bool arrive(const Scenario& scenario, Shard& shard, int letter);
// What this leg gets has still to leave the shard: by another trade, or whoever has it.
bool still_leaving(const Scenario& scenario, const Shard& shard, int trade, int player);

}  // namespace dure::model::accounts

// The durable transitions, a file each, and the volatile side that proposes them. Each function emits every successor
// that its part of the contract allows; a guard reads like its row in dbagent/store/CONTRACT.md.
#pragma once
#include "tests/model/laws.h"
#include "tests/model/step.h"

namespace dure::model {

// Durable.
void acquire(Step& step);     // acquire.cpp: ACQUIRE, repeated, otherwise
void apply(Step& step);       // apply.cpp: APPLY, REJECT; SEND, CLAIM, LOOT as operations
void trades(Step& step);      // trade.cpp: SWAP, LEGFAIL, DECIDE, CONSUME, PREPARE, FINISH
void moves(Step& step);       // moves.cpp: INTENT to DISCARD
void boxes(Step& step);       // boxes.cpp: DELIVER, SENT, the collection of claimed rows
void restore(Step& step);     // restore.cpp: a backup of one shard comes back
void reconcile(Step& step);   // reconcile.cpp: what the other shard knows is redone, then it opens
void remembered(Step& step);  // remembered.cpp: OWNERLESS, FORGET
// Volatile.
void owners(Step& step);    // owner.cpp: asks, loads, proposes, hears, forgets
void requests(Step& step);  // request.cpp: a client and what an owner answers it
void award(Step& step);     // award.cpp: an instance gives one drop away

void first_state(const Scenario& scenario, State& state);
void successors(const Scenario& scenario, Rule removed, const State& now, std::vector<Successor>& to);

// ── shared by the transitions ───────────────────────────────────────────────────────────────────────────────────────
// Closed since a restore: RETRY for everybody.
bool shut(const Step& step, int shard);
// The ACTIVE row, wherever it is; kNobody: none. A message reaches every shard, only this one may act on it.
int active_shard(const State& state, int player);
Row* active_row(State& state, int player);
const Row* active_row(const State& state, int player);

bool live(const Step& step, const Row& row, const Operation& operation);
// What one leg keeps free, enough for COMMIT and for the refund; and all open holds of this player together.
int reservation(const Step& step, int trade, int player);
int reserved_room(const Step& step, int player);
bool room(const Step& step, int player, const Row& row, int credit);
// Ends the epoch without a successor. False: the scenario has no epoch left.
bool fence(const Step& step, Row& row);
bool honest(const Step& step, int player);
void violate(State& state, Law law);

bool open_hold(const Step& step, int player);
u8 open_holds(const Scenario& scenario, const State& state, int player);
u8 settled_legs(const Scenario& scenario, const State& state, int player);
int gives(const Scenario& scenario, int trade, int player);
int gets(const Scenario& scenario, int trade, int player);
bool gives_item(const Scenario& scenario, int trade, int player);
bool gets_item(const Scenario& scenario, int trade, int player);
// The leg of this trade that the player's owner sent; null: none yet.
const Operation* find_leg(const State& state, int trade, int player);

// What an owner that reads now would be granted.
Answer read_answer(const Step& step, const State& state, int player);
// An owner proposes: the operation gets the next number and goes on the wire. False: no number or no space left.
bool propose(const Step& step, State& state, int player, int process, Operation operation);
// The owner's room by its own books.
bool mirror_room(const Step& step, int player, const Owner& owner, int give, int reserve);
// Everything that this owner might propose now.
void propose_any(Step& step, int player, int process);
bool may_propose(const Step& step, int player, int process);
// Changes the mirror as the operation says and proposes it; false: the owner's own rules forbid it.
bool apply_in_memory(const Step& step, State& state, int player, int process, Operation operation);
// A request took effect: the ghosts that the laws compare with what the client was told.
void took_effect(State& state, const Operation& operation);
void load(const Step& step, State& state, int player, int process, const Answer& answer);

}  // namespace dure::model

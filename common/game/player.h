// One character that this node owns: proven by (epoch, our incarnation) in the database, not by this object. Logic
// thread only; found again by (id, epoch) after every co_await.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/time.h"
#include "common/game/creq.h"
#include "common/game/mirror.h"
#include "common/game/window.h"
#include "common/logic/task.h"

namespace dure {

// Where the player's frames go.
struct SessionBinding {
  NodeId gateway;
  SessionId session;
  std::uint32_t epoch = 0;
  bool linked = false;         // false: link-dead; the character stays for the time its place sets
  Incarnation gateway_life{};  // the gateway that took the route; a later life has forgotten its sessions
};

struct Position {
  std::int32_t x_cm = 0, y_cm = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

// Why something is coalesced, and by which version of the content.
using SoftReason = std::pair<std::string, std::uint32_t>;

struct Player {
  // kActive ──► kLeaving (flush, then hand over or let go) ──► gone
  //    ▲────────────┘ (taken back: a new epoch)
  enum class State { kActive, kLeaving };
  // Its window: nothing to send; waits for its turn, or for its agent; a task sends it and waits for the answer.
  enum class Saving { kNothing, kWaits, kSent };

  PlayerId id;
  AccountId account;
  std::string name;
  std::uint32_t shard = 0;
  std::uint64_t epoch = 0;
  State state = State::kActive;
  SessionBinding session;
  Mirror mirror;
  Window window;
  CreqLedger creqs;
  std::string place;      // "town/1", "run/77"
  std::string zone_hint;  // the zone it comes back to
  std::uint32_t channel_hint = 0;
  Position position;
  std::uint32_t hit_points = 100, hit_points_max = 100;
  std::uint64_t subject = 0;  // the role's own: zone index, run id
  Saving saving = Saving::kNothing;
  // Its agent has been silent for kStoreLost, or has not saved it for so long: nothing is accepted, and nothing may
  // harm it.
  bool stranded = false;
  bool poisoned = false;  // its memory may differ from its operations: to be acquired again
  std::map<SoftReason, std::map<std::string, std::int64_t>> soft_balances;  // reason → currency → delta
  std::map<SoftReason, std::map<std::string, std::int64_t>> soft_counters;
  std::vector<std::pair<std::uint64_t, CallId>> saved_waiters;  // pseq → who waits for it
  std::uint64_t creq_saved_told = 0, creq_committed = 0;
  std::uint64_t settle_seq = 0;                           // of the last FINISH that was in what was loaded
  std::map<TradeId, std::uint64_t> agreed;                // open trade → the request that agreed to it, or 0
  std::map<std::uint64_t, std::string> settled;           // request → its encoded SettledNotice; the last few
  std::vector<std::pair<TradeId, CallId>> trade_waiters;  // trade → who waits for it
  CallId save_pause;                                      // of the save task, while it waits for another's leg
  bool inbox_asked = false, reading_inbox = false;
  MonoTime inbox_due{};                 // looked into, whether or not a notice has come
  std::set<std::uint64_t> unclaimable;  // letters whose claim threw: left where they are until it is acquired anew
  std::string claimed;                  // an encoded AggregateChanged: what came out of the inbox with the last ACQUIRE
  MonoTime link_dead_since{};
  bool untold = false;  // its gateway came back while it was leaving: if it stays, that has to hear of it
  MonoTime hint_due{};
  std::unique_ptr<Scope> scope;
};

// What a task keeps across a co_await instead of a reference.
struct PlayerRef {
  PlayerId id;
  std::uint64_t epoch = 0;
};

}  // namespace dure

// A session: what the gateway knows of one logged-in account. It outlives its socket. A plain record of the Gateway,
// which alone changes it; logic thread only.
//
//                 Select              RouteSet
//   kAccount ───────────► kEntering ───────────► kWorld ◄────────── RouteSet, hold over ──────────┐
//      ▲  ▲                   │ refused            │ │                                            │
//      │  └───────────────────┘                    │ └─ RouteHold, owner lost, socket back ─► kHolding
//      └──────────── SAVED ──── kLeaving ◄─ Leave ─┘                        (input waits here)
//
// Link-dead is not a state of its own: `attached` is false and everything else goes on.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/time.h"
#include "common/logic/crossing.h"
#include "common/proto/routes.h"
#include "common/proto/topic_key.h"

namespace dure {

enum class SessionState { kAccount, kEntering, kWorld, kHolding, kLeaving };

// Who owns the session's player. epoch 0: nobody said so yet.
struct OwnerRoute {
  NodeId owner;
  std::uint64_t epoch = 0;
};

struct Session {
  SessionId id;
  std::uint32_t epoch = 0;
  AccountId account;
  std::uint32_t shard = 0;
  SessionState state = SessionState::kAccount;

  ClientId client;           // the socket; its IO thread keeps the output also when the socket is lost
  bool attached = true;      // the socket is there
  MonoTime lost_at{};
  std::string counts_from;  // the token that was told as frames were counted anew; empty: not since, or not at all

  PlayerId player;  // the chosen character
  std::string name;
  OwnerRoute route;
  bool owner_lost = false;  // nobody holds the player now; somebody is being asked
  std::uint64_t walk = 0;   // number of the walk back under way; an older one stops
  std::string because;      // why the player is walked back
  std::vector<ClientFrameIn> held;
  MonoTime held_until{};                        // afterwards held input is answered BUSY
  std::map<TopicKey, std::set<NodeId>> topics;  // and who publish them for this session: one owner, or every chat
};

// What to do with a frame of a client in this state (none: not logged in).
enum class Verdict { kTake, kHold, kBusy, kWrongState };
enum class Bound { kGateway, kChat, kOwner };
Verdict judge(const Session* session, bool logging_in, Phase phase, Bound bound);

}  // namespace dure

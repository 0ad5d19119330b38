// What one node knows of one peer: hello, heartbeat, suspicion. No socket inside: bytes come and go through the Node,
// so the simulator drives the same object. Logic thread only.
//
//            bus up                    hello that echoes us
//   kDown ───────────► kGreeting ───────────────────────────► kUp ◄──► kSuspect (breaker open: calls fail at once)
//     ▲   bus down         ▲        silent 3 s, bus down, goodbye,      │ silent 1 s
//     └────────────────────┴──────── a hello that has forgotten us ─────┘
//
// Links do not resend: whoever has standing intent sends it whole again at every peer_up.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/time.h"

namespace dure {

inline constexpr Duration kHeartbeatInterval = milliseconds(250);
inline constexpr Duration kSuspectAfter = seconds(1);
inline constexpr Duration kDeadAfter = seconds(3);

// What a peer says of itself.
struct PeerFacts {
  Incarnation incarnation;
  std::uint32_t content_version = 0;
  std::vector<std::uint32_t> shards;
  bool directory = false;
};
// What its heartbeats say.
struct PeerLoad {
  std::uint32_t players = 0;
  std::uint32_t instances = 0;
  std::uint32_t input_wait_p99_us = 0;
  bool draining = false;
};

class Link {
 public:
  enum class State { kDown, kGreeting, kUp, kSuspect };
  enum class Event { kNone, kUp, kDown };

  Link(NodeId peer, std::string name, std::string address)
      : peer_(peer), name_(std::move(name)), address_(std::move(address)) {}

  // Each answers what the node must tell its role. `send_hello()` is then to be asked.
  Event bus_up(MonoTime now);
  Event bus_down();
  // echo: whom the peer has heard at our address.
  Event hello(const PeerFacts& facts, const Incarnation& echo, const Incarnation& self, MonoTime now);
  Event goodbye();
  void heard(MonoTime now) {
    last_heard_ = now;
    if (state_ == State::kSuspect) state_ = State::kUp;
  }
  void load(const PeerLoad& load) { load_ = load; }
  // Silence. Called every turn.
  Event tick(MonoTime now);
  // Neither a connection nor a word for so long that it is dead: no more is known of it than of a stranger.
  bool gone(MonoTime now) const { return !connected_ && now - last_heard_ >= kDeadAfter; }

  // True once for every hello, heartbeat that is due.
  bool take_hello(MonoTime now);
  bool take_heartbeat(MonoTime now);

  bool up() const { return state_ == State::kUp || state_ == State::kSuspect; }
  bool breaker_open() const { return state_ != State::kUp; }
  State state() const { return state_; }
  NodeId peer() const { return peer_; }
  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }
  void address(std::string address) { address_ = std::move(address); }
  const PeerFacts& facts() const { return facts_; }
  const PeerLoad& load() const { return load_; }
  // Whom we have heard there; zero before the first hello.
  const Incarnation& heard_incarnation() const { return facts_.incarnation; }
  const std::string& why_down() const { return why_down_; }

 private:
  Event fall(State to, const char* why);
  NodeId peer_;
  std::string name_, address_, why_down_;
  State state_ = State::kDown;
  bool connected_ = false;
  bool hello_wanted_ = false;
  MonoTime hello_due_{}, heartbeat_due_{}, last_heard_{};
  PeerFacts facts_;
  PeerLoad load_;
};

}  // namespace dure

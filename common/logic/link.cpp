#include "common/logic/link.h"

namespace dure {

Link::Event Link::fall(State to, const char* why) {
  const bool was_up = up();
  state_ = to;
  facts_ = {};
  load_ = {};
  hello_wanted_ = connected_;
  why_down_ = why;
  return was_up ? Event::kDown : Event::kNone;
}

Link::Event Link::bus_up(MonoTime now) {
  const Event event = fall(State::kGreeting, "reconnected");
  connected_ = hello_wanted_ = true;
  last_heard_ = hello_due_ = now;
  return event;
}

Link::Event Link::bus_down() {
  connected_ = false;
  return fall(State::kDown, "connection closed");
}

Link::Event Link::goodbye() { return fall(connected_ ? State::kGreeting : State::kDown, "goodbye"); }

Link::Event Link::hello(const PeerFacts& facts, const Incarnation& echo, const Incarnation& self, MonoTime now) {
  last_heard_ = now;
  const bool echoed = echo == self;
  if (up() && (!echoed || facts.incarnation != facts_.incarnation)) {
    const Event event = fall(connected_ ? State::kGreeting : State::kDown, "peer restarted or forgot us");
    facts_ = facts;
    hello_wanted_ = connected_;
    // A new life that echoes us already is taken at its next hello: a fall and a rise are two events.
    return event;
  }
  facts_ = facts;
  if (!connected_) return Event::kNone;
  if (up()) return Event::kNone;
  hello_wanted_ = true;
  hello_due_ = now;
  if (!echoed) return Event::kNone;
  state_ = State::kUp;
  heartbeat_due_ = now;
  return Event::kUp;
}

Link::Event Link::tick(MonoTime now) {
  if (!up()) return Event::kNone;
  if (now - last_heard_ >= kDeadAfter) return fall(connected_ ? State::kGreeting : State::kDown, "silent");
  if (now - last_heard_ >= kSuspectAfter) state_ = State::kSuspect;
  return Event::kNone;
}

bool Link::take_hello(MonoTime now) {
  if (!connected_) return false;
  if (!hello_wanted_ && !(state_ == State::kGreeting && now >= hello_due_)) return false;
  hello_wanted_ = false;
  hello_due_ = now + kHeartbeatInterval;
  return true;
}

bool Link::take_heartbeat(MonoTime now) {
  if (!up() || now < heartbeat_due_) return false;
  heartbeat_due_ = now + kHeartbeatInterval;
  return true;
}

}  // namespace dure

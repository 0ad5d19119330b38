// The switches at the directory's agent: features that are on or off, and maintenance. It reads their rows when it
// starts and after each change, and tells all of them to everybody then, and to each peer that comes up. The rows
// count: a switch that was set until a time falls back by another change of its row. Lives with its agent, which it
// reaches by calls like everybody else. Logic thread only.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "common/logic/node.h"

namespace dure {

class Agent;

class SwitchDesk {
 public:
  explicit SwitchDesk(Agent& agent) : agent_(agent) {}
  void start();
  void on_peer_up(NodeId peer);
  // Each second.
  void tick();
  // A row may have changed.
  void changed() { stale_ = true; }
  void on_turn_end();

 private:
  struct State {
    bool on = true;
    std::int64_t until_unix_ms = 0;  // 0: for ever
  };
  Task<void> read();
  void tell(NodeId to);
  void fall_back();

  Agent& agent_;
  std::map<std::string, State> rows_;
  bool known_ = false, reading_ = false;
  bool stale_ = false;   // to be read at the end of this turn
  bool unsure_ = false;  // reading failed: to be read at the next tick
};

}  // namespace dure

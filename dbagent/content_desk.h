// Content by version at an agent. The directory's agent takes in what is loaded, says at each link and each change
// which version is active, and remembers nothing besides: the row counts. Every agent puts the guards that it is told
// of into its shards' files (store/content_guard.h) and tries again until they are there. Lives with its agent, which
// it reaches by calls like everybody else. Logic thread only.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "common/logic/node.h"

namespace dure {

namespace proto {
class ContentNotice;
}
class Agent;

class ContentDesk {
 public:
  explicit ContentDesk(Agent& agent) : agent_(agent) {}
  // `own`: an encoded ContentLoad, what this program came with; empty: nothing.
  void start(const std::string& own);
  void on_peer_up(NodeId peer);
  void tick();
  // A row may have changed.
  void changed() { stale_ = true; }
  void on_turn_end();
  void hear(const proto::ContentNotice& notice);

  std::uint32_t active() const { return active_; }
  // Shards that judge by the active version, as far as is known.
  std::size_t installed() const;

 private:
  struct Known {
    std::uint64_t hash = 0;
    friend bool operator==(const Known&, const Known&) = default;
  };
  using State = std::pair<std::uint32_t, std::map<std::uint32_t, Known>>;  // active, and what is next to it
  Task<void> load_own();
  Task<void> read();
  Task<void> install();
  void tell(NodeId to);

  Agent& agent_;
  std::string own_;  // not loaded yet
  // Encoded: what is told to owners, who read the next version before it is active, and to agents, who judge by none
  // that never was. Empty: not read yet.
  std::string notice_, agents_notice_;
  std::uint32_t active_ = 0;
  State told_;                              // by the directory's agent
  std::map<std::uint32_t, State> in_file_;  // by shard: what was answered STORED
  bool stale_ = false, reading_ = false, loading_ = false, installing_ = false;
};

}  // namespace dure

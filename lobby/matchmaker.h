// Who waits for which dungeon, and who goes together: as soon as a dungeon's party is full, or with fewer when the one
// who waits longest has waited 3 s. First come, first served. Plain object without messages or clocks; logic thread.
#pragma once
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/time.h"

namespace dure {

inline constexpr Duration kMatchWait = seconds(3);

class Matchmaker {
 public:
  struct Entry {
    PlayerId player;
    NodeId owner;
    MonoTime since{};
  };
  struct Match {
    std::string dungeon;
    std::vector<Entry> entries;
  };

  // Again for the same dungeon: keeps its turn, takes the new owner. For another one: leaves the first.
  void join(const std::string& dungeon, std::size_t party, PlayerId player, NodeId owner, MonoTime now);
  bool leave(PlayerId player);
  void leave_all_of(NodeId owner);
  // The parties that go now; they wait no more.
  std::vector<Match> take(MonoTime now);
  void clear() { queues_.clear(); }
  std::size_t waiting() const;

 private:
  struct Queue {
    std::size_t party = 1;
    std::deque<Entry> entries;
  };
  std::map<std::string, Queue> queues_;  // by dungeon
};

}  // namespace dure

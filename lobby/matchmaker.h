// Who waits for which dungeon, and who goes together: as soon as a run is full, or with fewer when who waits longest
// has waited 3 s. First come, first served; a party is one entry, never split, and filled up with others. Plain object
// without messages or clocks; logic thread.
#pragma once
#include <deque>
#include <map>
#include <optional>
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
    std::uint64_t epoch = 0;  // of the player at that owner
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  // Who waits as one: a player alone, or a party.
  struct Group {
    std::uint64_t party = 0;  // 0: one alone
    std::string dungeon;
    std::vector<Entry> entries;
    MonoTime since{};
  };
  struct Match {
    std::string dungeon;
    std::vector<Entry> entries;
  };

  // The same ones again for the same dungeon: they keep their turn, and take the new owners. Otherwise whatever any of
  // them waited in before waits no more, and is returned. At most `most` go together.
  std::vector<Group> join(Group group, std::size_t most, MonoTime now);
  std::vector<Group> join(const std::string& dungeon, std::size_t most, Entry alone, MonoTime now) {
    return join({0, dungeon, {alone}, {}}, most, now);
  }
  // One of them waits as a later owner's: who says otherwise has handed it over since, and neither joins nor leaves.
  bool overtaken(const std::vector<Entry>& entries) const;
  // What the player waited in, whole: it waits no more.
  std::optional<Group> leave(PlayerId player);
  std::vector<Group> leave_all_of(NodeId owner);
  // The runs that begin now; who is in them waits no more.
  std::vector<Match> take(MonoTime now);
  void clear() { queues_.clear(); }
  std::size_t waiting() const;

 private:
  struct Queue {
    std::size_t most = 1;
    std::deque<Group> groups;
  };
  static std::vector<std::size_t> fill(const Queue& queue, std::size_t first);
  template <class Wanted>
  std::vector<Group> remove(Wanted wanted);
  std::map<std::string, Queue> queues_;  // by dungeon
};

}  // namespace dure

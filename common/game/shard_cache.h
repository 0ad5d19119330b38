// Which shard a player is on, as last told: a bounded memory of the directory's map. May be arbitrarily stale: a wrong
// shard says so, and the next look-up replaces what was here. Least recently used goes first. Logic thread only.
#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include "common/base/ids.h"

namespace dure {

class ShardCache {
 public:
  explicit ShardCache(std::size_t players_max = 65'536) : players_max_(players_max) {}
  std::optional<std::uint32_t> find(PlayerId player);  // counts as a hit or a miss
  void put(PlayerId player, std::uint32_t shard);
  // What is known without a question: neither hit nor miss.
  std::uint32_t peek(PlayerId player, std::uint32_t unless) const;
  std::size_t size() const { return order_.size(); }
  // Hits per hundred look-ups since the start; 100 before the first.
  std::uint64_t hit_percent() const { return asked_ == 0 ? 100 : hits_ * 100 / asked_; }

 private:
  struct Entry {
    PlayerId player;
    std::uint32_t shard;
  };
  std::size_t players_max_;
  std::list<Entry> order_;  // most recently used first
  std::map<PlayerId, std::list<Entry>::iterator> by_player_;
  std::uint64_t hits_ = 0, asked_ = 0;
};

}  // namespace dure

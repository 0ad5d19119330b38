#include "common/game/shard_cache.h"

namespace dure {

std::optional<std::uint32_t> ShardCache::find(PlayerId player) {
  ++asked_;
  const auto at = by_player_.find(player);
  if (at == by_player_.end()) return std::nullopt;
  ++hits_;
  order_.splice(order_.begin(), order_, at->second);
  return at->second->shard;
}

void ShardCache::put(PlayerId player, std::uint32_t shard) {
  if (const auto at = by_player_.find(player); at != by_player_.end()) {
    at->second->shard = shard;
    order_.splice(order_.begin(), order_, at->second);
    return;
  }
  order_.push_front({player, shard});
  by_player_[player] = order_.begin();
  if (order_.size() <= players_max_) return;
  by_player_.erase(order_.back().player);
  order_.pop_back();
}

std::uint32_t ShardCache::peek(PlayerId player, std::uint32_t unless) const {
  const auto at = by_player_.find(player);
  return at == by_player_.end() ? unless : at->second->shard;
}

}  // namespace dure

// What a rogue has learned by listening at a tap, and from nothing else: requests that were answered STORED, and what
// the answers say of players and accounts. Outlives stores and agents. Plain values, one thread.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/proto/value.pb.h"
#include "tests/sim/rogue/tap.h"

namespace dure::sim {

struct KnownPlayer {
  std::uint64_t account_id = 0, epoch = 0, saved = 0;  // of this epoch
  proto::Uid owner;
};

class Known {
 public:
  void hear(const std::string& queue, const std::vector<Exchange>& batch);
  // One of the last answered so at this queue: the newest in half of the cases. nullptr: there was none.
  const Exchange* one(const std::string& queue, std::uint32_t message_id, Rng& rng) const;
  bool any(const std::string& queue, std::uint32_t message_id) const;
  const KnownPlayer* player(std::uint64_t player_id) const;
  // Any character of it; 0: none is known.
  std::uint64_t player_of(std::uint64_t account_id) const;
  const std::set<std::uint64_t>& accounts() const { return accounts_; }
  // Whether this shard was told of a content, which it judges by from then on.
  bool installed(std::uint32_t shard) const { return installed_.contains(shard); }

 private:
  static constexpr std::size_t kKept = 256;
  void learn(const Exchange& exchange);
  std::map<std::string, std::map<std::uint32_t, std::deque<Exchange>>> stored_;
  std::map<std::uint64_t, KnownPlayer> players_;
  std::set<std::uint64_t> accounts_;
  std::set<std::uint32_t> installed_;
};

}  // namespace dure::sim

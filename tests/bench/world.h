// A seeded cluster's shard files to take figures on, and the requests that owners would send. Deterministic: the same
// numbers make the same files and the same requests, byte for byte.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/proto/store.pb.h"
#include "dbagent/store/shard_store.h"

namespace dure::proto {
class AcquireRequest;
class ApplyRequest;
class Operation;
class TradeTerms;
class Uid;
}  // namespace dure::proto

namespace dure::bench {

struct World {
  std::filesystem::path folder;
  std::uint32_t shards = 2;
  std::uint32_t players = 5000;  // of a shard
  std::uint32_t items = 100;     // of a player
  std::string vfs;

  std::string file(std::uint32_t shard) const { return (folder / ("shard-" + std::to_string(shard) + ".db")).string(); }
  std::uint64_t item_count() const { return std::uint64_t{shards} * players * items; }
};

// The node that owns every seeded player, at epoch 1 and after operation 1.
inline constexpr std::uint32_t kOwnerNumber = 1;
std::uint32_t owner_node();
proto::Uid owner_incarnation();
std::uint64_t player_id(std::uint32_t shard, std::uint32_t index);
proto::Uid item_id(std::uint64_t player, std::uint32_t index);

// Ends the program with a line that says why.
[[noreturn]] void give_up(const std::string& why);
std::unique_ptr<store::ShardStore> open_store(const World& world, std::uint32_t shard, bool sync = true);
// Fills the files, unsynced. 0: done.
void seed(const World& world);
// The same files elsewhere, to be changed.
World copy_of(const World& world, const std::string& name);

proto::ApplyRequest apply_request(std::uint32_t shard, std::uint64_t player);
// A purchase: money to a sink, an item that is new.
void add_hard(proto::ApplyRequest* request, std::uint64_t pseq);
// What a second of fighting brings, coalesced: money and experience.
void add_soft(proto::ApplyRequest* request, std::uint64_t pseq);
// Money of side 0 for an item of side 1.
proto::TradeTerms trade_terms(std::uint64_t number, std::uint32_t register_shard, std::uint64_t buyer,
                              std::uint64_t seller, std::uint32_t item);
void add_leg(proto::ApplyRequest* request, std::uint64_t pseq, const proto::TradeTerms& terms, std::uint32_t side);
proto::AcquireRequest acquire_request(std::uint32_t shard, std::uint64_t player, std::uint64_t expected_epoch);

// Encoded groups of one shard, as its worker gets them.
struct Script {
  std::vector<std::string> groups;
  std::uint64_t operations = 0;  // trades count once
};
enum class Kind { kHard, kSoft, kTrade };
inline constexpr std::uint32_t kGroup = 256;
Script write_script(const World& world, std::uint32_t shard, Kind kind, std::uint32_t groups);
// Every reply was that it is saved, or for a trade's first leg that it waits.
void check_replies(const std::vector<std::string>& replies, Kind kind);

}  // namespace dure::bench

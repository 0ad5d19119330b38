// Where every item is, over all shards, judged when a commit has touched it: in one place that is in use, or on its way
// in a manner that CONTRACT.md knows. A place is in use unless its owner is on the move, its letter has already been
// delivered, or its trade is decided COMMIT. None at all is a loss, unless a leg that gets it has still to be finished.
// Asks the shards' own rows; of its own it remembers only what there has ever been. One thread; outlives the
// connections.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "dbagent/store/statement.h"

namespace dure::sim {

class ItemPlaces {
 public:
  using Items = std::set<store::Key16>;
  using Report = std::function<void(std::uint32_t shard, const std::string& what)>;
  explicit ItemPlaces(Report report) : report_(std::move(report)) {}
  ItemPlaces(const ItemPlaces&) = delete;

  void opened(std::uint32_t shard, store::Database& database);
  void closed(std::uint32_t shard);
  // Rows of item_holder that there were at the last look.
  void rows_of(std::uint32_t shard, std::set<std::int64_t>* rows) const;
  // Such a row has changed: what was in it and what is in it now.
  void touched(std::uint32_t shard, std::int64_t row, Items* items);
  // A player is in use here since this commit: all that is its own.
  void activated(std::uint32_t shard, std::int64_t player, Items* items);
  // Only while all shards can be asked; later otherwise.
  void judge(std::uint32_t shard, const Items& items);

 private:
  enum class Use { kInUse, kUnderWay, kDead };
  struct Place {
    std::uint32_t shard = 0;
    std::int64_t kind = 0, owner = 0;
  };
  struct Shard {
    store::Database* database = nullptr;
    std::map<std::int64_t, store::Key16> items;  // by row of item_holder
    std::int64_t restores = 0;
  };
  bool all_can_be_asked();
  void judge_one(std::uint32_t shard, const store::Key16& item);
  std::vector<Place> places_of(const store::Key16& item);
  Use use_of(const Place& place, const store::Key16& item);
  Use use_by(std::uint32_t shard, std::optional<std::int64_t> player);
  Use use_of_envelope(const Place& place);
  Use use_of_hold(const Place& place, const store::Key16& item);
  bool committed(std::uint32_t register_shard, const store::Key16& txn);
  // A trade is COMMIT, and the leg that gets the item is still open.
  bool has_to_come(const store::Key16& item);

  const Report report_;
  std::map<std::uint32_t, Shard> shards_;
  Items doubtful_;   // to be judged at the next look, too
  Items forgotten_;  // by a shard that was put back to a backup
};

}  // namespace dure::sim

// Legs of same-shard trades whose other leg has not come yet. In memory only: whoever loses them has owners that send
// them again. Changed by transitions like rows, and undone with them. One thread at a time.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "common/proto/value.pb.h"
#include "dbagent/store/batch.h"

namespace dure::store {

struct WaitingLeg {
  std::uint64_t player_id = 0;
  std::uint64_t epoch = 0;
  Key16 owner_incarnation;
  proto::Operation operation;
  std::int64_t since = 0;  // shard_time
};

class WaitingLegs : public Undoable {
 public:
  static constexpr std::size_t kTradesMax = 16384;

  // Nullptr: none. What was found outlives its erasure.
  std::shared_ptr<const WaitingLeg> find(const Key16& txn, std::uint32_t side) const;
  // A leg that comes again goes on waiting since it first came. False: too many trades wait.
  [[nodiscard]] bool put(const Key16& txn, std::uint32_t side, WaitingLeg leg);
  void erase(const Key16& txn, std::uint32_t side);
  // Trades that have waited since `time` or longer.
  std::vector<Key16> since(std::int64_t time, std::size_t limit) const;
  std::size_t trades() const { return trades_.size(); }

  void begin_item() override { item_begin_ = undo_.size(); }
  void undo_item() override { undo_back_to(item_begin_); }
  void keep() override { undo_.clear(); }
  void undo() override { undo_back_to(0); }

 private:
  using Pair = std::array<std::shared_ptr<const WaitingLeg>, 2>;
  struct Before {
    Key16 txn;
    Pair pair;
  };
  void remember(const Key16& txn);
  void undo_back_to(std::size_t count);

  std::map<Key16, Pair> trades_;
  std::vector<Before> undo_;
  std::size_t item_begin_ = 0;
};

}  // namespace dure::store

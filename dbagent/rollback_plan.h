// What a rollback would do, found by reading all shards: for `dure rollback --dry-run`, and for the desk that does it.
// Any node; logic thread.
//
// A player is brought back to a time by undoing what the *system* gave and took since: faucets and sinks, items that
// were made and burnt. What went between players stands, because the other one would lose it: a trade has a rollback of
// its own, of both sides. What the system gave and the player has no more, having given it on, becomes a debt
// (common/base/debt.h): the balance does not go below 0, and it is said who holds the item now. Experience, quest
// progress and flags have no history and stay. What earlier rollbacks gave, took and wrote down as owed since that time
// is undone as well: however many there were, the last one decides.
//
// A letter to the player that is not opened stays closed: what else its opening does is the game's. What is in it is
// owed like what was given on, and a rollback to another time takes it, and the debt with it, once it was opened.
//
// Of a trade each side sends back, by letter, what it got and still has; the rest becomes its debt.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/logic/node.h"

namespace dure {

namespace proto {

class Operation;

}  // namespace proto

inline constexpr const char* kRollbackReason = "rollback";
inline constexpr const char* kTradeRollbackReason = "rollback.trade";

// One player's part.
struct RollbackShare {
  RollbackShare();
  RollbackShare(RollbackShare&&) noexcept;
  RollbackShare& operator=(RollbackShare&&) noexcept;
  ~RollbackShare();
  std::uint64_t player_id = 0;
  std::uint32_t shard = 0;
  std::string name;
  bool done = false;                            // by an earlier one
  std::unique_ptr<proto::Operation> operation;  // without its number; its first effect is the key
  std::vector<std::string> lines;               // for people
};

struct RollbackPlan {
  std::string refusal;  // why there is none
  bool away = false;    // likewise: somebody did not answer, it may be tried again
  std::vector<RollbackShare> shares;
};

class RollbackPlanner {
 public:
  explicit RollbackPlanner(Node& node) : node_(node) {}
  // A name, or a number.
  Task<RollbackPlan> player(std::string name, std::int64_t to_unix_ms);
  Task<RollbackPlan> trade(std::uint64_t high, std::uint64_t low);
  // Where a player is, into the share; false: see the plan.
  Task<bool> locate(std::string name, RollbackPlan* plan, RollbackShare* share);
  // How many pages shards have sent: while it rises, it gets on, however much there is to read.
  std::uint64_t pages() const { return pages_; }

 private:
  struct Money;
  struct Life;
  Task<bool> find_shards(RollbackPlan* plan);
  Task<bool> already(RollbackPlan* plan, RollbackShare* share);
  Task<bool> read_money(RollbackPlan* plan, const RollbackShare& share, std::int64_t to, std::shared_ptr<Money> money);
  Task<bool> undo_items(RollbackPlan* plan, RollbackShare* share, std::int64_t to, std::shared_ptr<Money> money,
                        std::int64_t* first_kept);
  Task<bool> item_life(RollbackPlan* plan, std::uint64_t high, std::uint64_t low, std::shared_ptr<Life> life);
  Task<std::string> whereabouts(std::shared_ptr<Life> life, std::uint64_t of_player);
  Task<bool> undo_side(RollbackPlan* plan, RollbackShare* share, std::uint64_t to_player, std::string to_name,
                       std::shared_ptr<const std::string> given, std::uint64_t message_id);
  Task<std::string> name_of(std::uint64_t player);
  template <class Reply, class Request>
  Task<Result<Reply>> ask(std::uint32_t shard, Request request);

  Node& node_;
  std::vector<std::uint32_t> shards_;
  std::uint64_t pages_ = 0;
};

}  // namespace dure

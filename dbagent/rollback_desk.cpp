#include "dbagent/rollback_desk.h"

#include <set>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/rollback.pb.h"

namespace dure {
namespace {

constexpr Duration kDeadline = seconds(5);
constexpr Duration kBetweenTries = milliseconds(100);
constexpr int kTries = 20;
constexpr int kTakes = 10;

proto::Uid own(const Node& node) {
  proto::Uid uid;
  uid.set_high(node.identity().incarnation.high);
  uid.set_low(node.identity().incarnation.low);
  return uid;
}

RollbackDesk::Outcome refused(const RollbackPlan& plan) { return {!plan.away, false, plan.refusal}; }

std::string joined(const RollbackShare& share) {
  std::string text = share.name + ":";
  for (const auto& line : share.lines) text += " " + line + ";";
  if (text.size() > 2000) text = text.substr(0, 2000) + "…";
  return text;
}

}  // namespace

// As a forced takeover does: the epoch is read, then expected; another one that was faster has its own reason.
Task<RollbackDesk::Hold> RollbackDesk::take(std::uint32_t shard, std::uint64_t player) {
  Hold hold;
  proto::AcquireRequest request;
  request.set_shard(shard);
  request.set_player_id(player);
  *request.mutable_owner_incarnation() = own(node_);
  request.set_acquire_id(node_.entropy().u64() | 1);
  for (int tries = 0; tries < kTries; ++tries) {
    if (tries > 0) co_await node_.wait(kBetweenTries);
    proto::OwnerQuery query;
    query.set_shard(shard);
    query.set_player_id(player);
    const NodeId agent = node_.shard_agent(shard);
    const Result<proto::AcquireReply> owner = co_await node_.call<proto::AcquireReply>(agent, query, kDeadline);
    if (!owner || owner->code() != proto::STORED) continue;
    if (owner->owner_node() != 0) hold.old_owner = owner->owner_node();
    request.set_expected_epoch(owner->epoch());
    const Result<proto::AcquireReply> grant = co_await node_.call<proto::AcquireReply>(agent, request, kDeadline);
    if (grant && grant->code() == proto::NO_SUCH) {
      hold.refusal = "the character is deleted";
      co_return hold;
    }
    if (!grant || grant->code() != proto::STORED) continue;
    hold.epoch = grant->epoch();
    if (grant->aggregate().holds_size() > 0) hold.refusal = "a trade of theirs is open: try again";
    co_return hold;
  }
  hold.refusal = "the shard does not answer, or others take them again and again";
  co_return hold;
}

Task<RollbackDesk::Applied> RollbackDesk::apply(const RollbackShare& share, std::uint64_t epoch) {
  proto::RollbackApply request;
  request.set_shard(share.shard);
  request.set_player_id(share.player_id);
  request.set_epoch(epoch);
  *request.mutable_owner_incarnation() = own(node_);
  *request.mutable_operation() = *share.operation;
  request.mutable_operation()->set_pseq(1);
  Applied applied;
  applied.why = "no answer";
  for (int tries = 0; tries < kTries; ++tries) {
    if (tries > 0) co_await node_.wait(kBetweenTries);
    const NodeId agent = node_.shard_agent(share.shard);
    const Result<proto::RollbackApplied> done = co_await node_.call<proto::RollbackApplied>(agent, request, kDeadline);
    if (!done || done->code() == proto::RETRY) continue;
    applied.done = done->code() == proto::STORED;
    applied.overtaken = done->code() == proto::STALE_EPOCH || done->code() == proto::WRONG_SHARD;
    applied.why = proto::StoreCode_Name(done->code()) + " " + done->detail();
    break;
  }
  co_return applied;
}

// It asks for its letters, hears that it is fenced, and lets the player go.
void RollbackDesk::tell_old_owner(std::uint64_t player, std::uint32_t node) {
  const NodeId owner(node);
  if (owner.role() != Role::kGeneral && owner.role() != Role::kDungeon) return;
  proto::InboxNotice notice;
  notice.set_player_id(player);
  node_.send(owner, notice);
}

Task<RollbackPlan> RollbackDesk::plan(const Wish& wish) {
  RollbackPlanner planner(node_);
  if (wish.trade) co_return co_await planner.trade(wish.high, wish.low);
  co_return co_await planner.player(wish.name, wish.to_unix_ms);
}

Task<RollbackDesk::Outcome> RollbackDesk::carry_out(const Wish& wish, std::size_t side, std::uint64_t player,
                                                    std::uint32_t shard) {
  std::set<std::uint32_t> owners;
  Outcome outcome;
  for (int takes = 0; takes < kTakes; ++takes) {
    const Hold hold = co_await take(shard, player);
    if (hold.old_owner != 0) owners.insert(hold.old_owner);
    outcome.text = hold.refusal;
    if (!hold.refusal.empty()) break;
    const RollbackPlan now = co_await plan(wish);
    if (!now.refusal.empty()) {
      outcome = refused(now);
      break;
    }
    const RollbackShare& share = now.shares[side];
    // It was, if the answer to a try was lost.
    if (share.done) {
      outcome = {true, true, share.name + " was rolled back already"};
      break;
    }
    shard = share.shard;
    const Applied applied = co_await apply(share, hold.epoch);
    if (applied.done) {
      outcome = {true, true, joined(share)};
      break;
    }
    outcome.text = "not done: " + applied.why;
    if (!applied.overtaken) break;
  }
  for (const std::uint32_t owner : owners) tell_old_owner(player, owner);
  co_return outcome;
}

Task<RollbackDesk::Outcome> RollbackDesk::player(std::string name, std::int64_t to_unix_ms) {
  Wish wish;
  wish.name = name;
  wish.to_unix_ms = to_unix_ms;
  const RollbackPlan first = co_await plan(wish);
  if (!first.refusal.empty()) co_return refused(first);
  const RollbackShare& found = first.shares.front();
  if (found.done) co_return Outcome{true, true, found.name + " was rolled back to that time already"};
  co_return co_await carry_out(wish, 0, found.player_id, found.shard);
}

Task<RollbackDesk::Outcome> RollbackDesk::trade(std::uint64_t high, std::uint64_t low) {
  Wish wish;
  wish.trade = true;
  wish.high = high;
  wish.low = low;
  const RollbackPlan first = co_await plan(wish);
  if (!first.refusal.empty()) co_return refused(first);
  Outcome outcome;
  outcome.known = outcome.ok = true;
  for (std::size_t side = 0; side < first.shares.size(); ++side) {
    const RollbackShare& share = first.shares[side];
    if (share.done) {
      outcome.text += share.name + ": was rolled back already. ";
      continue;
    }
    // Asked again, the side that is done stays done.
    const Outcome part = co_await carry_out(wish, side, share.player_id, share.shard);
    if (!part.ok) co_return Outcome{part.known, false, outcome.text + share.name + ": " + part.text};
    outcome.text += part.text + " ";
  }
  co_return outcome;
}

}  // namespace dure

#include "dbagent/rollback_desk.h"

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/rollback.pb.h"

namespace dure {
namespace {

constexpr Duration kDeadline = seconds(5);
constexpr Duration kBetweenTries = milliseconds(100);
constexpr int kTries = 20;

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

Task<std::string> RollbackDesk::apply(const RollbackShare& share, std::uint64_t epoch) {
  proto::RollbackApply request;
  request.set_shard(share.shard);
  request.set_player_id(share.player_id);
  request.set_epoch(epoch);
  *request.mutable_owner_incarnation() = own(node_);
  *request.mutable_operation() = *share.operation;
  request.mutable_operation()->set_pseq(1);
  std::string why = "no answer";
  for (int tries = 0; tries < kTries; ++tries) {
    if (tries > 0) co_await node_.wait(kBetweenTries);
    const NodeId agent = node_.shard_agent(share.shard);
    const Result<proto::RollbackApplied> done = co_await node_.call<proto::RollbackApplied>(agent, request, kDeadline);
    if (!done || done->code() == proto::RETRY) continue;
    if (done->code() == proto::STORED) co_return std::string();
    why = proto::StoreCode_Name(done->code()) + " " + done->detail();
    break;
  }
  co_return why;
}

// It asks for its letters, hears that it is fenced, and lets the player go.
void RollbackDesk::tell_old_owner(std::uint64_t player, std::uint32_t node) {
  const NodeId owner(node);
  if (owner.role() != Role::kGeneral && owner.role() != Role::kDungeon) return;
  proto::InboxNotice notice;
  notice.set_player_id(player);
  node_.send(owner, notice);
}

Task<RollbackDesk::Outcome> RollbackDesk::player(std::string name, std::int64_t to_unix_ms) {
  RollbackPlanner planner(node_);
  RollbackPlan first = co_await planner.player(name, to_unix_ms);
  if (!first.refusal.empty()) co_return refused(first);
  const RollbackShare& found = first.shares.front();
  if (found.done) co_return Outcome{true, true, found.name + " was rolled back to that time already"};
  const Hold hold = co_await take(found.shard, found.player_id);
  if (hold.old_owner != 0) tell_old_owner(found.player_id, hold.old_owner);
  if (!hold.refusal.empty()) co_return Outcome{false, false, hold.refusal};
  const RollbackPlan plan = co_await planner.player(name, to_unix_ms);
  if (!plan.refusal.empty()) co_return refused(plan);
  const RollbackShare& share = plan.shares.front();
  const std::string why = co_await apply(share, hold.epoch);
  if (!why.empty()) co_return Outcome{false, false, "not done: " + why};
  co_return Outcome{true, true, joined(share)};
}

Task<RollbackDesk::Outcome> RollbackDesk::trade(std::uint64_t high, std::uint64_t low) {
  RollbackPlanner planner(node_);
  const RollbackPlan first = co_await planner.trade(high, low);
  if (!first.refusal.empty()) co_return refused(first);
  Outcome outcome;
  outcome.known = outcome.ok = true;
  for (std::size_t side = 0; side < first.shares.size(); ++side) {
    if (first.shares[side].done) {
      outcome.text += first.shares[side].name + ": was rolled back already. ";
      continue;
    }
    const Hold hold = co_await take(first.shares[side].shard, first.shares[side].player_id);
    if (hold.old_owner != 0) tell_old_owner(first.shares[side].player_id, hold.old_owner);
    if (!hold.refusal.empty())
      co_return Outcome{false, false, outcome.text + first.shares[side].name + ": " + hold.refusal};
    const RollbackPlan plan = co_await planner.trade(high, low);
    if (!plan.refusal.empty()) co_return refused(plan);
    const std::string why = co_await apply(plan.shares[side], hold.epoch);
    // Asked again, the side that is done stays done.
    if (!why.empty()) co_return Outcome{false, false, outcome.text + plan.shares[side].name + ": not done: " + why};
    outcome.text += joined(plan.shares[side]) + " ";
  }
  co_return outcome;
}

}  // namespace dure

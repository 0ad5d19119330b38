// The desk's part about accounts that moved after the backup: who came is brought back as it came, and what moves took
// from shard to shard is balanced.
#include <set>
#include <utility>

#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
#include "dbagent/reconcile_run.h"

namespace dure {

Task<bool> ReconcileDesk::bring_back(Run& run) {
  proto::MovesInto query;
  query.set_shard(run.shard);
  for (bool more = true; more;) {
    const NodeId directory = agent_.directory_agent();
    const Result<proto::MovesIntoReply> page = co_await ask<proto::MovesIntoReply>(directory, query);
    if (!page || page->code() != proto::STORED) co_return false;
    more = page->moves_size() > 0;
    if (more) query.set_after(page->moves(page->moves_size() - 1).account_id());
    for (const auto& move : page->moves())
      if (!co_await bring_back(run, move)) co_return false;
  }
  co_return true;
}

Task<bool> ReconcileDesk::bring_back(Run& run, const proto::MoveRecord& move) {
  proto::BringBack request;
  request.set_shard(run.shard);
  request.mutable_copy()->set_account_id(move.account_id());
  request.mutable_copy()->set_move_id(move.move_id());
  const Result<proto::BroughtBack> here = co_await ask<proto::BroughtBack>(agent_.id(), request);
  if (!here || here->code() != proto::STORED) co_return false;
  if (here->mv() >= move.move_id()) co_return true;
  const std::string who = "account " + std::to_string(move.account_id()) + " came from shard " +
                          std::to_string(move.source()) + " after the backup";
  proto::KeptContent query;
  query.set_shard(move.source());
  query.set_account_id(move.account_id());
  query.set_move_id(move.move_id());
  for (;;) {
    const NodeId there = agent_.shard_agent(move.source());
    const Result<proto::KeptContentReply> part = co_await ask<proto::KeptContentReply>(there, query);
    if (!part) co_return false;
    if (part->code() != proto::STORED) {
      run.leave_open(who + ", and there " + part->detail());
      co_return true;
    }
    request.mutable_copy()->set_offset(part->offset());
    request.mutable_copy()->set_bytes(part->bytes());
    request.mutable_copy()->set_bytes_total(part->bytes_total());
    request.mutable_copy()->set_hash(part->hash());
    const Result<proto::BroughtBack> done = co_await ask<proto::BroughtBack>(agent_.id(), request);
    if (!done) co_return false;
    if (done->code() != proto::STORED) {
      run.leave_open(who + ", and cannot be brought back: " + done->detail());
      co_return true;
    }
    if (done->state() == proto::ACCOUNT_ACTIVE) break;
    if (done->bytes_next() <= query.offset()) co_return false;
    query.set_offset(done->bytes_next());
  }
  ++run.redone;
  run.note(who + ": it is again as it came");
  co_return true;
}

Task<bool> ReconcileDesk::read_moved(std::uint32_t shard, std::map<std::string, std::int64_t>* moved, bool* under_way) {
  proto::MovesBalance query;
  query.set_shard(shard);
  const NodeId there = agent_.shard_agent(shard);
  const Result<proto::MovesBalanceReply> reply = co_await ask<proto::MovesBalanceReply>(there, query);
  if (!reply || reply->code() != proto::STORED) co_return false;
  for (const auto& amount : reply->moved()) (*moved)[amount.name()] += amount.value();
  *under_way = *under_way || reply->under_way();
  co_return true;
}

// Shards are read one after the other: a move between two of them meanwhile shows in the second look.
Task<bool> ReconcileDesk::balance_moves(Run& run) {
  using Amounts = std::map<std::string, std::int64_t>;
  std::map<std::uint32_t, Amounts> before;
  bool under_way = false;
  for (int look = 0; look < 2; ++look) {
    std::map<std::uint32_t, Amounts> now;
    for (const std::uint32_t other : run.others)
      if (!co_await read_moved(other, &now[other], &under_way)) co_return false;
    if (look == 1) under_way = under_way || now != before;
    before = std::move(now);
  }
  if (under_way) {
    run.leave_open("accounts are on the move between other shards: it is tried again");
    co_return true;
  }
  proto::BalanceMoves request;
  request.set_shard(run.shard);
  Amounts others;
  for (const auto& [shard, moved] : before)
    for (const auto& [currency, amount] : moved) others[currency] += amount;
  for (const auto& [currency, amount] : others) {
    auto* out = request.add_others();
    out->set_name(currency);
    out->set_value(amount);
  }
  const Result<proto::ReconcileReply> done = co_await ask<proto::ReconcileReply>(agent_.id(), request);
  if (!done) co_return false;
  if (done->code() != proto::STORED) run.leave_open("moves do not balance: " + done->detail());
  for (const auto& line : done->notes()) run.note(line);
  co_return true;
}

}  // namespace dure

// The desk's part about accounts that moved after the backup: who came is brought back as it came, and what moves took
// from shard to shard is balanced.
#include <set>
#include <utility>

#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
#include "dbagent/reconcile_run.h"

namespace dure {

// An account of this shard that was on the move at the backup is what the move has become: a fact about a character
// that is not ACTIVE is told in vain. One that left by that move, and is back by a later one, is brought back.
Task<bool> ReconcileDesk::settle_halfway(Run& run) {
  proto::UnsettledMoves query;
  query.set_shard(run.shard);
  query.set_limit(100'000);
  const Result<proto::UnsettledMovesReply> halfway = co_await ask<proto::UnsettledMovesReply>(agent_.id(), query);
  if (!halfway || halfway->code() != proto::STORED) co_return false;
  for (const auto& move : halfway->moves())
    if (!co_await settle_halfway(run, move.account_id(), move.move_id())) co_return false;
  co_return true;
}

Task<bool> ReconcileDesk::settle_halfway(Run& run, std::uint64_t account_id, std::uint64_t move_id) {
  proto::MoveQuery query;
  query.set_account_id(account_id);
  query.set_move_id(move_id);
  const NodeId directory = agent_.directory_agent();
  const Result<proto::MoveReply> known = co_await ask<proto::MoveReply>(directory, query);
  if (!known) co_return false;
  const proto::MoveFate fate = known->move().fate();
  const bool target = known->move().target() == run.shard;
  Result<proto::MoveStepReply> done = proto::MoveStepReply();
  const auto step = [&](auto request) {
    request.set_shard(run.shard);
    request.set_account_id(account_id);
    request.set_move_id(move_id);
    request.set_fate(fate);
    return request;
  };
  if (target && fate == proto::MOVE_FLIPPED) {
    const auto request = step(proto::MoveActivate());
    done = co_await ask<proto::MoveStepReply>(agent_.id(), request);
  } else if (!target && fate == proto::MOVE_ABORTED) {
    const auto request = step(proto::MoveUnfreeze());
    done = co_await ask<proto::MoveStepReply>(agent_.id(), request);
  } else if (target && fate == proto::MOVE_ABORTED) {
    auto request = step(proto::MoveDiscard());
    request.set_other_shard(known->move().source());
    done = co_await ask<proto::MoveStepReply>(agent_.id(), request);
  } else if (fate != proto::MOVE_FLIPPED) {
    run.leave_open("account " + std::to_string(account_id) + " is on the move: it is tried again");
  }
  co_return done.has_value();
}

// Others are heard one after the other, and a row between two of them might be heard on neither.
Task<bool> ReconcileDesk::nobody_moves(Run& run, bool* quiet) {
  constexpr Duration kBetweenLooks = milliseconds(200);
  constexpr int kLooks = 25;
  for (int looks = 1;; ++looks) {
    proto::OpenMovesQuery query;
    query.set_count(true);
    const NodeId directory = agent_.directory_agent();
    const Result<proto::OpenMovesReply> open = co_await ask<proto::OpenMovesReply>(directory, query);
    if (!open || open->code() != proto::STORED) co_return false;
    run.moves_begun = open->begun();
    bool under_way = open->moves_size() > 0;
    for (const std::uint32_t other : run.others) {
      std::map<std::string, std::int64_t> moved;
      if (!co_await read_moved(other, &moved, &under_way)) co_return false;
    }
    *quiet = !under_way;
    if (*quiet || looks == kLooks || agent_.stopping()) co_return true;
    co_await agent_.wait(kBetweenLooks);
  }
}

Task<bool> ReconcileDesk::nobody_began(Run& run, bool* still) {
  proto::OpenMovesQuery query;
  query.set_count(true);
  const NodeId directory = agent_.directory_agent();
  const Result<proto::OpenMovesReply> open = co_await ask<proto::OpenMovesReply>(directory, query);
  if (!open || open->code() != proto::STORED) co_return false;
  *still = open->begun() == run.moves_begun;
  if (!*still) run.leave_open("accounts began to move while the other shards were heard: it is tried again");
  co_return true;
}

Task<bool> ReconcileDesk::bring_back(Run& run) {
  proto::MovesInto query;
  query.set_shard(run.shard);
  for (bool more = true; more;) {
    const NodeId directory = agent_.directory_agent();
    const Result<proto::MovesIntoReply> page = co_await ask<proto::MovesIntoReply>(directory, query);
    if (!page || page->code() != proto::STORED) co_return false;
    more = page->moves_size() > 0;
    if (more) query.set_after(page->moves(page->moves_size() - 1).account_id());
    for (const auto& move : page->moves()) {
      run.came[move.account_id()] = {move.source(), move.move_id()};
      if (!co_await bring_back(run, move)) co_return false;
    }
  }
  co_return true;
}

Task<bool> ReconcileDesk::bring_back(Run& run, const proto::MoveRecord& move) {
  proto::BringBack request;
  request.set_shard(run.shard);
  request.set_source(move.source());
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
    for (const auto& line : done->notes()) run.note(line);
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

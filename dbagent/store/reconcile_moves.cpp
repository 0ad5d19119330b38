// Accounts that came to a restored shard after its backup, and the balance of what moves took from shard to shard.
#include <map>

#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/store.pb.h"
#include "common/proto/trade.pb.h"
#include "dbagent/store/backup.h"
#include "dbagent/store/move.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/reconcile.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

bool decided_here(Shard& shard, const Key16& txn) { return decision_of(shard, txn).verdict == proto::COMMIT; }

// The other side's leg was committed here, too, or is held and sure to be. Nobody: it is not of this shard.
bool other_leg_here(Shard& shard, const Key16& txn, std::uint32_t side, const proto::TradeTerms& terms) {
  const auto root = find_root(shard, terms.sides(static_cast<int>(side)).player_id());
  if (!root || root->status != Status::kActive) return true;
  const auto hold = find_hold(shard, txn, side);
  if (!hold) return false;
  if (hold->verdict != 0) return hold->verdict == proto::COMMIT;
  return terms.register_shard() != shard.number || decided_here(shard, txn);
}

bool other_half_of_swap_here(Shard& shard, const Key16& txn, const proto::SwapRecord& record, std::uint64_t player) {
  const std::uint32_t side = record.player_ids(0) == player ? 1 : 0;
  const std::uint64_t other = record.player_ids(static_cast<int>(side));
  const auto root = find_root(shard, other);
  if (!root || root->status != Status::kActive || swapped_leg(shard, other, txn)) return true;
  const auto hold = find_hold(shard, txn, side);
  return decision_of(shard, txn).swapped || (hold && hold->verdict == proto::COMMIT);
}

// What it did with characters of this shard stands in its own rows and is not in theirs: nobody else could tell it
// again, and half of a trade is not let in. Null: nothing.
const char* half_of(Shard& shard, std::uint64_t account_id) {
  {
    Query row(shard.db,
              "SELECT h.txn_id, h.leg, h.terms FROM hold h JOIN player USING(pid) "
              "WHERE account_id = ?1 AND vote = 1 AND verdict = 1",
              account_id);
    while (row.row()) {
      proto::TradeTerms terms;
      if (!terms.ParseFromString(row.text(2)) || terms.sides_size() != 2) return "a trade of it cannot be read";
      if (!other_leg_here(shard, row.key(0), 1 - row.u32(1), terms))
        return "it has traded with characters of this shard since the backup";
    }
  }
  {
    Query row(shard.db, "SELECT txn_id, pid, record FROM swapped_leg JOIN player USING(pid) WHERE account_id = ?1",
              account_id);
    while (row.row()) {
      proto::SwapRecord record;
      const bool whole = record.ParseFromString(row.text(2)) && record.player_ids_size() == 2;
      if (!whole) return "a trade of it cannot be read";
      if (!other_half_of_swap_here(shard, row.key(0), record, row.u64(1)))
        return "it has traded with characters of this shard since the backup";
    }
  }
  const bool received = shard.db
                            .number(
                                "SELECT 1 FROM inbox i JOIN player p USING(pid) JOIN player s ON s.pid = i.from_pid "
                                "WHERE p.account_id = ?1 AND s.status = 0 AND NOT EXISTS "
                                "(SELECT 1 FROM outbox o WHERE o.message_id = i.message_id) LIMIT 1",
                                account_id)
                            .has_value();
  if (received) return "it has letters of characters of this shard that the backup does not know";
  const bool sent = shard.db
                        .number(
                            "SELECT 1 FROM outbox o JOIN player p USING(pid) JOIN player r ON r.pid = o.to_pid "
                            "WHERE p.account_id = ?1 AND o.state = 1 AND r.status = 0 AND NOT EXISTS "
                            "(SELECT 1 FROM inbox i WHERE i.message_id = o.message_id) LIMIT 1",
                            account_id)
                        .has_value();
  return sent ? "it has written to characters of this shard since the backup" : nullptr;
}

std::map<std::string, std::int64_t> moved(Shard& shard) {
  std::map<std::string, std::int64_t> amounts;
  Query row(shard.db, "SELECT currency, amount FROM account WHERE kind = 3 AND name = 'move' AND amount <> 0");
  while (row.row()) amounts[row.text(0)] = row.i64(1);
  return amounts;
}

}  // namespace

proto::BroughtBack bring_back(Shard& shard, const proto::BringBack& request) {
  proto::BroughtBack reply;
  const std::uint64_t account = request.copy().account_id(), m = request.copy().move_id();
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  require(closed(shard.db), "not closed");
  const AccountHere here = account_here(shard, account);
  const bool asks = request.copy().bytes_total() == 0;
  if (asks || here.mv >= m) {
    reply.set_state(static_cast<proto::AccountState>(here.state));
    reply.set_mv(here.mv);
    reply.set_bytes_next(request.copy().bytes_total());
    return reply;
  }
  // As it was at the backup: it has left since, and come again.
  const bool older = here.state == AccountState::kActive || here.state == AccountState::kMoving ||
                     here.state == AccountState::kArriving;
  if (older) give_up(shard, account, std::max<std::uint64_t>(here.mv, 1), shard.number);
  proto::MoveCopy part = request.copy();
  part.set_shard(shard.number);
  const proto::MoveStepReply copied = copy(
      shard, part, [&](const proto::MoveContent& content) { make_room(shard, content, request.source(), &reply); });
  require(copied.code() == proto::STORED, copied.detail().c_str());
  reply.set_bytes_next(copied.bytes_next());
  reply.set_state(copied.state());
  reply.set_mv(copied.mv());
  if (copied.state() != proto::ACCOUNT_ARRIVING || copied.mv() != m) return reply;  // more parts
  const char* half = half_of(shard, account);
  require(half == nullptr, half);
  proto::MoveActivate step;
  step.set_shard(shard.number);
  step.set_account_id(account);
  step.set_move_id(m);
  step.set_fate(proto::MOVE_FLIPPED);
  const proto::MoveStepReply active = activate(shard, step);
  require(active.code() == proto::STORED, "cannot be brought back");
  reply.set_state(active.state());
  shard.db.run("INSERT INTO brought_back VALUES(?1) ON CONFLICT DO NOTHING", account);
  // Epochs were granted here after it came; like all of a restored shard's.
  shard.db.run(
      "UPDATE player SET epoch = epoch + ?2, owner_inc = zeroblob(16), owner_node = 0, last_pseq = 0, acquire_id = 0, "
      "acquire_epoch = 0 WHERE account_id = ?1",
      account, kEpochsLeftOut);
  return reply;
}

std::vector<std::string> halves_brought_back(Shard& shard) {
  std::vector<std::uint64_t> accounts;
  {
    Query row(shard.db, "SELECT account_id FROM brought_back ORDER BY account_id");
    while (row.row()) accounts.push_back(row.u64(0));
  }
  std::vector<std::string> lines;
  for (const std::uint64_t account : accounts)
    if (const char* half = half_of(shard, account))
      lines.push_back("half: account " + std::to_string(account) + " came after the backup, and " + half);
  return lines;
}

proto::MovesBalanceReply moves_balance(Shard& shard, const proto::MovesBalance& request) {
  proto::MovesBalanceReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  for (const auto& [currency, amount] : moved(shard)) {
    auto* out = reply.add_moved();
    out->set_name(currency);
    out->set_value(amount);
  }
  reply.set_under_way(shard.db.number("SELECT 1 FROM account_move WHERE state IN (1, 2) LIMIT 1").has_value());
  return reply;
}

// What an account earned before it left, and the backup does not know, it took away all the same.
proto::ReconcileReply balance_moves(Shard& shard, const proto::BalanceMoves& request) {
  proto::ReconcileReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  require(closed(shard.db), "not closed");
  std::map<std::string, std::int64_t> sums = moved(shard);
  for (const auto& amount : request.others())
    require(!__builtin_add_overflow(sums[amount.name()], amount.value(), &sums[amount.name()]), "overflow");
  Posting posting(shard, {0, 0, 0, kReconcileReason});
  for (const auto& [currency, sum] : sums) {
    if (sum == 0) continue;
    if (sum > 0)
      posting.move(currency, sum, move_transit(), sink(kReconcileReason));
    else
      posting.move(currency, -sum, faucet(kReconcileReason), move_transit());
    reply.set_redone(reply.redone() + 1);
    reply.add_notes(std::to_string(sum > 0 ? sum : -sum) + " " + currency +
                    (sum > 0 ? " of accounts that moved since are gone with the restore"
                             : " left with accounts that moved since and were earned after the backup"));
  }
  return reply;
}

}  // namespace dure::store

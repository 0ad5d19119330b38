// What the directory knows of a restored shard's accounts, and whether it is open.
#include <algorithm>

#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/trade.pb.h"
#include "dbagent/store/move.h"
#include "dbagent/store/reconcile.h"
#include "dbagent/store/trade.h"

namespace dure::store {

proto::AccountsHereReply accounts_here(Shard& shard, const proto::AccountsHere& request) {
  proto::AccountsHereReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const std::uint32_t limit = request.limit() == 0 ? 1000 : std::min(request.limit(), 10'000u);
  Query row(shard.db,
            "SELECT DISTINCT account_id FROM player WHERE account_id > ?1 AND status <> 3 ORDER BY account_id LIMIT ?2",
            request.after(), limit);
  while (row.row()) reply.add_account_ids(row.u64(0));
  return reply;
}

// By the map it is elsewhere since a move that this file has not seen: there is what counts. A trade that its leg holds
// here was ended there.
void give_up(Shard& shard, std::uint64_t account, std::uint64_t m, std::uint32_t other_shard) {
  shard.db.run("UPDATE player SET status = 0 WHERE account_id = ?1", account);
  std::vector<std::pair<Key16, std::uint32_t>> open;
  {
    Query row(shard.db, "SELECT txn_id, leg FROM hold JOIN player USING(pid) WHERE account_id = ?1 AND finished = 0",
              account);
    while (row.row()) open.emplace_back(row.key(0), row.u32(1));
  }
  for (const auto& [txn, side] : open) {
    auto hold = find_hold(shard, txn, side);
    auto root = find_root(shard, hold->player_id);
    settle(shard, *root, *hold, proto::ABORT, {});
  }
  shard.db.run("INSERT INTO account_move VALUES(?1, 1, ?2, ?3) ON CONFLICT DO UPDATE SET state = 1, mv = ?2, at = ?3",
               account, m, shard.file.shard_time());
  shard.db.run("UPDATE player SET status = 1, mv = ?2 WHERE account_id = ?1", account, m);
  proto::MoveRetire step;
  step.set_shard(shard.number);
  step.set_account_id(account);
  step.set_move_id(m);
  step.set_fate(proto::MOVE_FLIPPED);
  step.set_other_shard(other_shard);
  const auto retired = retire(shard, step);
  require(retired.code() == proto::STORED, "cannot be given up");
  shard.db.run("DELETE FROM moved_copy WHERE account_id = ?1", account);
}

proto::ReconcileReply give_up_account(Shard& shard, const proto::GiveUpAccount& request) {
  proto::ReconcileReply reply;
  const std::uint64_t account = request.move().account_id(), m = request.move().move_id();
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  require(closed(shard.db), "not closed");
  const AccountHere here = account_here(shard, account);
  const bool gone = here.state == AccountState::kMoved || here.state == AccountState::kDiscarded ||
                    here.state == AccountState::kAbsent;
  if (gone) return reply;
  require(here.mv <= m, "a later move was here");
  give_up(shard, account, m, request.move().target());
  reply.set_redone(1);
  reply.add_notes("account " + std::to_string(account) + " has moved to shard " +
                  std::to_string(request.move().target()) + " since");
  return reply;
}

proto::ExpectPlayersReply expect_players(Shard& shard, const proto::ExpectPlayers& request) {
  proto::ExpectPlayersReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  for (const auto& name : request.names()) {
    // A name is released before its character is purged: such a row is of this settling, which ended before that.
    const auto root = find_root(shard, name.player_id());
    if (root && root->kind != RootKind::kPurged) continue;
    *reply.add_missing() = name;
    reply.add_known_moves(account_here(shard, name.account_id()).mv);
  }
  return reply;
}

bool closed(Database& db) { return db.number("SELECT 1 FROM restored WHERE closed = 1").has_value(); }

namespace {

constexpr std::size_t kNotesMax = 64 << 10;

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text.size() > kNotesMax ? text.substr(0, kNotesMax) : text;
}
void split(const std::string& text, const std::function<void(const std::string&)>& line) {
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    line(text.substr(from, end - from));
    from = end + 1;
  }
}

}  // namespace

proto::ClosedReply closed_state(Shard& shard, const proto::ClosedQuery& request) {
  proto::ClosedReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  Query row(shard.db, "SELECT closed, at, rounds, notes, open FROM restored ORDER BY generation DESC LIMIT 1");
  if (!row.row()) return reply;
  reply.set_closed(row.i64(0) == 1);
  reply.set_since_unix_ms(row.i64(1));
  reply.set_rounds(row.u64(2));
  split(row.text(3), [&](const std::string& line) { reply.add_notes(line); });
  split(row.text(4), [&](const std::string& line) { reply.add_open(line); });
  return reply;
}

proto::OpenShardReply open_shard(Shard& shard, const proto::OpenShard& request) {
  proto::OpenShardReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  if (!closed(shard.db)) return reply;
  if (request.by().empty() || request.keep_closed()) {
    std::string notes;
    {
      Query row(shard.db, "SELECT notes FROM restored WHERE closed = 1");
      if (row.row()) notes = row.text(0);
    }
    notes += joined(request.notes());
    if (notes.size() > kNotesMax) notes.resize(kNotesMax);
    shard.db.run("UPDATE restored SET rounds = rounds + 1, notes = ?1, open = ?2 WHERE closed = 1", notes,
                 joined(request.open()));
  }
  if (request.keep_closed()) return reply;
  if (request.by().empty() && request.open_size() > 0) {
    reply.set_code(proto::REJECTED);
    reply.set_detail("something is open");
    return reply;
  }
  give_back_from_graves(shard);
  shard.db.run("DELETE FROM let_go");
  shard.db.run("DELETE FROM brought_back");
  shard.db.run("UPDATE restored SET closed = 0, opened_by = ?1 WHERE closed = 1",
               request.by().empty() ? std::string("reconcile") : request.by());
  return reply;
}

}  // namespace dure::store

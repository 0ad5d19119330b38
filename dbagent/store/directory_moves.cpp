// The register of moves: which shard an account is on, and what became of every move it was ever meant to make. An open
// move ends once, in FLIP or in ABORT, and its fate is never changed again.
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
#include "dbagent/store/directory.h"

namespace dure::store {
namespace {

struct Mapped {
  std::uint32_t shard = 0;
  std::uint64_t map_version = 0;
  std::uint64_t intent = 0;
};

std::optional<Mapped> mapped(Directory& directory, std::uint64_t account_id) {
  Query row(directory.db, "SELECT shard, map_version, move_intent FROM account WHERE account_id = ?1", account_id);
  if (!row.row()) return std::nullopt;
  return Mapped{row.u32(0), row.u64(1), row.u64(2)};
}

void put_move(const Query& row, proto::MoveRecord* out) {
  out->set_account_id(row.u64(0));
  out->set_move_id(row.u64(1));
  out->set_source(row.u32(2));
  out->set_target(row.u32(3));
  out->set_fate(static_cast<proto::MoveFate>(row.i64(4)));
}

std::uint64_t greatest_move(Directory& directory, std::uint64_t account_id) {
  return static_cast<std::uint64_t>(
      directory.db.number("SELECT coalesce(max(move_id), 0) FROM move WHERE account_id = ?1", account_id).value_or(0));
}

proto::MoveReply tell(Directory& directory, std::uint64_t account_id, std::uint64_t move_id, proto::StoreCode code,
                      const char* detail = "") {
  proto::MoveReply reply;
  reply.set_code(code);
  reply.set_detail(detail);
  if (const auto account = mapped(directory, account_id)) {
    reply.set_shard(account->shard);
    reply.set_map_version(account->map_version);
    reply.set_intent(account->intent);
  }
  Query row(directory.db,
            "SELECT account_id, move_id, source, target, fate FROM move WHERE account_id = ?1 AND move_id = ?2",
            account_id, move_id);
  if (row.row()) put_move(row, reply.mutable_move());
  return reply;
}

Fate fate_of(Directory& directory, std::uint64_t account_id, std::uint64_t move_id) {
  return static_cast<Fate>(
      directory.db.number("SELECT fate FROM move WHERE account_id = ?1 AND move_id = ?2", account_id, move_id)
          .value_or(0));
}

void close_move(Directory& directory, std::uint64_t account_id, std::uint64_t move_id, Fate fate) {
  directory.db.run("UPDATE account SET move_intent = 0 WHERE account_id = ?1", account_id);
  directory.db.run("UPDATE move SET fate = ?3, at = ?4 WHERE account_id = ?1 AND move_id = ?2", account_id, move_id,
                   static_cast<int>(fate), directory.file.shard_time());
}

bool known_shard(Directory& directory, std::uint32_t shard) {
  const bool configured = shard >= directory.first_shard && shard < directory.first_shard + directory.shards;
  return configured || directory.db.number("SELECT 1 FROM shard_load WHERE shard = ?1", shard).has_value();
}

void count_account(Directory& directory, std::uint32_t shard, int more) {
  directory.db.run(
      "INSERT INTO shard_load VALUES(?1, max(?2, 0)) ON CONFLICT DO UPDATE SET accounts = max(accounts + ?2, 0)", shard,
      more);
}

}  // namespace

// INTENT(m): intent = none ∧ m = greatest id + 1.
proto::MoveReply intend_move(Directory& directory, const proto::MoveIntent& request) {
  const std::uint64_t account_id = request.account_id(), m = request.move_id();
  const auto account = mapped(directory, account_id);
  if (!account) return tell(directory, account_id, m, proto::NO_SUCH);
  if (account->intent == m && m != 0 &&
      tell(directory, account_id, m, proto::STORED).move().target() == request.target())
    return tell(directory, account_id, m, proto::STORED);
  if (account->intent != 0)
    return tell(directory, account_id, account->intent, proto::EXPECTED_OTHER, "another move is open");
  if (m != greatest_move(directory, account_id) + 1)
    return tell(directory, account_id, m, proto::EXPECTED_OTHER, "not the next move");
  if (request.target() == account->shard) return tell(directory, account_id, m, proto::EXPECTED_OTHER, "is there");
  if (!known_shard(directory, request.target()))
    return tell(directory, account_id, m, proto::EXPECTED_OTHER, "no such shard");
  directory.db.run("INSERT INTO move VALUES(?1, ?2, ?3, ?4, 1, ?5)", account_id, m, account->shard, request.target(),
                   directory.file.shard_time());
  directory.db.run("UPDATE account SET move_intent = ?2 WHERE account_id = ?1", account_id, m);
  return tell(directory, account_id, m, proto::STORED);
}

// FLIP(m): intent = m ∧ the target answered ARRIVING(m).
proto::MoveReply flip_move(Directory& directory, const proto::MoveFlip& request) {
  const std::uint64_t account_id = request.account_id(), m = request.move_id();
  const auto account = mapped(directory, account_id);
  if (!account) return tell(directory, account_id, m, proto::NO_SUCH);
  if (fate_of(directory, account_id, m) == Fate::kFlipped) return tell(directory, account_id, m, proto::STORED);
  if (account->intent != m || m == 0)
    return tell(directory, account_id, m, proto::EXPECTED_OTHER, "is not the open move");
  const std::uint32_t target = tell(directory, account_id, m, proto::STORED).move().target();
  if (request.arrived_move() != m || request.arrived_shard() != target)
    return tell(directory, account_id, m, proto::EXPECTED_OTHER, "has not arrived");
  close_move(directory, account_id, m, Fate::kFlipped);
  directory.db.run("UPDATE account SET shard = ?2, map_version = map_version + 1 WHERE account_id = ?1", account_id,
                   target);
  count_account(directory, account->shard, -1);
  count_account(directory, target, 1);
  return tell(directory, account_id, m, proto::STORED);
}

// MOVEABORT(m): intent = m.
proto::MoveReply abort_move(Directory& directory, const proto::MoveAbort& request) {
  const std::uint64_t account_id = request.account_id(), m = request.move_id();
  const auto account = mapped(directory, account_id);
  if (!account) return tell(directory, account_id, m, proto::NO_SUCH);
  if (fate_of(directory, account_id, m) == Fate::kAborted) return tell(directory, account_id, m, proto::STORED);
  if (account->intent != m || m == 0)
    return tell(directory, account_id, m, proto::EXPECTED_OTHER, "is not the open move");
  close_move(directory, account_id, m, Fate::kAborted);
  return tell(directory, account_id, m, proto::STORED);
}

proto::MoveReply find_move(Directory& directory, const proto::MoveQuery& request) {
  const std::uint64_t m = request.move_id() != 0 ? request.move_id() : greatest_move(directory, request.account_id());
  const bool known = mapped(directory, request.account_id()).has_value();
  return tell(directory, request.account_id(), m, known ? proto::STORED : proto::NO_SUCH);
}

proto::OpenMovesReply open_moves(Directory& directory, const proto::OpenMovesQuery& request) {
  proto::OpenMovesReply reply;
  Query row(directory.db,
            "SELECT account_id, move_id, source, target, fate FROM move WHERE fate = 1 ORDER BY account_id LIMIT ?1",
            request.limit() == 0 ? 1000u : request.limit());
  while (row.row()) put_move(row, reply.add_moves());
  if (request.count())
    reply.set_begun(static_cast<std::uint64_t>(directory.db.number("SELECT count(*) FROM move").value_or(0)));
  return reply;
}

proto::MovesIntoReply moves_into(Directory& directory, const proto::MovesInto& request) {
  proto::MovesIntoReply reply;
  Query row(directory.db,
            "SELECT account_id, move_id, source, target, fate FROM account JOIN move m USING(account_id) "
            "WHERE shard = ?1 AND account_id > ?2 AND target = ?1 AND fate = 2 AND move_id = "
            "(SELECT max(move_id) FROM move WHERE account_id = m.account_id AND fate = 2) ORDER BY account_id LIMIT ?3",
            request.shard(), request.after(), request.limit() == 0 ? 1000u : request.limit());
  while (row.row()) put_move(row, reply.add_moves());
  return reply;
}

// Accounts that are already on their way from there are not among them.
proto::AccountsOfShardReply accounts_of_shard(Directory& directory, const proto::AccountsOfShard& request) {
  proto::AccountsOfShardReply reply;
  Query row(
      directory.db,
      "SELECT account_id FROM account WHERE shard = ?1 AND account_id > ?2 AND move_intent = 0 ORDER BY account_id "
      "LIMIT ?3",
      request.shard(), request.after(), request.limit() == 0 ? 1000u : std::min(request.limit(), 10'000u));
  while (row.row()) reply.add_account_ids(row.u64(0));
  return reply;
}

std::map<std::uint32_t, std::uint64_t> accounts_by_shard(Directory& directory) {
  std::map<std::uint32_t, std::uint64_t> shards;
  for (std::uint32_t i = 0; i < directory.shards; ++i) shards[directory.first_shard + i] = 0;
  Query row(directory.db, "SELECT shard, accounts FROM shard_load");
  while (row.row()) shards[row.u32(0)] = row.u64(1);
  return shards;
}

proto::ShardsReply known_shards(Directory& directory, const proto::ShardsQuery&) {
  proto::ShardsReply reply;
  for (const auto& [shard, accounts] : accounts_by_shard(directory)) {
    auto* out = reply.add_shards();
    out->set_shard(shard);
    out->set_accounts(accounts);
  }
  return reply;
}

proto::ShardsServedReply shards_served(Directory& directory, const proto::ShardsServed& request) {
  for (const std::uint32_t shard : request.shards())
    directory.db.run("INSERT INTO shard_load VALUES(?1, 0) ON CONFLICT DO NOTHING", shard);
  return {};
}

}  // namespace dure::store

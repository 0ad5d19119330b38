#include "common/proto/dbagent.pb.h"
#include "dbagent/store/move.h"

namespace dure::store {
namespace {

proto::StoreReply answer(proto::StoreCode code, const char* detail = "") {
  proto::StoreReply reply;
  reply.set_code(code);
  reply.set_detail(detail);
  return reply;
}

std::int64_t living_characters(Shard& shard, std::uint64_t account_id) {
  return shard.db
      .number("SELECT count(*) FROM player WHERE account_id = ?1 AND kind = 0 AND (delete_at = 0 OR delete_at > ?2)",
              account_id, shard.file.shard_time())
      .value_or(0);
}

}  // namespace

// Those whose grace after deletion has passed are not shown; their rows and their value stay.
proto::CharactersReply characters(Shard& shard, const proto::CharactersRequest& request) {
  proto::CharactersReply reply;
  if (const int code = account_unavailable(shard, request.shard(), request.account_id()); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  Query rows(shard.db,
             "SELECT player.pid, player.name, delete_at, coalesce(value, 0) FROM player "
             "LEFT JOIN counter ON counter.pid = player.pid AND counter.name = 'level' "
             "WHERE account_id = ?1 AND kind = 0 AND (delete_at = 0 OR delete_at > ?2) ORDER BY player.pid",
             request.account_id(), shard.file.shard_time());
  while (rows.row()) {
    auto* character = reply.add_characters();
    character->set_player_id(rows.u64(0));
    character->set_name(rows.text(1));
    character->set_delete_at_unix_ms(rows.i64(2));
    character->set_level(rows.u32(3));
  }
  return reply;
}

// CREATE, between RESERVE and CLAIM of the name: the reservation's number makes it repeatable.
proto::StoreReply create_player(Shard& shard, const proto::CreatePlayerRequest& request) {
  if (const int code = account_unavailable(shard, request.shard(), request.account_id()); code != 0)
    return answer(static_cast<proto::StoreCode>(code));
  if (request.player_id() == 0 || request.account_id() == 0 || request.name().empty())
    return answer(proto::REJECTED, "incomplete");
  {
    Query row(shard.db, "SELECT account_id, reservation, kind FROM player WHERE pid = ?1", request.player_id());
    if (row.row()) {
      const bool same = row.u64(0) == request.account_id() && row.u64(1) == request.reservation() &&
                        static_cast<RootKind>(row.i64(2)) != RootKind::kPurged;
      return same ? answer(proto::STORED) : answer(proto::EXPECTED_OTHER, "player exists");
    }
  }
  if (!request.ownerless() && living_characters(shard, request.account_id()) >= shard.characters_max)
    return answer(proto::REJECTED, "slots");
  shard.db.run(
      "INSERT INTO player(pid, account_id, realm_id, name, data_version, status, reservation, created_at, "
      "kind) VALUES(?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8)",
      request.player_id(), request.account_id(), request.realm_id() == 0 ? 1u : request.realm_id(), request.name(),
      kDataVersion, request.reservation(), shard.file.shard_time(),
      static_cast<int>(request.ownerless() ? RootKind::kOwnerless : RootKind::kCharacter));
  return answer(proto::STORED);
}

proto::StoreReply delete_player(Shard& shard, const proto::DeletePlayerRequest& request) {
  const auto root = find_root(shard, request.player_id());
  if (const int code = unavailable(shard, request.shard(), root); code != 0)
    return answer(static_cast<proto::StoreCode>(code));
  if (root->delete_at != 0 && root->delete_at <= shard.file.shard_time()) return answer(proto::NO_SUCH);
  const auto changed = shard.db.run("UPDATE player SET delete_at = ?3 WHERE pid = ?1 AND account_id = ?2 AND kind = 0",
                                    request.player_id(), request.account_id(), request.delete_at_unix_ms());
  return changed == 1 ? answer(proto::STORED) : answer(proto::NO_SUCH, "not of this account");
}

}  // namespace dure::store

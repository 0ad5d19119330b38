#include <algorithm>

#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "dbagent/store/directory.h"

namespace dure::store {
namespace {

// A name's place among 64 fixed partitions, which never changes however many files they are spread over.
struct NameKey {
  explicit NameKey(const std::string& name) : skeleton(name_skeleton(name)) {
    partition = static_cast<std::uint32_t>(fnv1a(skeleton) % kNamePartitions);
  }
  std::string skeleton;
  std::uint32_t partition = 0;
};

struct NameRow {
  std::uint64_t player_id = 0;
  std::uint64_t reservation = 0;
  NameState state = NameState::kReserved;
  std::uint64_t account_id = 0;
  std::string shown;
  bool given_up = false;
};

std::optional<NameRow> find_name(Directory& directory, const NameKey& key) {
  Query row(directory.db,
            "SELECT player_id, reservation, state, account_id, shown, given_up FROM name "
            "WHERE partition = ?1 AND skeleton = ?2",
            key.partition, key.skeleton);
  if (!row.row()) return std::nullopt;
  return NameRow{row.u64(0), row.u64(1), static_cast<NameState>(row.i64(2)), row.u64(3), row.text(4), row.i64(5) != 0};
}

void set_state(Directory& directory, const NameKey& key, NameState state) {
  directory.db.run("UPDATE name SET state = ?3, at = ?4 WHERE partition = ?1 AND skeleton = ?2", key.partition,
                   key.skeleton, static_cast<int>(state), directory.file.shard_time());
}

proto::StoreReply answer(proto::StoreCode code, const char* detail = "") {
  proto::StoreReply reply;
  reply.set_code(code);
  reply.set_detail(detail);
  return reply;
}

// Rows stay for ever: whoever asks for the character that never was finds that it was to be. Under a key that is no
// name's, since a skeleton has no upper-case letters.
void bury(Directory& directory, const NameKey& key, std::uint64_t player_id) {
  directory.db.run("UPDATE name SET skeleton = ?3, given_up = 0 WHERE partition = ?1 AND skeleton = ?2", key.partition,
                   key.skeleton, key.skeleton + " GIVEN UP " + std::to_string(player_id));
}

bool known_player(Directory& directory, std::uint64_t player_id) {
  return directory.db.number("SELECT 1 FROM name WHERE player_id = ?1", player_id).has_value();
}

}  // namespace

// RESERVE: the first to ask has it, also against look-alikes. A tombstone is taken for ever, but for one: a creation
// that was ruled out before it happened leaves the name to its account, for another character.
proto::ReserveNameReply reserve_name(Directory& directory, const proto::ReserveName& request) {
  proto::ReserveNameReply reply;
  const NameKey key(request.name());
  const auto shard = directory.db.number("SELECT shard FROM account WHERE account_id = ?1", request.account_id());
  if (!shard || key.skeleton.empty() || request.player_id() == 0) {
    reply.set_code(shard ? proto::REJECTED : proto::NO_SUCH);
    return reply;
  }
  reply.set_shard(static_cast<std::uint32_t>(*shard));
  if (const auto row = find_name(directory, key)) {
    const bool ours = row->player_id == request.player_id() && row->reservation == request.reservation() &&
                      row->state != NameState::kTombstone;
    const bool own = row->account_id == request.account_id();
    if (!own || !row->given_up || known_player(directory, request.player_id())) {
      reply.set_code(ours ? proto::STORED : proto::NAME_TAKEN);
      if (!ours && own && row->state == NameState::kReserved && row->shown == request.name()) {
        reply.set_own_player(row->player_id);
        reply.set_own_reservation(row->reservation);
      }
      return reply;
    }
    bury(directory, key, row->player_id);
  }
  directory.db.run("INSERT INTO name VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, 0)", key.partition, key.skeleton,
                   request.name(), request.player_id(), request.account_id(), request.reservation(),
                   directory.file.shard_time());
  return reply;
}

// CLAIM after CREATE. Released names leave a tombstone, reserved ones too: a CREATE may still be on its way, unless it
// was ruled out.
proto::StoreReply claim_name(Directory& directory, const proto::ClaimName& request) {
  const NameKey key(request.name());
  const auto row = find_name(directory, key);
  if (!row) return answer(proto::NO_SUCH);
  const bool ours = row->player_id == request.player_id() && row->reservation == request.reservation();
  if (!ours) return answer(proto::EXPECTED_OTHER, "reserved by another");
  if (request.release()) {
    if (row->state == NameState::kReserved && request.ruled_out())
      directory.db.run("UPDATE name SET given_up = 1 WHERE partition = ?1 AND skeleton = ?2", key.partition,
                       key.skeleton);
    if (row->state != NameState::kTombstone) set_state(directory, key, NameState::kTombstone);
    return answer(proto::STORED);
  }
  if (row->state == NameState::kTombstone) return answer(proto::EXPECTED_OTHER, "released");
  if (row->state == NameState::kReserved) set_state(directory, key, NameState::kClaimed);
  return answer(proto::STORED);
}

proto::ReservedNamesReply reserved_names(Directory& directory, const proto::ReservedNames& request) {
  proto::ReservedNamesReply reply;
  const std::uint32_t limit = request.limit() == 0 || request.limit() > 100 ? 100 : request.limit();
  // The shards in turn: those of one that cannot be asked do not hold up the others.
  Query row(directory.db,
            "SELECT shown, player_id, account_id, shard, reservation FROM name JOIN account USING(account_id) "
            "WHERE state = 0 AND at <= ?1 ORDER BY row_number() OVER (PARTITION BY shard ORDER BY at), at LIMIT ?2",
            directory.file.shard_time() - static_cast<std::int64_t>(request.older_than_ms()), limit);
  while (row.row()) {
    auto* name = reply.add_names();
    name->set_name(row.text(0));
    name->set_player_id(row.u64(1));
    name->set_account_id(row.u64(2));
    name->set_shard(row.u32(3));
    name->set_reservation(row.u64(4));
  }
  return reply;
}

proto::NamesOfShardReply names_of_shard(Directory& directory, const proto::NamesOfShard& request) {
  proto::NamesOfShardReply reply;
  const std::uint32_t limit = request.limit() == 0 ? 1000 : std::min(request.limit(), 10'000u);
  Query row(directory.db,
            "SELECT shown, player_id, account_id, shard, reservation FROM name JOIN account USING(account_id) "
            "WHERE state = 1 AND shard = ?1 AND player_id > ?2 ORDER BY player_id LIMIT ?3",
            request.shard(), request.after_player(), limit);
  while (row.row()) {
    auto* name = reply.add_names();
    name->set_name(row.text(0));
    name->set_player_id(row.u64(1));
    name->set_account_id(row.u64(2));
    name->set_shard(row.u32(3));
    name->set_reservation(row.u64(4));
  }
  return reply;
}

proto::PlayerLocateReply locate_player(Directory& directory, const proto::PlayerLocate& request) {
  proto::PlayerLocateReply reply;
  const auto read = [&](Query& row) {
    if (!row.row()) return reply.set_code(proto::NO_SUCH);
    reply.set_player_id(row.u64(0));
    reply.set_account_id(row.u64(1));
    reply.set_shard(row.u32(2));
    reply.set_name(row.text(3));
  };
  if (request.player_id() != 0) {
    Query row(directory.db,
              "SELECT player_id, account_id, shard, shown FROM name JOIN account USING(account_id) "
              "WHERE player_id = ?1 AND (state = 1 OR ?2) ORDER BY state = 1 DESC LIMIT 1",
              request.player_id(), request.any_state() ? 1 : 0);
    read(row);
  } else {
    const NameKey key(request.name());
    Query row(directory.db,
              "SELECT player_id, account_id, shard, shown FROM name JOIN account USING(account_id) "
              "WHERE partition = ?1 AND skeleton = ?2 AND (state = 1 OR ?3)",
              key.partition, key.skeleton, request.any_state() ? 1 : 0);
    read(row);
  }
  return reply;
}

}  // namespace dure::store

#include "common/proto/dbagent.pb.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/shard.h"
#include "dbagent/store/trade.h"

namespace dure::store {

std::optional<Root> find_root(Shard& shard, std::uint64_t player_id) {
  Query row(shard.db,
            "SELECT status, epoch, owner_inc, owner_node, last_pseq, settle_seq, last_creq, last_creq_hash, "
            "last_creq_result, acquire_id, acquire_epoch, delete_at, kind FROM player WHERE pid = ?1",
            player_id);
  if (!row.row()) return std::nullopt;
  Root root;
  root.player_id = player_id;
  root.status = static_cast<Status>(row.i64(0));
  root.epoch = row.u64(1);
  root.owner_incarnation = row.key(2);
  root.owner_node = row.u32(3);
  root.last_pseq = row.u64(4);
  root.settle_seq = row.u64(5);
  root.last_creq = row.u64(6);
  root.last_creq_hash = row.u64(7);
  root.last_creq_result = row.u32(8);
  root.acquire_id = row.u64(9);
  root.acquire_epoch = row.u64(10);
  root.delete_at = row.i64(11);
  root.kind = static_cast<RootKind>(row.i64(12));
  return root;
}

int unavailable(const Shard& shard, std::uint32_t asked_shard, const std::optional<Root>& root) {
  if (!root) return asked_shard == shard.number ? proto::NO_SUCH : proto::WRONG_SHARD;
  switch (root->status) {
    case Status::kActive:
      return 0;
    case Status::kMoved:
      return proto::WRONG_SHARD;
    case Status::kMoving:
    case Status::kArriving:
      return proto::RETRY;
  }
  return proto::RETRY;
}

bool owned_by(const Root& root, std::uint64_t epoch, const Key16& owner_incarnation) {
  return root.epoch == epoch && root.owner_incarnation == owner_incarnation && !owner_incarnation.zero();
}

// Nobody learns of an epoch before the last one that ended.
void end_epoch(Shard& shard, const Root& root) {
  shard.db.run("DELETE FROM ended_epoch WHERE pid = ?1", root.player_id);
  shard.db.run("INSERT INTO ended_epoch VALUES(?1, ?2, ?3)", root.player_id, root.epoch, root.last_pseq);
}

void fence(Shard& shard, Root& root) {
  end_epoch(shard, root);
  ++root.epoch;
  root.owner_incarnation = {};
  root.owner_node = 0;
  root.last_pseq = 0;
  shard.db.run(
      "UPDATE player SET epoch = ?2, owner_inc = zeroblob(16), owner_node = 0, last_pseq = 0, last_creq = ?3, "
      "last_creq_hash = ?4, last_creq_result = ?5 WHERE pid = ?1",
      root.player_id, root.epoch, root.last_creq, root.last_creq_hash, root.last_creq_result);
}

namespace {

constexpr std::size_t kLettersBytesMost = 1 << 20;  // a grant is one message of the bus, with all else that is owned

void read_amounts(Shard& shard, const Account& account, const std::function<proto::Amount*()>& add) {
  Query amounts(shard.db,
                "SELECT currency, amount FROM account WHERE kind = ?1 AND owner = ?2 AND name = '' AND amount <> 0 "
                "ORDER BY currency",
                static_cast<int>(account.kind), account.owner);
  while (amounts.row()) {
    proto::Amount* amount = add();
    amount->set_name(amounts.text(0));
    amount->set_value(amounts.i64(1));
  }
}

void read_row(Shard& shard, std::uint64_t player_id, proto::Aggregate* out) {
  Query row(shard.db,
            "SELECT account_id, realm_id, player.name, data_version, hint.body, layout.body FROM player "
            "LEFT JOIN hint USING(pid) LEFT JOIN layout USING(pid) WHERE pid = ?1",
            player_id);
  if (!row.row()) return;
  out->set_player_id(player_id);
  out->set_account_id(row.u64(0));
  out->set_realm_id(row.u32(1));
  out->set_name(row.text(2));
  out->set_data_version(row.u32(3));
  if (!row.bytes(4).empty()) out->mutable_hint()->ParseFromString(row.text(4));
  out->set_layout(row.text(5));
}

void read_marks(Shard& shard, std::uint64_t player_id, proto::Aggregate* out) {
  Query flags(shard.db, "SELECT name FROM flag WHERE pid = ?1 ORDER BY name", player_id);
  while (flags.row()) out->add_flags(flags.text(0));
  Query counters(shard.db, "SELECT name, value FROM counter WHERE pid = ?1 ORDER BY name", player_id);
  while (counters.row()) {
    auto* counter = out->add_counters();
    counter->set_name(counters.text(0));
    counter->set_value(counters.i64(1));
  }
}

void read_reserved(Shard& shard, std::uint64_t player_id, proto::Aggregate* out) {
  Query holds(shard.db,
              "SELECT currency, sum(max(give, get)) FROM hold JOIN hold_amount USING(txn_id, leg) "
              "WHERE pid = ?1 AND finished = 0 GROUP BY currency ORDER BY currency",
              player_id);
  while (holds.row()) {
    auto* amount = out->add_reserved();
    amount->set_name(holds.text(0));
    amount->set_value(holds.i64(1));
  }
}

}  // namespace

void read_balances(Shard& shard, std::uint64_t player_id, const std::function<proto::Amount*()>& add) {
  read_amounts(shard, player_account(player_id), add);
}

void read_inbox(Shard& shard, std::uint64_t player_id, std::uint32_t limit,
                const std::function<proto::InboxEntry*()>& add) {
  Query letters(shard.db,
                "SELECT message_id, reason, memo, from_pid, returned FROM inbox WHERE pid = ?1 AND state = 0 "
                "ORDER BY at, message_id LIMIT ?2",
                player_id, limit == 0 ? std::int64_t{-1} : std::int64_t{limit});
  std::size_t bytes = 0;
  while (bytes < kLettersBytesMost && letters.row()) {
    auto* entry = add();
    entry->set_message_id(letters.u64(0));
    entry->set_reason(letters.text(1));
    entry->set_memo(letters.text(2));
    entry->set_from_player(letters.u64(3));
    entry->set_returned_from(letters.u64(4));
    read_amounts(shard, inbox_account(entry->message_id()), [&] { return entry->add_balances(); });
    read_items_of(shard, {HolderKind::kInbox, entry->message_id()}, [&] { return entry->add_items(); });
    bytes += entry->ByteSizeLong();
  }
}

void read_aggregate(Shard& shard, std::uint64_t player_id, proto::Aggregate* out) {
  read_row(shard, player_id, out);
  read_amounts(shard, player_account(player_id), [&] { return out->add_balances(); });
  read_items_of(shard, {HolderKind::kPlayer, player_id}, [&] { return out->add_items(); });
  read_marks(shard, player_id, out);
  read_inbox(shard, player_id, 0, [&] { return out->add_inbox(); });
  read_reserved(shard, player_id, out);
  read_holds(shard, player_id, [&] { return out->add_holds(); });
}

}  // namespace dure::store

// The end of a deleted character, and of a creation that was given up. Rows stay as tombstones: what is still on its
// way to them finds out.
#include "common/proto/dbagent.pb.h"
#include "dbagent/store/move.h"
#include "dbagent/store/posting.h"

namespace dure::store {
namespace {

proto::StoreReply answer(proto::StoreCode code, const char* detail = "") {
  proto::StoreReply reply;
  reply.set_code(code);
  reply.set_detail(detail);
  return reply;
}

void balances_to_sink(Shard& shard, Posting& posting, const Account& account) {
  std::vector<std::pair<std::string, std::int64_t>> amounts;
  {
    Query row(shard.db,
              "SELECT currency, amount FROM account WHERE kind = ?1 AND owner = ?2 AND name = '' AND amount > 0 "
              "ORDER BY currency",
              static_cast<int>(account.kind), account.owner);
    while (row.row()) amounts.emplace_back(row.text(0), row.i64(1));
  }
  for (const auto& [currency, amount] : amounts) posting.move(currency, amount, account, sink(kDeletedReason));
}

void items_to_sink(Shard& shard, Posting& posting, const Holder& holder) {
  std::vector<Key16> items;
  {
    Query row(shard.db, "SELECT item_id FROM item_holder WHERE kind = ?1 AND owner = ?2 ORDER BY item_id",
              static_cast<int>(holder.kind), holder.owner);
    while (row.row()) items.push_back(row.key(0));
  }
  for (const auto& item : items) posting.hand_over(item, holder, {HolderKind::kSink, 0});
}

void inbox_to_sink(Shard& shard, Posting& posting, std::uint64_t player_id) {
  std::vector<std::uint64_t> letters;
  {
    Query row(shard.db, "SELECT message_id FROM inbox WHERE pid = ?1 AND state = 0 ORDER BY message_id", player_id);
    while (row.row()) letters.push_back(row.u64(0));
  }
  for (const auto letter : letters) {
    balances_to_sink(shard, posting, inbox_account(letter));
    items_to_sink(shard, posting, {HolderKind::kInbox, letter});
    shard.db.run("UPDATE inbox SET state = 1 WHERE message_id = ?1", letter);
  }
}

}  // namespace

proto::PurgeReply due_for_purge(Shard& shard, const proto::PurgeQuery& request) {
  proto::PurgeReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const std::uint32_t limit = request.limit() == 0 || request.limit() > 100 ? 100 : request.limit();
  Query row(shard.db,
            "SELECT pid, name, delete_at, reservation FROM player WHERE delete_at <> 0 AND kind = 0 AND status = 0 "
            "AND delete_at <= ?1 ORDER BY delete_at LIMIT ?2",
            shard.file.shard_time(), limit);
  while (row.row()) {
    auto* character = reply.add_characters();
    character->set_player_id(row.u64(0));
    character->set_name(row.text(1));
    character->set_delete_at_unix_ms(row.i64(2));
    reply.add_reservations(row.u64(3));
  }
  return reply;
}

// Nothing undoes it: the grace is over by the shard's own time, which never goes back.
proto::StoreReply purge_player(Shard& shard, const proto::PurgePlayer& request) {
  auto root = find_root(shard, request.player_id());
  if (const int code = unavailable(shard, request.shard(), root); code != 0)
    return answer(static_cast<proto::StoreCode>(code));
  if (root->kind == RootKind::kPurged) return answer(proto::STORED);
  const bool due = root->delete_at != 0 && root->delete_at <= shard.file.shard_time();
  if (root->kind != RootKind::kCharacter || !due) return answer(proto::REJECTED, "not due");
  if (shard.db.number("SELECT 1 FROM hold WHERE pid = ?1 AND finished = 0", request.player_id()))
    return answer(proto::RETRY, "an open hold");
  fence(shard, *root);
  Posting posting(shard, {request.player_id(), root->epoch, 0, kDeletedReason});
  inbox_to_sink(shard, posting, request.player_id());
  balances_to_sink(shard, posting, player_account(request.player_id()));
  items_to_sink(shard, posting, {HolderKind::kPlayer, request.player_id()});
  shard.db.run("UPDATE player SET kind = 2 WHERE pid = ?1", request.player_id());
  return answer(proto::STORED);
}

proto::StoreReply settle_creation(Shard& shard, const proto::SettleCreation& request) {
  if (request.shard() != shard.number) return answer(proto::WRONG_SHARD);
  if (request.player_id() == 0) return answer(proto::REJECTED, "incomplete");
  // Its CREATE finds this account wherever it is by then: it is ruled out there, and what rules it out moves along.
  if (request.account_id() != 0)
    if (const int code = account_unavailable(shard, request.shard(), request.account_id()); code != 0)
      return answer(static_cast<proto::StoreCode>(code));
  {
    Query row(shard.db, "SELECT reservation, kind FROM player WHERE pid = ?1", request.player_id());
    if (row.row()) {
      const bool lives = row.u64(0) == request.reservation() && static_cast<RootKind>(row.i64(1)) != RootKind::kPurged;
      return answer(lives ? proto::STORED : proto::NO_SUCH);
    }
  }
  shard.db.run(
      "INSERT INTO player(pid, account_id, realm_id, name, data_version, status, reservation, created_at, kind) "
      "VALUES(?1, ?6, 0, ?2, ?3, 0, ?4, ?5, 2)",
      request.player_id(), request.name(), kDataVersion, request.reservation(), shard.file.shard_time(),
      request.account_id());
  return answer(proto::NO_SUCH);
}

}  // namespace dure::store

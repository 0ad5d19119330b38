#include "dbagent/store/rollback.h"

#include <algorithm>
#include <map>

#include "common/proto/operator.pb.h"
#include "common/proto/rollback.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

// Rows of all that moved, whoever's it was: a page costs as many steps of an index and a lookup for each item.
constexpr std::uint32_t kPageMax = 10'000;

// The first transaction after a time; the one after the last, if there is none. shard_time never goes back, so numbers
// rise with it.
std::int64_t first_after(Database& db, std::int64_t at_unix_ms) {
  std::int64_t low = db.number("SELECT min(txn) FROM ledger_txn").value_or(0);
  std::int64_t high = db.number("SELECT max(txn) FROM ledger_txn").value_or(0) + 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    Query row(db, "SELECT txn, at FROM ledger_txn WHERE txn >= ?1 ORDER BY txn LIMIT 1", middle);
    if (!row.row() || row.i64(1) > at_unix_ms)
      high = middle;
    else
      low = row.i64(0) + 1;
  }
  return low;
}

bool held_before(Database& db, const Key16& item, std::int64_t txn, std::uint64_t player_id) {
  Query row(db,
            "SELECT kind, owner FROM item_history WHERE item_id = ?1 AND txn < ?2 "
            "ORDER BY day DESC, txn DESC, line DESC LIMIT 1",
            item, txn);
  return row.row() && static_cast<HolderKind>(row.i64(0)) == HolderKind::kPlayer && row.u64(1) == player_id;
}

void read_items(Shard& shard, const proto::PlayerAtQuery& request, proto::PlayerAt* out) {
  const std::int64_t since = first_after(shard.db, request.at_unix_ms());
  const bool first = request.after().txn() == 0;
  const std::int64_t after_txn = first ? since - 1 : static_cast<std::int64_t>(request.after().txn());
  const std::int64_t after_line = first ? INT64_MAX : static_cast<std::int64_t>(request.after().line());
  const std::int64_t day =
      shard.db.number("SELECT day FROM ledger_txn WHERE txn >= ?1 ORDER BY txn LIMIT 1", after_txn).value_or(INT64_MAX);
  const std::uint32_t limit = request.limit() == 0 ? kPageMax : std::min(request.limit(), kPageMax);
  std::map<Key16, bool> moved;  // true: into the player's bag, among others
  std::uint32_t rows = 0;
  {
    Query row(shard.db,
              "SELECT txn, line, item_id, kind = 0 AND owner = ?5 FROM item_history "
              "WHERE (day, txn, line) > (?1, ?2, ?3) ORDER BY day, txn, line LIMIT ?4",
              day, after_txn, after_line, limit, request.player_id());
    while (row.row()) {
      bool& came = moved[row.key(2)];
      came = came || row.i64(3) != 0;
      if (++rows < limit) continue;
      out->mutable_next()->set_txn(row.u64(0));
      out->mutable_next()->set_line(row.u32(1));
    }
  }
  for (const auto& [item, came] : moved) {
    // Nearly all are others': what was not the player's then and has not come since is none of theirs.
    const bool had = held_before(shard.db, item, since, request.player_id());
    if (!had && !came) continue;
    auto* change = out->add_items();
    put(item, change->mutable_item());
    change->set_had(had);
    change->set_has(shard.db
                        .number("SELECT 1 FROM item_holder WHERE item_id = ?1 AND kind = 0 AND owner = ?2", item,
                                request.player_id())
                        .has_value());
  }
}

void copy_sides(const proto::TradeTerms& terms, proto::TradeRecord* out) {
  *out->mutable_sides() = terms.sides();
  for (auto& side : *out->mutable_sides()) side.clear_caps();
}

void read_swap(const Decision& decision, proto::TradeRecord* out) {
  proto::SwapRecord record;
  if (!record.ParseFromString(decision.swap) || record.legs_size() != 2) return;
  for (const int side : {0, 1}) {
    auto* one = out->add_sides();
    one->set_player_id(record.player_ids(side));
    // What one side gave is what was written to the other.
    *one->mutable_give() = record.legs(1 - side).credited();
    for (const auto& item : record.legs(1 - side).items()) {
      auto* given = one->add_items();
      *given->mutable_item() = item.id();
      given->set_version(item.version());
    }
  }
}

}  // namespace

proto::PlayerAt player_at(Shard& shard, const proto::PlayerAtQuery& request) {
  proto::PlayerAt reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  reply.set_first_unix_ms(shard.db.number("SELECT at FROM ledger_txn ORDER BY txn LIMIT 1").value_or(0));
  reply.set_created_unix_ms(
      shard.db.number("SELECT created_at FROM player WHERE pid = ?1 AND status <> 3", request.player_id()).value_or(0));
  read_items(shard, request, &reply);
  return reply;
}

proto::TradeRecord trade_record(Shard& shard, const proto::TradeQuery& request) {
  proto::TradeRecord reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const Key16 txn = key_of(request.txn());
  const Decision decision = decision_of(shard, txn);
  reply.set_committed(decision.verdict == proto::COMMIT);
  reply.set_aborted(decision.verdict == proto::ABORT);
  if (decision.swapped) {
    read_swap(decision, &reply);
    return reply;
  }
  bool known = decision.verdict != 0;
  for (const std::uint32_t side : {0u, 1u}) {
    const auto hold = find_hold(shard, txn, side);
    if (!hold) continue;
    known = true;
    reply.set_committed(reply.committed() || hold->verdict == proto::COMMIT);
    reply.set_aborted(reply.aborted() || hold->verdict == proto::ABORT);
    proto::TradeTerms terms;
    if (terms.ParseFromString(hold->terms)) copy_sides(terms, &reply);
  }
  if (reply.sides_size() == 0) {
    Query row(shard.db, "SELECT terms FROM trade_vote WHERE txn_id = ?1 LIMIT 1", txn);
    proto::TradeTerms terms;
    if (row.row() && terms.ParseFromString(row.text(0))) copy_sides(terms, &reply);
  }
  if (!known && reply.sides_size() == 0) reply.set_code(proto::NO_SUCH);
  return reply;
}

proto::RollbackDone rollback_done(Shard& shard, const proto::RollbackDoneQuery& request) {
  proto::RollbackDone reply;
  const auto root = find_root(shard, request.player_id());
  if (const int code = unavailable(shard, request.shard(), root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  reply.set_done(shard.db
                     .number("SELECT 1 FROM drop_key WHERE pid = ?1 AND source = ?2 AND run = ?3 AND number = ?4",
                             request.player_id(), request.key().source(), request.key().run(), request.key().number())
                     .has_value());
  return reply;
}

proto::RollbackApplied apply_rollback(Shard& shard, const proto::RollbackApply& request) {
  proto::RollbackApplied reply;
  auto root = find_root(shard, request.player_id());
  if (const int code = unavailable(shard, request.shard(), root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  const proto::Operation& operation = request.operation();
  if (!live(*root, request.epoch(), key_of(request.owner_incarnation()), operation.pseq())) {
    reply.set_code(proto::STALE_EPOCH);
    return reply;
  }
  require(!shard.db.number("SELECT 1 FROM hold WHERE pid = ?1 AND finished = 0", request.player_id()), "open hold");
  require(operation.effects_size() > 0 && operation.effects(0).has_drop_key(), "once");
  require(operation.content_version() == 0 && operation.creq() == 0 && !operation.has_trade(), "operation");
  apply_effects(shard, *root, operation);
  note_progress(*root, operation);
  keep_progress(shard, *root);
  shard.file.count_operation();
  tell_sent(shard, operation);
  fence(shard, *root);
  return reply;
}

}  // namespace dure::store

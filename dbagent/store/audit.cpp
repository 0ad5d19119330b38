#include "dbagent/store/audit.h"

#include <map>

#include "common/proto/dbagent.pb.h"
#include "dbagent/store/audit_ledger.h"
#include "dbagent/store/audit_trades.h"
#include "dbagent/store/reconcile.h"
#include "dbagent/store/shard.h"

namespace dure::store {
namespace {

constexpr std::size_t kFindingsMax = 1000;
constexpr std::uint64_t kPageItems = 20'000;

std::string holder_text(std::int64_t kind, std::uint64_t owner) {
  switch (static_cast<HolderKind>(kind)) {
    case HolderKind::kPlayer:
      return "player " + std::to_string(owner);
    case HolderKind::kSink:
      return "a sink";
    case HolderKind::kOutbox:
      return "outbox message " + std::to_string(owner);
    case HolderKind::kInbox:
      return "inbox message " + std::to_string(owner);
    case HolderKind::kHold:
      return "a hold of player " + std::to_string(owner);
    case HolderKind::kElsewhere:
      return "shard " + std::to_string(owner);
  }
  return "nobody known";
}

std::uint64_t count_doubles(Database& db, const AddFinding& finding) {
  if (!db.number("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'item_one_holder'"))
    finding("the index item_one_holder is missing: nothing kept items from having two holders");
  std::uint64_t doubles = 0;
  Query row(db,
            "SELECT item_id, kind, owner FROM item_holder WHERE item_id IN "
            "(SELECT item_id FROM item_holder GROUP BY item_id HAVING count(*) > 1) ORDER BY item_id, kind, owner");
  std::string line;
  Key16 item;
  while (row.row()) {
    if (line.empty() || row.key(0) != item) {
      if (!line.empty()) finding(line);
      item = row.key(0);
      line = "double: item " + hex(item) + " is held by " + holder_text(row.i64(1), row.u64(2));
      ++doubles;
    } else {
      line += " and " + holder_text(row.i64(1), row.u64(2));
    }
  }
  if (!line.empty()) finding(line);
  return doubles;
}

std::uint64_t count_orphans(Database& db, const AddFinding& finding) {
  std::uint64_t orphans = 0;
  const auto orphan = [&](const std::string& line) {
    ++orphans;
    finding("orphan: " + line);
  };
  {
    Query row(db,
              "SELECT item_id, kind, owner FROM item_holder WHERE "
              "(kind = 0 AND NOT EXISTS (SELECT 1 FROM player WHERE pid = owner)) OR "
              "(kind = 3 AND NOT EXISTS (SELECT 1 FROM outbox WHERE message_id = owner AND state = 0)) OR "
              "(kind = 4 AND NOT EXISTS (SELECT 1 FROM inbox WHERE message_id = owner AND state = 0)) OR "
              "kind NOT IN (0, 2, 3, 4, 5) ORDER BY item_id");
    while (row.row())
      orphan("item " + hex(row.key(0)) + " is held by " + holder_text(row.i64(1), row.u64(2)) +
             ", which does not exist or is done");
  }
  {
    Query row(db, "SELECT item_id FROM item WHERE item_id NOT IN (SELECT item_id FROM item_holder) ORDER BY item_id");
    while (row.row()) orphan("item " + hex(row.key(0)) + " has no holder");
  }
  {
    Query row(db, "SELECT item_id, kind, owner FROM item_holder WHERE item_id NOT IN (SELECT item_id FROM item)");
    while (row.row())
      orphan("item " + hex(row.key(0)) + " of " + holder_text(row.i64(1), row.u64(2)) + " has no row of its own");
  }
  {
    Query row(db,
              "SELECT kind, owner, currency, amount FROM account WHERE amount <> 0 AND ("
              "(kind = 0 AND NOT EXISTS (SELECT 1 FROM player WHERE pid = owner)) OR "
              "(kind = 4 AND NOT EXISTS (SELECT 1 FROM inbox WHERE message_id = owner AND state = 0))) ORDER BY id");
    while (row.row())
      orphan(std::to_string(row.i64(3)) + " " + row.text(2) + " of " + holder_text(row.i64(0), row.u64(1)) +
             ", which does not exist or is done");
  }
  return orphans;
}

// Holders whose account is on the move: the same rows are on two shards until the move is settled. So may an item be
// that is held for a trade: where it goes it is written when that side is finished.
#define MOVING_HOLDERS                                                                                     \
  "(SELECT 0, pid FROM player WHERE status IN (1, 2) UNION ALL "                                           \
  "SELECT 4, message_id FROM inbox JOIN player USING(pid) WHERE status IN (1, 2) AND state = 0 UNION ALL " \
  "SELECT 5, owner FROM item_holder WHERE kind = 5)"

AddFinding findings_of(Audit& audit) {
  return [&audit](const std::string& line) {
    if (audit.findings.size() < kFindingsMax) audit.findings.push_back(line);
  };
}

Audit audit_but_items(Database& db) {
  Audit result;
  const AddFinding finding = findings_of(result);
  {
    Query meta(db, "SELECT cluster_id, shard_id, operations FROM shard_meta");
    if (meta.row()) {
      result.cluster_id = meta.text(0);
      result.shard = meta.u32(1);
      result.operations = meta.u64(2);
    }
  }
  result.players =
      static_cast<std::uint64_t>(db.number("SELECT count(*) FROM player WHERE status IN (0, 1)").value_or(0));
  result.items = static_cast<std::uint64_t>(db.number("SELECT count(DISTINCT item_id) FROM item_holder WHERE "
                                                      "kind IN (0, 4, 5) AND (kind, owner) NOT IN " MOVING_HOLDERS)
                                                .value_or(0));
  Query moving(db,
               "SELECT DISTINCT item_id FROM item_holder WHERE (kind, owner) IN " MOVING_HOLDERS " ORDER BY item_id");
  while (moving.row()) result.moving_ids.push_back(moving.key(0));
  result.ledger_sum = audit_ledger(db, finding);
  result.doubles = count_doubles(db, finding);
  result.orphans = count_orphans(db, finding);
  const TradesAudit trades = audit_trades(db, result.shard, finding);
  result.orphans += trades.orphans;
  result.on_the_move = db.number("SELECT 1 FROM account_move WHERE state IN (1, 2) LIMIT 1").has_value();
  {
    Query row(db, "SELECT currency, amount FROM account WHERE kind = 3 AND name = 'move' AND amount <> 0");
    while (row.row()) result.moved[row.text(0)] = row.i64(1);
  }
  result.open_holds = trades.open;
  result.stuck_holds = trades.stuck;
  return result;
}

}  // namespace

std::vector<Key16> audited_items(Database& db, std::uint64_t offset, std::uint64_t limit) {
  std::vector<Key16> ids;
  Query row(db,
            "SELECT DISTINCT item_id FROM item_holder WHERE kind IN (0, 4, 5) AND (kind, owner) NOT IN " MOVING_HOLDERS
            " ORDER BY item_id LIMIT ?1 OFFSET ?2",
            limit, offset);
  while (row.row()) ids.push_back(row.key(0));
  return ids;
}

Audit audit(Database& db) {
  Audit result = audit_but_items(db);
  result.item_ids = audited_items(db, 0, result.items);
  return result;
}

Result<Audit> audit_file(const std::string& path, const std::string& vfs) try {
  auto database = Database::open({path, vfs, true, false});
  if (!database) return tl::unexpected(database.error());
  Database& db = **database;
  db.script("PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;");
  db.script("BEGIN");
  const bool shard_file = db.number("SELECT 1 FROM sqlite_schema WHERE name = 'shard_meta'").has_value() &&
                          db.number("SELECT 1 FROM shard_meta WHERE kind = 'shard'").has_value();
  if (!shard_file) return fail(Trouble::kInvalid, path + " is not a shard file of this server");
  return audit(db);
} catch (const SqlTrouble& trouble) {
  return fail(trouble.busy() ? Trouble::kBusy : Trouble::kIo, path + ": " + trouble.what());
}

Audit merge_audits(const std::vector<Audit>& shards) {
  Audit merged;
  std::map<Key16, std::uint32_t> seen;
  const AddFinding finding = findings_of(merged);
  for (const Audit& one : shards) {
    if (merged.cluster_id.empty()) merged.cluster_id = one.cluster_id;
    merged.ledger_sum += one.ledger_sum;
    merged.items += one.items;
    merged.players += one.players;
    merged.operations += one.operations;
    merged.orphans += one.orphans;
    merged.doubles += one.doubles;
    merged.open_holds += one.open_holds;
    merged.stuck_holds += one.stuck_holds;
    merged.on_the_move = merged.on_the_move || one.on_the_move;
    for (const auto& [currency, amount] : one.moved) merged.moved[currency] += amount;
    for (const auto& line : one.findings) finding("shard " + std::to_string(one.shard) + ": " + line);
    for (const Key16& item : one.item_ids) {
      const auto [at, fresh] = seen.emplace(item, one.shard);
      if (fresh) continue;
      ++merged.doubles;
      finding("double: item " + hex(item) + " is on shard " + std::to_string(at->second) + " and on shard " +
              std::to_string(one.shard));
    }
  }
  for (const Audit& one : shards)
    for (const Key16& item : one.moving_ids)
      if (seen.emplace(item, one.shard).second) ++merged.items;
  for (const auto& [currency, amount] : merged.moved)
    if (amount != 0 && !merged.on_the_move)
      finding("moves: " + std::to_string(amount > 0 ? amount : -amount) + " " + currency +
              (amount > 0 ? " left a shard and came to none" : " came to a shard and left none"));
  for (const auto& [item, shard] : seen) merged.item_ids.push_back(item);
  return merged;
}

std::string audit_line(const Audit& audit) {
  return "ledger sum " + std::to_string(audit.ledger_sum) + ", " + std::to_string(audit.items) + " items, " +
         std::to_string(audit.orphans) + " orphans, " + std::to_string(audit.doubles) + " doubles";
}

proto::AuditReply audit_page(Shard& shard, const proto::AuditRequest& request) {
  proto::AuditReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  if (request.offset() == 0) {
    const Audit result = audit_but_items(shard.db);
    reply.set_ledger_sum(result.ledger_sum);
    reply.set_items(result.items);
    reply.set_players(result.players);
    reply.set_operations(result.operations);
    reply.set_orphans(result.orphans);
    reply.set_doubles(result.doubles);
    reply.set_open_holds(result.open_holds);
    reply.set_stuck_holds(result.stuck_holds);
    for (const auto& line : result.findings) reply.add_findings(line);
    if (closed(shard.db))
      for (const auto& line : halves_brought_back(shard)) reply.add_findings(line);
    for (const Key16& item : result.moving_ids) put(item, reply.add_moving_item_ids());
  }
  for (const Key16& item : audited_items(shard.db, request.offset(), kPageItems)) put(item, reply.add_item_ids());
  if (static_cast<std::uint64_t>(reply.item_ids_size()) == kPageItems)
    reply.set_next_offset(request.offset() + kPageItems);
  return reply;
}

}  // namespace dure::store

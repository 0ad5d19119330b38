#include "dbagent/store/move_content.h"

#include <sodium.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/proto/shard_map.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/posting.h"

namespace dure::store {
namespace {

// Rank instead of the file's own number: the order in which messages were sent is what travels.
constexpr const char* kRanked = "outbox";
constexpr const char* kRank = "number";
constexpr const char* kSwaps = "swapped_leg";

bool file_s_own(const std::string& table, const std::string& column) {
  return table == "player" && (column == "status" || column == "mv" || column == "last_swap");
}

void put_value(const Query& row, int column, proto::MoveValue* out) {
  switch (row.type(column)) {
    case Query::Type::kInteger:
      return out->set_integer(row.i64(column));
    case Query::Type::kText:
      return out->set_text(row.text(column));
    case Query::Type::kBlob:
      return out->set_blob(row.text(column));
    case Query::Type::kNull:
      return;
  }
}

void read_table(Database& db, const std::string& table, std::uint64_t account_id, proto::MoveContent* content) {
  const std::string order = table == kRanked ? std::string(" ORDER BY ") + kRank : "";
  Query row(
      db, db.literal("SELECT * FROM " + table + " WHERE pid IN (SELECT pid FROM player WHERE account_id = ?1)" + order),
      account_id);
  proto::MoveTable* out = nullptr;
  std::vector<int> columns;
  int rank_column = -1;
  for (std::int64_t rank = 0; row.row(); ++rank) {
    if (out == nullptr) {
      out = content->add_tables();
      out->set_name(table);
      for (int column = 0; column < row.columns(); ++column) {
        const std::string name = row.column_name(column);
        if (file_s_own(table, name)) continue;
        if (table == kRanked && name == kRank) rank_column = column;
        columns.push_back(column);
        out->add_columns(name);
      }
    }
    proto::MoveRow encoded;
    for (const int column : columns) {
      auto* value = encoded.add_values();
      if (column == rank_column)
        value->set_integer(rank);
      else
        put_value(row, column, value);
    }
    out->add_rows(encoded.SerializeAsString());
  }
  if (out != nullptr) std::sort(out->mutable_rows()->begin(), out->mutable_rows()->end());
}

void add_swap(std::uint64_t player_id, const Key16& txn, std::uint32_t shard, std::string_view record,
              proto::MoveTable* out) {
  proto::MoveRow encoded;
  encoded.add_values()->set_integer(static_cast<std::int64_t>(player_id));
  encoded.add_values()->set_blob(txn.bytes, sizeof txn.bytes);
  encoded.add_values()->set_integer(shard);
  encoded.add_values()->set_blob(record.data(), record.size());
  out->add_rows(encoded.SerializeAsString());
}

// What it exchanged elsewhere, and here: of that the decision stays, and its record goes along.
void read_swaps(Shard& shard, std::uint64_t account_id, proto::MoveContent* content) {
  proto::MoveTable out;
  out.set_name(kSwaps);
  for (const char* column : {"pid", "txn_id", "shard", "record"}) out.add_columns(column);
  Query elsewhere(shard.db,
                  "SELECT pid, txn_id, shard, record FROM swapped_leg "
                  "WHERE pid IN (SELECT pid FROM player WHERE account_id = ?1)",
                  account_id);
  while (elsewhere.row()) add_swap(elsewhere.u64(0), elsewhere.key(1), elsewhere.u32(2), elsewhere.bytes(3), &out);
  Query player(shard.db, "SELECT pid, last_swap FROM player WHERE account_id = ?1", account_id);
  while (player.row()) {
    const std::uint64_t player_id = player.u64(0);
    for (Key16 txn = player.key(1); !txn.zero();) {
      Query swap(shard.db, "SELECT swap, before_0, before_1 FROM decision WHERE txn_id = ?1", txn);
      proto::SwapRecord record;
      require(swap.row() && record.ParseFromString(swap.text(0)) && record.player_ids_size() == 2, "a SWAP of it");
      add_swap(player_id, txn, shard.number, swap.bytes(0), &out);
      txn = swap.key(record.player_ids(0) == player_id ? 1 : 2);
    }
  }
  if (out.rows_size() == 0) return;
  std::sort(out.mutable_rows()->begin(), out.mutable_rows()->end());
  *content->add_tables() = out;
}

// CROSS JOIN: from the account to what it holds. Left to itself, SQLite begins with whatever anybody holds.
void read_items(Database& db, std::uint64_t account_id, proto::MoveContent* content) {
  Query row(db,
            "SELECT pid, kind, owner, item_id, template, version, attributes FROM ("
            "SELECT pid, 0 AS kind, pid AS owner FROM player WHERE account_id = ?1 UNION ALL "
            "SELECT pid, 3, message_id FROM player CROSS JOIN outbox USING(pid) WHERE account_id = ?1 AND state = 0 "
            "UNION ALL "
            "SELECT pid, 4, message_id FROM player CROSS JOIN inbox USING(pid) WHERE account_id = ?1 AND state = 0) "
            "CROSS JOIN item_holder USING(kind, owner) CROSS JOIN item USING(item_id) ORDER BY item_id",
            account_id);
  while (row.row()) {
    auto* out = content->add_items();
    out->set_player_id(row.u64(0));
    out->set_kind(row.u32(1));
    out->set_owner(row.u64(2));
    out->mutable_item()->ParseFromString(row.text(6));
    put(row.key(3), out->mutable_item()->mutable_id());
    out->mutable_item()->set_template_(row.text(4));
    out->mutable_item()->set_version(row.i64(5));
  }
}

void read_money(Database& db, std::uint64_t account_id, proto::MoveContent* content) {
  Query row(
      db,
      "SELECT pid, kind, owner, currency, amount FROM ("
      "SELECT pid, 0 AS kind, pid AS owner FROM player WHERE account_id = ?1 UNION ALL "
      "SELECT pid, 4, message_id FROM player CROSS JOIN inbox USING(pid) WHERE account_id = ?1 AND state = 0) "
      "CROSS JOIN account USING(kind, owner) WHERE account.name = '' AND amount <> 0 ORDER BY kind, owner, currency",
      account_id);
  while (row.row()) {
    auto* out = content->add_balances();
    out->set_player_id(row.u64(0));
    out->set_kind(row.u32(1));
    out->set_owner(row.u64(2));
    out->set_currency(row.text(3));
    out->set_amount(row.i64(4));
  }
}

void set_value(Query& query, int at, const proto::MoveValue& value) {
  switch (value.kind_case()) {
    case proto::MoveValue::kInteger:
      return query.set(at, value.integer());
    case proto::MoveValue::kText:
      return query.set(at, value.text());
    case proto::MoveValue::kBlob:
      return query.set(at, Blob{value.blob()});
    case proto::MoveValue::KIND_NOT_SET:
      return;
  }
}

// A player's tombstone may be here: it becomes a player again.
const char* insertion(Database& db, const proto::MoveTable& table) {
  std::string names, places, updates;
  for (int i = 0; i < table.columns_size(); ++i) {
    const std::string& name = table.columns(i);
    names += (i > 0 ? ", " : "") + name;
    places += (i > 0 ? ", ?" : "?") + std::to_string(i + 1);
    if (name != "pid") updates += (updates.empty() ? "" : ", ") + name + " = excluded." + name;
  }
  std::string sql = "INSERT INTO " + table.name() + "(" + names;
  if (table.name() == "player")
    sql += ", status, mv) VALUES(" + places + ", 2, 0) ON CONFLICT(pid) DO UPDATE SET status = 2, last_swap = x'', " +
           updates;
  else
    sql += ") VALUES(" + places + ")";
  return db.literal(std::move(sql));
}

std::set<std::string> columns_of(Database& db, const std::string& table) {
  std::set<std::string> names;
  Query row(db, "SELECT name FROM pragma_table_info(?1)", table);
  while (row.row()) names.insert(row.text(0));
  return names;
}

void write_table(Shard& shard, const proto::MoveTable& table, const std::vector<std::string>& travelling) {
  require(std::find(travelling.begin(), travelling.end(), table.name()) != travelling.end(), "table of the content");
  const auto known = columns_of(shard.db, table.name());
  for (const auto& column : table.columns()) require(known.contains(column), "column of the content");
  int rank_column = -1;
  if (table.name() == kRanked)
    rank_column =
        static_cast<int>(std::find(table.columns().begin(), table.columns().end(), kRank) - table.columns().begin());
  const std::int64_t first_number = shard.file.next_number();
  const char* sql = insertion(shard.db, table);
  for (const std::string& bytes : table.rows()) {
    proto::MoveRow row;
    require(row.ParseFromString(bytes) && row.values_size() == table.columns_size(), "row of the content");
    if (rank_column >= 0) {
      auto* number = row.mutable_values(rank_column);
      number->set_integer(first_number + number->integer());
      shard.file.next_number();
    }
    Query insert(shard.db, sql);
    for (int i = 0; i < row.values_size(); ++i) set_value(insert, i + 1, row.values(i));
    while (insert.row()) {
    }
  }
}

// One ledger transaction for each player whose value moves.
class Postings {
 public:
  Postings(Shard& shard, const char* reason) : shard_(shard), reason_(reason) {}
  Posting& of(std::uint64_t player_id) {
    if (const auto at = by_player_.find(player_id); at != by_player_.end()) return at->second;
    const auto root = find_root(shard_, player_id);
    require(root.has_value(), "player of the content");
    return by_player_.emplace(player_id, Posting(shard_, {player_id, root->epoch, 0, reason_})).first->second;
  }

 private:
  Shard& shard_;
  const char* reason_;
  std::map<std::uint64_t, Posting> by_player_;
};

}  // namespace

std::string hash_of(std::string_view bytes) {
  unsigned char hash[32];
  crypto_generichash(hash, sizeof hash, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr, 0);
  return {reinterpret_cast<const char*>(hash), sizeof hash};
}

const std::vector<std::string>& staying_tables() {
  // The first row: keyed by player, and yet the shard's own. Then what is not keyed by player; accounts, items and
  // their holders among it, which are carried as value.
  static const std::vector<std::string> kTables = {
      "ledger_txn",     "trade_vote",  "account",      "account_move",   "decision",   "hold_amount", "item",
      "item_history",   "item_holder", "ledger_entry", "ledger_opening", "move_part",  "shard_meta",  "content_guard",
      "content_active", "total",       "economy",      "restored",       "moved_copy", "let_go",      "brought_back"};
  return kTables;
}

std::vector<std::string> travelling_tables(Database& database) {
  std::vector<std::string> names;
  Query row(
      database,
      "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'pid' "
      "ORDER BY m.name <> 'player', m.name");
  const auto& stay = staying_tables();
  while (row.row())
    if (std::find(stay.begin(), stay.end(), row.text(0)) == stay.end()) names.push_back(row.text(0));
  return names;
}

proto::MoveContent read_content(Shard& shard, std::uint64_t account_id, std::uint64_t move_id) {
  proto::MoveContent content;
  content.set_account_id(account_id);
  content.set_move_id(move_id);
  for (const auto& table : travelling_tables(shard.db))
    if (table != kSwaps) read_table(shard.db, table, account_id, &content);
  read_swaps(shard, account_id, &content);
  read_money(shard.db, account_id, &content);
  read_items(shard.db, account_id, &content);
  return content;
}

void write_content(Shard& shard, const proto::MoveContent& content) {
  const auto travelling = travelling_tables(shard.db);
  for (const auto& table : content.tables()) write_table(shard, table, travelling);
  Postings postings(shard, "move.in");
  for (const auto& balance : content.balances())
    postings.of(balance.player_id())
        .move(balance.currency(), balance.amount(), move_transit(),
              {static_cast<AccountKind>(balance.kind()), balance.owner()});
  for (const auto& item : content.items())
    postings.of(item.player_id()).mint(item.item(), {static_cast<HolderKind>(item.kind()), item.owner()});
}

void remove_content(Shard& shard, const proto::MoveContent& content, std::uint32_t other_shard) {
  Postings postings(shard, "move.out");
  for (const auto& balance : content.balances())
    postings.of(balance.player_id())
        .move(balance.currency(), balance.amount(), {static_cast<AccountKind>(balance.kind()), balance.owner()},
              move_transit());
  for (const auto& item : content.items())
    postings.of(item.player_id())
        .let_go(key_of(item.item().id()), {static_cast<HolderKind>(item.kind()), item.owner()}, other_shard);
  for (const auto& table : travelling_tables(shard.db)) {
    if (table == "player") continue;
    shard.db.run(
        shard.db.literal("DELETE FROM " + table + " WHERE pid IN (SELECT pid FROM player WHERE account_id = ?1)"),
        content.account_id());
  }
}

}  // namespace dure::store

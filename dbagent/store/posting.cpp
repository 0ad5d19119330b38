#include "dbagent/store/posting.h"

#include <limits>

#include "common/proto/value.pb.h"

namespace dure::store {

void Posting::open() {
  if (number_ != 0) return;
  require(!cause_.reason.empty() && cause_.reason.size() <= 64, "reason");
  number_ = shard_.file.next_number();
  shard_.db.run("INSERT INTO ledger_txn VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", number_, shard_.file.day(),
                cause_.player_id, cause_.epoch, cause_.pseq, cause_.reason, cause_.content_version, cause_.trace_id,
                shard_.file.shard_time());
}

std::int64_t Posting::move(std::string_view currency, std::int64_t amount, const Account& from, const Account& to) {
  require(amount > 0, "amount");
  require(!currency.empty() && currency.size() <= 64, "currency");
  open();
  post(currency, -amount, from);
  const std::int64_t after = post(currency, amount, to);
  if (from.kind != to.kind) {
    sum_up(currency, -amount, from);
    sum_up(currency, amount, to);
  }
  return after;
}

// The sum of a kind that leaves int64 is refused by its column, like any other overflow.
void Posting::sum_up(std::string_view currency, std::int64_t delta, const Account& account) {
  const int kind = static_cast<int>(account.kind);
  const std::int64_t known =
      shard_.db.run("UPDATE total SET amount = amount + ?3 WHERE kind = ?1 AND currency = ?2", kind, currency, delta);
  if (known == 0) shard_.db.run("INSERT INTO total VALUES(?1, ?2, ?3)", kind, currency, delta);
  if (account.kind == AccountKind::kFaucet) note_economy(account.name, currency, -delta, 0);
  if (account.kind == AccountKind::kSink) note_economy(account.name, currency, 0, delta);
}

void Posting::note_economy(std::string_view reason, std::string_view currency, std::int64_t in, std::int64_t out) {
  const std::int64_t minute = shard_.file.shard_time() / kMinuteMs;
  const std::int64_t known = shard_.db.run(
      "UPDATE economy SET faucet = faucet + ?4, sink = sink + ?5, movements = movements + 1 "
      "WHERE minute = ?1 AND reason = ?2 AND currency = ?3",
      minute, reason, currency, in, out);
  if (known == 0) shard_.db.run("INSERT INTO economy VALUES(?1, ?2, ?3, ?4, ?5, 1)", minute, reason, currency, in, out);
}

std::int64_t Posting::post(std::string_view currency, std::int64_t delta, const Account& account) {
  const std::int64_t today = shard_.file.day();
  std::int64_t id = 0, amount = 0, day = -1, before_txn = 0, before_line = 0;
  {
    Query found(shard_.db,
                "SELECT id, amount, day, last_txn, last_line FROM account WHERE kind = ?1 AND owner = ?2 AND name = ?3 "
                "AND currency = ?4",
                static_cast<int>(account.kind), account.owner, account.name, currency);
    if (found.row()) {
      id = found.i64(0);
      amount = found.i64(1);
      day = found.i64(2);
      before_txn = found.i64(3);
      before_line = found.i64(4);
    }
  }
  std::int64_t after = 0;
  require(!__builtin_add_overflow(amount, delta, &after), "overflow");
  const bool may_owe = account.kind == AccountKind::kFaucet || account.kind == AccountKind::kTransit;
  require(after >= 0 || may_owe, "funds");
  ++line_;
  if (id == 0) {
    id = shard_.file.next_number();
    shard_.db.run("INSERT INTO account VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", id, static_cast<int>(account.kind),
                  account.owner, account.name, currency, after, today, number_, line_);
  } else {
    shard_.db.run("UPDATE account SET amount = ?2, day = ?3, last_txn = ?4, last_line = ?5 WHERE id = ?1", id, after,
                  today, number_, line_);
  }
  if (day != today) shard_.db.run("INSERT INTO ledger_opening VALUES(?1, ?2, ?3)", id, today, amount);
  shard_.db.run("INSERT INTO ledger_entry VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", today, number_, line_, id, delta,
                before_txn, before_line);
  return after;
}

void Posting::mint(const proto::Item& item, const Holder& to, bool created) {
  const Key16 key = key_of(item.id());
  require(!key.zero(), "item id");
  require(!item.template_().empty() && item.template_().size() <= 128, "template");
  require(!shard_.db.number("SELECT 1 FROM item WHERE item_id = ?1", key), "item exists");
  shard_.db.run("INSERT INTO item VALUES(?1, ?2, ?3, ?4)", key, item.template_(), item.version(),
                Blob{encoded_attributes(item)});
  shard_.db.run("INSERT INTO item_holder VALUES(?1, ?2, ?3)", key, static_cast<int>(to.kind), to.owner);
  note_holder(key, to);
  if (created) note_economy(cause_.reason, "", 1, 0);
}

void Posting::hand_over(const Key16& item, const Holder& from, const Holder& to) {
  const auto moved =
      shard_.db.run("UPDATE item_holder SET kind = ?4, owner = ?5 WHERE item_id = ?1 AND kind = ?2 AND owner = ?3",
                    item, static_cast<int>(from.kind), from.owner, static_cast<int>(to.kind), to.owner);
  require(moved == 1, "holder");
  note_holder(item, to);
  if (to.kind == HolderKind::kSink) note_economy(cause_.reason, "", 0, 1);
}

void Posting::let_go(const Key16& item, const Holder& from, std::uint32_t shard) {
  const auto gone = shard_.db.run("DELETE FROM item_holder WHERE item_id = ?1 AND kind = ?2 AND owner = ?3", item,
                                  static_cast<int>(from.kind), from.owner);
  require(gone == 1, "holder");
  shard_.db.run("DELETE FROM item WHERE item_id = ?1", item);
  note_holder(item, {HolderKind::kElsewhere, shard});
}

void Posting::note_holder(const Key16& item, const Holder& to) {
  open();
  shard_.db.run("INSERT INTO item_history VALUES(?1, ?2, ?3, ?4, ?5, ?6)", shard_.file.day(), number_, ++line_, item,
                static_cast<int>(to.kind), to.owner);
}

std::int64_t balance_of(Shard& shard, std::uint64_t player_id, std::string_view currency) {
  return shard.db
      .number("SELECT amount FROM account WHERE kind = 0 AND owner = ?1 AND name = '' AND currency = ?2", player_id,
              currency)
      .value_or(0);
}

std::int64_t reserved_of(Shard& shard, std::uint64_t player_id, std::string_view currency) {
  std::int64_t sum = 0;
  Query holds(shard.db,
              "SELECT max(give, get) FROM hold JOIN hold_amount USING(txn_id, leg) "
              "WHERE pid = ?1 AND finished = 0 AND currency = ?2",
              player_id, currency);
  while (holds.row()) require(!__builtin_add_overflow(sum, holds.i64(0), &sum), "overflow");
  return sum;
}

void require_room(Shard& shard, std::uint64_t player_id, std::string_view currency, std::int64_t balance,
                  std::int64_t cap) {
  const std::int64_t most = cap > 0 ? cap : std::numeric_limits<std::int64_t>::max();
  std::int64_t sum = 0;
  require(!__builtin_add_overflow(balance, reserved_of(shard, player_id, currency), &sum) && sum <= most, "room");
}

std::string encoded_attributes(const proto::Item& item) {
  proto::Item bare;
  *bare.mutable_attributes() = item.attributes();
  return bare.SerializeAsString();
}

namespace {

// Columns item_id, template, version, attributes.
void read_row(const Query& row, proto::Item* item) {
  const std::string_view attributes = row.bytes(3);
  item->ParseFromArray(attributes.data(), static_cast<int>(attributes.size()));
  put(row.key(0), item->mutable_id());
  item->set_template_(row.text(1));
  item->set_version(row.i64(2));
}

}  // namespace

std::optional<proto::Item> read_item(Shard& shard, const Key16& item) {
  Query row(shard.db, "SELECT item_id, template, version, attributes FROM item WHERE item_id = ?1", item);
  if (!row.row()) return std::nullopt;
  proto::Item whole;
  read_row(row, &whole);
  return whole;
}

void read_items_of(Shard& shard, const Holder& holder, const std::function<proto::Item*()>& add) {
  Query row(shard.db,
            "SELECT item_id, template, version, attributes FROM item_holder JOIN item USING(item_id) "
            "WHERE kind = ?1 AND owner = ?2 ORDER BY item_id",
            static_cast<int>(holder.kind), holder.owner);
  while (row.row()) read_row(row, add());
}

}  // namespace dure::store

#include "dbagent/store/history.h"

#include <algorithm>

#include "common/proto/operator.pb.h"
#include "dbagent/store/posting.h"

namespace dure::store {
namespace {

constexpr std::uint32_t kPageMax = 200;

std::uint32_t page_of(std::uint32_t limit) { return limit == 0 ? kPageMax : std::min(limit, kPageMax); }

// Whom a message is for, as far as this shard knows.
std::uint64_t receiver_of(Database& db, std::uint64_t message) {
  const auto sent = db.number("SELECT to_pid FROM outbox WHERE message_id = ?1", message);
  return static_cast<std::uint64_t>(
      sent ? *sent : db.number("SELECT pid FROM inbox WHERE message_id = ?1", message).value_or(0));
}

void put_holder(Database& db, std::int64_t kind, std::uint64_t owner, proto::LedgerParty* out) {
  out->set_kind(static_cast<std::uint32_t>(kind));
  out->set_owner(owner);
  const auto holder = static_cast<HolderKind>(kind);
  if (holder == HolderKind::kPlayer || holder == HolderKind::kHold) out->set_player_id(owner);
  if (holder == HolderKind::kOutbox || holder == HolderKind::kInbox) out->set_player_id(receiver_of(db, owner));
}

void put_account(Database& db, const Query& row, int column, proto::LedgerParty* out) {
  const auto kind = static_cast<AccountKind>(row.i64(column));
  out->set_kind(row.u32(column));
  out->set_owner(row.u64(column + 1));
  out->set_name(row.text(column + 2));
  if (kind == AccountKind::kPlayer || kind == AccountKind::kHold) out->set_player_id(out->owner());
  if (kind == AccountKind::kInbox) out->set_player_id(receiver_of(db, out->owner()));
}

struct Place {
  std::int64_t txn = 0, line = 0;
};

// What an account came to by its entry at `place`, and where the one before it is. False: that entry is not kept here.
bool read_movement(Database& db, Place* place, proto::Movement* out) {
  std::int64_t day = 0;
  {
    Query txn(db, "SELECT day, reason, at, pid, content_version FROM ledger_txn WHERE txn = ?1", place->txn);
    if (!txn.row()) return false;
    day = txn.i64(0);
    out->set_reason(txn.text(1));
    out->set_at_unix_ms(txn.i64(2));
    out->set_player_id(txn.u64(3));
    out->set_content_version(txn.u32(4));
  }
  out->mutable_place()->set_txn(static_cast<std::uint64_t>(place->txn));
  out->mutable_place()->set_line(static_cast<std::uint32_t>(place->line));
  std::int64_t other = 0;
  {
    Query entry(db,
                "SELECT amount, before_txn, before_line FROM ledger_entry WHERE day = ?1 AND txn = ?2 AND line = ?3",
                day, place->txn, place->line);
    if (!entry.row()) return false;
    out->set_amount(entry.i64(0));
    // Each movement is two lines, first what is taken, then what is given.
    other = place->line + (entry.i64(0) < 0 ? 1 : -1);
    const std::int64_t txn = place->txn;
    *place = {entry.i64(1), entry.i64(2)};
    Query party(db,
                "SELECT kind, owner, name FROM ledger_entry JOIN account ON account.id = account "
                "WHERE ledger_entry.day = ?1 AND txn = ?2 AND line = ?3",
                day, txn, other);
    if (party.row()) put_account(db, party, 0, out->mutable_other());
  }
  return true;
}

void read_items_held(Database& db, std::uint64_t player, std::uint32_t limit, proto::PlayerLedgerReply* out) {
  const auto held = db.number("SELECT count(*) FROM item_holder WHERE kind = 0 AND owner = ?1", player);
  out->set_items_held(static_cast<std::uint64_t>(held.value_or(0)));
  Query row(db,
            "SELECT item_id, template, version FROM item_holder CROSS JOIN item USING(item_id) "
            "WHERE kind = 0 AND owner = ?1 ORDER BY item_id LIMIT ?2",
            player, limit);
  while (row.row()) {
    auto* item = out->add_items();
    put(row.key(0), item->mutable_id());
    item->set_template_(row.text(1));
    item->set_version(row.i64(2));
  }
}

void read_waiting(Database& db, std::uint64_t player, proto::PlayerLedgerReply* out) {
  Query row(db,
            "SELECT currency, sum(amount) FROM inbox CROSS JOIN account ON account.kind = 4 AND owner = message_id "
            "WHERE pid = ?1 AND state = 0 AND amount > 0 GROUP BY currency ORDER BY currency",
            player);
  while (row.row()) {
    auto* amount = out->add_waiting();
    amount->set_name(row.text(0));
    amount->set_value(row.i64(1));
  }
}

}  // namespace

proto::ItemLifeReply item_life(Shard& shard, const proto::ItemLifeQuery& request) {
  proto::ItemLifeReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const Key16 item = key_of(request.item());
  const std::uint32_t limit = page_of(request.limit());
  {
    Query row(
        shard.db,
        "SELECT item_history.txn, line, kind, owner, reason, at, pid FROM item_history JOIN ledger_txn USING(txn) "
        "WHERE item_id = ?1 AND (item_history.txn, line) > (?2, ?3) ORDER BY item_history.txn, line LIMIT ?4",
        item, request.after().txn(), request.after().line(), limit + 1);
    while (row.row()) {
      if (static_cast<std::uint32_t>(reply.events_size()) == limit) {
        reply.set_more(true);
        break;
      }
      auto* event = reply.add_events();
      event->mutable_place()->set_txn(row.u64(0));
      event->mutable_place()->set_line(row.u32(1));
      put_holder(shard.db, row.i64(2), row.u64(3), event->mutable_to());
      event->set_reason(row.text(4));
      event->set_at_unix_ms(row.i64(5));
      event->set_player_id(row.u64(6));
    }
  }
  Query now(shard.db,
            "SELECT template, version, attributes, kind, owner FROM item JOIN item_holder USING(item_id) "
            "WHERE item_id = ?1",
            item);
  if (now.row()) {
    reply.set_here(true);
    const std::string_view attributes = now.bytes(2);
    reply.mutable_item()->ParseFromArray(attributes.data(), static_cast<int>(attributes.size()));
    *reply.mutable_item()->mutable_id() = request.item();
    reply.mutable_item()->set_template_(now.text(0));
    reply.mutable_item()->set_version(now.i64(1));
    put_holder(shard.db, now.i64(3), now.u64(4), reply.mutable_holder());
  }
  if (!reply.here() && reply.events_size() == 0) reply.set_code(proto::NO_SUCH);
  return reply;
}

proto::PlayerLedgerReply player_ledger(Shard& shard, const proto::PlayerLedgerQuery& request) {
  proto::PlayerLedgerReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  Place place{static_cast<std::int64_t>(request.from().txn()), static_cast<std::int64_t>(request.from().line())};
  std::int64_t balance = request.balance_after();
  {
    Query row(shard.db,
              "SELECT currency, amount, last_txn, last_line FROM account WHERE kind = 0 AND owner = ?1 AND name = '' "
              "ORDER BY currency",
              request.player_id());
    while (row.row()) {
      auto* account = reply.add_accounts();
      account->set_name(row.text(0));
      account->set_value(row.i64(1));
      if (place.txn != 0 || request.from().txn() != 0 || row.bytes(0) != request.currency()) continue;
      balance = row.i64(1);
      place = {row.i64(2), row.i64(3)};
    }
  }
  if (reply.accounts_size() == 0) reply.set_code(proto::NO_SUCH);
  const std::uint32_t limit = page_of(request.limit());
  if (request.currency().empty()) {
    read_items_held(shard.db, request.player_id(), limit, &reply);
    read_waiting(shard.db, request.player_id(), &reply);
    return reply;
  }
  while (place.txn != 0 && static_cast<std::uint32_t>(reply.movements_size()) < limit) {
    proto::Movement movement;
    if (!read_movement(shard.db, &place, &movement)) {
      reply.set_cut(true);
      place = {};
      break;
    }
    if (movement.at_unix_ms() < request.since_unix_ms()) {
      place = {};
      break;
    }
    movement.set_balance_after(balance);
    balance -= movement.amount();
    *reply.add_movements() = std::move(movement);
  }
  reply.mutable_next()->set_txn(static_cast<std::uint64_t>(place.txn));
  reply.mutable_next()->set_line(static_cast<std::uint32_t>(place.line));
  reply.set_next_balance(balance);
  return reply;
}

}  // namespace dure::store

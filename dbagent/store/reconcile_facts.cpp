// What a shard knows that another one may have lost, page by page. Nothing of a copy that arrives (player.status 2): it
// may never count, and until it does its source has the same.
#include <algorithm>

#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/store.pb.h"
#include "common/proto/trade.pb.h"
#include "dbagent/store/reconcile.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

constexpr std::uint32_t kPageMax = 500;

std::string number_cursor(std::uint64_t number) {
  std::string bytes(8, '\0');
  for (int i = 7; i >= 0; --i, number >>= 8) bytes[static_cast<std::size_t>(i)] = static_cast<char>(number & 0xff);
  return bytes;
}
std::int64_t number_after(const std::string& bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  // Message ids are stored as signed numbers: the first page begins below all of them.
  return bytes.empty() ? INT64_MIN : static_cast<std::int64_t>(number);
}

void legs(Shard& shard, const std::string& after, std::uint32_t limit, proto::Facts* out) {
  const std::string txn = after.substr(0, 16);
  const int side = after.size() > 16 ? after[16] : -1;
  Query row(
      shard.db,
      "SELECT txn_id, leg, hold.epoch, pseq, reason, verdict, terms, goods FROM hold CROSS JOIN player USING(pid) "
      "WHERE status <> 2 AND vote = 1 AND verdict IN (0, 1) AND (txn_id, leg) > (?1, ?2) ORDER BY txn_id, leg LIMIT ?3",
      Blob{txn}, side, limit);
  std::uint32_t count = 0;
  while (row.row()) {
    auto* fact = out->add_trades();
    fact->mutable_terms()->ParseFromString(row.text(6));
    fact->set_committed(row.i64(5) == proto::COMMIT);
    auto* leg = fact->add_legs();
    leg->set_side(row.u32(1));
    leg->set_shard(shard.number);
    leg->set_epoch(row.u64(2));
    leg->set_pseq(row.u64(3));
    leg->set_reason(row.text(4));
    proto::TradeGoods goods;
    goods.ParseFromString(row.text(7));
    *leg->mutable_items() = goods.items();
    if (++count == limit) out->set_next(row.text(0) + static_cast<char>(row.i64(1)));
  }
}

// What each side gave, as the SWAP wrote it to the other.
void read_terms(const proto::SwapRecord& record, std::uint32_t register_shard, proto::TradeFact* fact) {
  auto* terms = fact->mutable_terms();
  *terms->mutable_txn() = record.legs(0).txn();
  terms->set_register_shard(register_shard);
  for (const int side : {0, 1}) {
    auto* one = terms->add_sides();
    one->set_player_id(record.player_ids(side));
    *one->mutable_give() = record.legs(1 - side).credited();
    for (const auto& item : record.legs(1 - side).items()) {
      auto* given = one->add_items();
      *given->mutable_item() = item.id();
      given->set_version(item.version());
    }
  }
}

// Of characters that came here since: the shard that decided it may have lost the decision with the other half.
void swaps(Shard& shard, const std::string& after, std::uint32_t limit, proto::Facts* out) {
  Query row(shard.db,
            "SELECT pid, txn_id, shard, record FROM swapped_leg CROSS JOIN player USING(pid) "
            "WHERE status <> 2 AND (pid, txn_id) > (?1, ?2) "
            "ORDER BY pid, txn_id LIMIT ?3",
            number_after(after.substr(0, 8)), Blob{after.size() > 8 ? after.substr(8) : std::string()}, limit);
  std::uint32_t count = 0;
  while (row.row()) {
    if (++count == limit) out->set_next(number_cursor(row.u64(0)) + row.text(1));
    proto::SwapRecord record;
    if (!record.ParseFromString(row.text(3)) || record.legs_size() != 2 || record.player_ids_size() != 2) continue;
    auto* fact = out->add_trades();
    fact->set_committed(true);
    read_terms(record, row.u32(2), fact);
    const int side = record.player_ids(0) == row.u64(0) ? 0 : 1;
    auto* leg = fact->add_legs();
    leg->set_side(static_cast<std::uint32_t>(side));
    leg->set_shard(shard.number);
    leg->set_reason("trade");
    *leg->mutable_items() = record.legs(1 - side).items();
  }
}

void read_votes(Shard& shard, const Key16& txn, proto::TradeFact* fact) {
  Query row(shard.db,
            "SELECT side, epoch, pseq, shard, terms, goods FROM trade_vote WHERE txn_id = ?1 AND yes = 1 ORDER BY side",
            txn);
  while (row.row()) {
    fact->mutable_terms()->ParseFromString(row.text(4));
    auto* leg = fact->add_legs();
    leg->set_side(row.u32(0));
    leg->set_epoch(row.u64(1));
    leg->set_pseq(row.u64(2));
    leg->set_shard(row.u32(3));
    leg->set_reason("trade");
    proto::TradeGoods goods;
    goods.ParseFromString(row.text(5));
    *leg->mutable_items() = goods.items();
  }
}

void registered(Shard& shard, const std::string& after, std::uint32_t limit, proto::Facts* out) {
  std::vector<Key16> txns;
  {
    Query row(shard.db, "SELECT DISTINCT txn_id FROM trade_vote WHERE txn_id > ?1 ORDER BY txn_id LIMIT ?2",
              Blob{after}, limit);
    while (row.row()) txns.push_back(row.key(0));
  }
  for (const Key16& txn : txns) {
    const Decision decision = decision_of(shard, txn);
    if (decision.verdict == proto::ABORT || decision.swapped) continue;
    proto::TradeFact fact;
    fact.set_committed(decision.verdict == proto::COMMIT);
    fact.set_undecided(decision.verdict == 0);
    read_votes(shard, txn, &fact);
    if (fact.legs_size() > 0) *out->add_trades() = fact;
  }
  if (txns.size() == limit) out->set_next(std::string(txns.back().bytes, sizeof txns.back().bytes));
}

// Also what waits: it may have been delivered before its receiver's shard went back, and given on there. Delivered once
// more only after that was redone, it would bring again what has left.
void sent(Shard& shard, const std::string& after, std::uint32_t limit, proto::Facts* out) {
  Query row(shard.db,
            "SELECT message_id, to_pid, body FROM outbox CROSS JOIN player USING(pid) "
            "WHERE status <> 2 AND message_id > ?1 ORDER BY message_id LIMIT ?2",
            number_after(after), limit);
  std::uint32_t count = 0;
  while (row.row()) {
    proto::InboxEntry letter;
    letter.ParseFromString(row.text(2));
    auto* request = out->add_letters();
    request->set_message_id(row.u64(0));
    request->set_player_id(row.u64(1));
    request->set_reason(letter.reason());
    *request->mutable_balances() = letter.balances();
    *request->mutable_items() = letter.items();
    request->set_memo(letter.memo());
    request->set_from_player(letter.from_player());
    request->set_returned_from(letter.returned_from());
    request->set_relayed(true);
    request->set_from_shard(shard.number);
    if (++count == limit) out->set_next(number_cursor(row.u64(0)));
  }
}

void received(Shard& shard, const std::string& after, std::uint32_t limit, proto::Facts* out) {
  Query row(shard.db,
            "SELECT message_id, pid, reason, from_pid, memo, returned, letter, from_shard FROM inbox CROSS JOIN player "
            "USING(pid) WHERE status <> 2 AND from_pid <> 0 AND message_id > ?1 ORDER BY message_id LIMIT ?2",
            number_after(after), limit);
  std::uint32_t count = 0;
  while (row.row()) {
    proto::InboxEntry letter;
    letter.ParseFromString(row.text(6));
    auto* request = out->add_letters();
    request->set_message_id(row.u64(0));
    request->set_player_id(row.u64(1));
    request->set_reason(row.text(2));
    request->set_from_player(row.u64(3));
    request->set_memo(row.text(4));
    request->set_returned_from(row.u64(5));
    *request->mutable_balances() = letter.balances();
    *request->mutable_items() = letter.items();
    request->set_relayed(true);
    request->set_from_shard(row.u32(7));
    if (++count == limit) out->set_next(number_cursor(row.u64(0)));
  }
}

// Not those in an outbox or a hold: where these are going they may have been before the backup.
void items(Shard& shard, const std::string& after, std::uint32_t limit, proto::Facts* out) {
  Query row(shard.db,
            "SELECT item_id, kind FROM item JOIN item_holder USING(item_id) WHERE item_id > ?1 AND NOT EXISTS "
            "(SELECT 1 FROM player WHERE status = 2 AND pid = CASE kind WHEN 0 THEN owner WHEN 4 THEN "
            "(SELECT pid FROM inbox WHERE message_id = owner) END) ORDER BY item_id LIMIT ?2",
            Blob{after}, limit);
  std::uint32_t count = 0;
  while (row.row()) {
    const auto kind = static_cast<HolderKind>(row.i64(1));
    if (kind != HolderKind::kOutbox && kind != HolderKind::kHold) put(row.key(0), out->add_items());
    if (++count == limit) out->set_next(row.text(0));
  }
}

}  // namespace

proto::Facts facts(Shard& shard, const proto::FactsQuery& request) {
  proto::Facts reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const std::uint32_t limit = request.limit() == 0 ? kPageMax : std::min(request.limit(), kPageMax);
  switch (request.kind()) {
    case proto::FACT_LEGS:
      legs(shard, request.after(), limit, &reply);
      break;
    case proto::FACT_SWAPS:
      swaps(shard, request.after(), limit, &reply);
      break;
    case proto::FACT_REGISTER:
      registered(shard, request.after(), limit, &reply);
      break;
    case proto::FACT_SENT:
      sent(shard, request.after(), limit, &reply);
      break;
    case proto::FACT_RECEIVED:
      received(shard, request.after(), limit, &reply);
      break;
    case proto::FACT_ITEMS:
      items(shard, request.after(), limit * 10, &reply);
      break;
    default:
      throw GuardFalse("kind of facts");
  }
  return reply;
}

}  // namespace dure::store

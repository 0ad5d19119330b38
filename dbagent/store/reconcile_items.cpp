// Items on a restored shard: how one gets to who has to give it away, how it leaves, and what becomes of one that
// nobody has in the end.
#include <map>
#include <vector>

#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/store.pb.h"
#include "common/proto/trade.pb.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/reconcile.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

constexpr std::uint32_t kItemsAtOnce = 500;

std::optional<Holder> holder_of(Shard& shard, const Key16& item) {
  Query row(shard.db, "SELECT kind, owner FROM item_holder WHERE item_id = ?1", item);
  if (!row.row()) return std::nullopt;
  return Holder{static_cast<HolderKind>(row.i64(0)), row.u64(1)};
}

// Of a bag or a letter that waits in it.
std::uint64_t whose(Shard& shard, const Holder& holder) {
  if (holder.kind == HolderKind::kPlayer) return holder.owner;
  return static_cast<std::uint64_t>(
      shard.db.number("SELECT pid FROM inbox WHERE message_id = ?1", holder.owner).value_or(0));
}

bool in_a_bag_or_letter(const Holder& holder) {
  return holder.kind == HolderKind::kPlayer || holder.kind == HolderKind::kInbox;
}

// A letter between two characters of this shard that waited at the backup: from its outbox it is nobody's to take.
void deliver_within(Shard& shard, std::uint64_t message_id) {
  std::uint64_t after = 0;
  for (;;) {
    proto::OutboxQuery query;
    query.set_shard(shard.number);
    query.set_after(after);
    const proto::OutboxReply page = pending_outbox(shard, query);
    require(page.pending_size() > 0, "an item is in a letter that is under way");
    for (const auto& pending : page.pending()) {
      after = pending.number();
      if (pending.message_id() != message_id) continue;
      require(active_here(shard, pending.player_id()), "an item is in a letter that is under way");
      proto::DeliverRequest request = pending;
      request.set_shard(shard.number);
      require(deliver(shard, request).code() == proto::STORED, "a letter cannot be delivered");
      return mark_sent(shard, message_id);
    }
  }
}

void remember(Shard& shard, const Key16& item, std::uint64_t player_id) {
  const auto whole = read_item(shard, item);
  shard.db.run(
      "INSERT INTO let_go VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET pid = excluded.pid, body = excluded.body", item,
      player_id, Blob{whole->SerializeAsString()});
}

// By whom it came, if that was after the backup: nobody can tell then which of two had it last.
bool came_since(Shard& shard, std::uint64_t player_id) {
  return shard.db
      .number(
          "SELECT 1 FROM account_move JOIN player USING(account_id) WHERE pid = ?1 AND state = 0 AND at >= "
          "(SELECT at FROM restored WHERE closed = 1)",
          player_id)
      .has_value();
}

// Of legs that are still open here: by what they give, and by what they get.
struct OpenTrades {
  std::map<Key16, std::vector<proto::OpenTrade>> gives, gets;
};
OpenTrades open_trades(Shard& shard) {
  OpenTrades open;
  Query row(shard.db, "SELECT leg, terms FROM hold WHERE finished = 0 ORDER BY txn_id, leg");
  while (row.row()) {
    proto::TradeTerms terms;
    if (!terms.ParseFromString(row.text(1)) || terms.sides_size() != 2) continue;
    proto::OpenTrade trade;
    *trade.mutable_txn() = terms.txn();
    trade.set_register_shard(terms.register_shard());
    const int mine = static_cast<int>(row.i64(0));
    for (const auto& given : terms.sides(mine).items()) open.gives[key_of(given.item())].push_back(trade);
    for (const auto& given : terms.sides(1 - mine).items()) open.gets[key_of(given.item())].push_back(trade);
  }
  return open;
}

}  // namespace

bool active_here(Shard& shard, std::uint64_t player_id) {
  const auto root = find_root(shard, player_id);
  return root && root->status == Status::kActive;
}

void mark_sent(Shard& shard, std::uint64_t message_id) {
  proto::OutboxSent sent;
  sent.set_shard(shard.number);
  sent.set_message_id(message_id);
  require(outbox_sent(shard, sent).code() == proto::STORED, "a letter cannot be marked");
}

bool Provider::item(std::uint64_t player_id, const Key16& item) const {
  auto holder = holder_of(shard_, item);
  if (holder && holder->kind == HolderKind::kOutbox) {
    deliver_within(shard_, holder->owner);
    holder = holder_of(shard_, item);
  }
  if (!holder || holder->kind == HolderKind::kSink) return false;
  require(in_a_bag_or_letter(*holder), "an item is held for a trade that is open");
  remember(shard_, item, whose(shard_, *holder));
  const Holder bag{HolderKind::kPlayer, player_id};
  if (*holder == bag) return true;
  Posting(shard_, {player_id, 0, 0, kReconcileReason}).hand_over(item, *holder, bag);
  said_->add_notes("item " + hex(item) + " was given away by player " + std::to_string(player_id) +
                   ", who did not have it at the backup");
  return true;
}

std::vector<Key16> Provider::items(std::uint64_t player_id, const std::vector<Key16>& items) const {
  std::vector<Key16> found;
  for (const Key16& key : items) {
    if (item(player_id, key))
      found.push_back(key);
    else
      missing_->push_back(key);
  }
  require(force_ || missing_->empty(), "an item is not here");
  return found;
}

bool redo_departure(Shard& shard, const Key16& item, std::uint32_t there, proto::ReconcileReply* reply) {
  const auto holder = holder_of(shard, item);
  if (!holder || !in_a_bag_or_letter(*holder)) return false;
  const std::uint64_t player_id = whose(shard, *holder);
  Posting(shard, {player_id, 0, 0, kReconcileReason}).let_go(item, *holder, there);
  reply->add_notes("item " + hex(item) + " of player " + std::to_string(player_id) + " is on shard " +
                   std::to_string(there));
  return true;
}

void make_room(Shard& shard, const proto::MoveContent& content, std::uint32_t source, proto::BroughtBack* reply) {
  for (const auto& carried : content.items()) {
    const Key16 item = key_of(carried.item().id());
    auto holder = holder_of(shard, item);
    if (holder && holder->kind == HolderKind::kOutbox) {
      deliver_within(shard, holder->owner);
      holder = holder_of(shard, item);
    }
    if (!holder) continue;
    require(in_a_bag_or_letter(*holder), "an item is held for a trade that is open");
    const std::uint64_t player_id = whose(shard, *holder);
    require(!came_since(shard, player_id), "an item came with somebody else, too");
    Posting(shard, {player_id, 0, 0, kReconcileReason}).let_go(item, *holder, source);
    reply->add_notes("item " + hex(item) + " of player " + std::to_string(player_id) + " came back with player " +
                     std::to_string(carried.player_id()));
  }
}

proto::ItemsLetGoReply items_let_go(Shard& shard, const proto::ItemsLetGo& request) {
  proto::ItemsLetGoReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  Query row(shard.db,
            "SELECT item_id FROM let_go WHERE item_id > ?1 AND NOT EXISTS "
            "(SELECT 1 FROM item WHERE item.item_id = let_go.item_id) ORDER BY item_id LIMIT ?2",
            key_of(request.after()), kItemsAtOnce);
  while (row.row()) put(row.key(0), reply.add_items());
  return reply;
}

proto::ItemTracesReply item_traces(Shard& shard, const proto::ItemTraces& request) {
  proto::ItemTracesReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  require(request.items_size() <= static_cast<int>(kItemsAtOnce), "too many");
  OpenTrades open = open_trades(shard);
  for (const auto& uid : request.items()) {
    const Key16 item = key_of(uid);
    auto* trace = reply.add_traces();
    const auto holder = holder_of(shard, item);
    trace->set_here(holder && holder->kind != HolderKind::kHold);
    if (holder && holder->kind == HolderKind::kHold)
      for (const auto& trade : open.gives[item]) *trace->add_leaving() = trade;
    for (const auto& trade : open.gets[item]) *trace->add_coming() = trade;
    trace->set_changes(static_cast<std::uint64_t>(
        shard.db.number("SELECT count(*) FROM item_history WHERE item_id = ?1", item).value_or(0)));
  }
  return reply;
}

bool give_back(Shard& shard, const Key16& item, proto::ReconcileReply* reply) {
  std::uint64_t player_id = 0;
  proto::Item whole;
  {
    Query row(shard.db, "SELECT pid, body FROM let_go WHERE item_id = ?1", item);
    if (!row.row() || holder_of(shard, item)) return false;
    player_id = row.u64(0);
    require(whole.ParseFromString(row.text(1)), "an item that was let go cannot be read");
  }
  require(active_here(shard, player_id), "who had an item is not here");
  Posting(shard, {player_id, 0, 0, kReconcileReason}).mint(whole, {HolderKind::kPlayer, player_id});
  reply->add_notes("item " + hex(item) + " had come back to player " + std::to_string(player_id));
  return true;
}

}  // namespace dure::store

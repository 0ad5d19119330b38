// Items on a restored shard: how one gets to who has to give it away, how it leaves, and what becomes of one that
// nobody has in the end.
#include <algorithm>
#include <map>
#include <vector>

#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
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

// Who had it when somebody else gave it away had it last, as far as is known here; who gives away its own may have had
// it before that.
void remember(Shard& shard, const Key16& item, const Holder& holder, bool of_its_own) {
  const auto whole = read_item(shard, item);
  shard.db.run(of_its_own ? "INSERT INTO let_go VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"
                          : "INSERT INTO let_go VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET kind = ?2, "
                            "owner = ?3, body = ?4",
               item, static_cast<int>(holder.kind), holder.owner, Blob{whole->SerializeAsString()});
}

// Also what is in a letter to a character of here; nobody: it is not here.
std::optional<Holder> holder_after_letters(Shard& shard, const Key16& item) {
  const auto holder = holder_of(shard, item);
  if (!holder || holder->kind != HolderKind::kOutbox) return holder;
  deliver_within(shard, holder->owner);
  return holder_of(shard, item);
}

// For what comes from shard `there`: that was before. Whose it was.
std::uint64_t make_way(Shard& shard, const Key16& item, const Holder& holder, std::uint32_t there) {
  const std::uint64_t player_id = whose(shard, holder);
  remember(shard, item, holder, false);
  Posting(shard, {player_id, 0, 0, kReconcileReason}).let_go(item, holder, there);
  return player_id;
}

// After the backup: nobody can tell then which of two had an item last.
bool was_brought_back(Shard& shard, std::uint64_t player_id) {
  return shard.db.number("SELECT 1 FROM player CROSS JOIN brought_back USING(account_id) WHERE pid = ?1", player_id)
      .has_value();
}

bool brings_player(const proto::MoveContent& content, std::uint64_t player_id) {
  for (const auto& table : content.tables()) {
    const auto column = std::find(table.columns().begin(), table.columns().end(), "pid");
    if (table.name() != "player" || column == table.columns().end()) continue;
    const int at = static_cast<int>(column - table.columns().begin());
    for (const std::string& bytes : table.rows()) {
      proto::MoveRow row;
      const bool read = row.ParseFromString(bytes) && at < row.values_size();
      if (read && static_cast<std::uint64_t>(row.values(at).integer()) == player_id) return true;
    }
  }
  return false;
}

// A letter that waited at the backup, with what has left it since. Who comes back has had it if it was to it.
void empty_outbox(Shard& shard, std::uint64_t message_id, const proto::MoveContent& content) {
  const auto to = shard.db.number("SELECT to_pid FROM outbox WHERE message_id = ?1", message_id);
  if (to && brings_player(content, static_cast<std::uint64_t>(*to))) return mark_sent(shard, message_id);
  deliver_within(shard, message_id);
}

// Of legs that are still open here: by what they give, and by what they get.
struct OpenTrades {
  std::map<Key16, std::vector<proto::OpenTrade>> gives, gets;
};
OpenTrades open_trades(Shard& shard) {
  OpenTrades open;
  Query row(shard.db, "SELECT leg, terms FROM hold INDEXED BY hold_open WHERE finished = 0");
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
  const auto holder = holder_after_letters(shard_, item);
  if (!holder || holder->kind == HolderKind::kSink) return false;
  require(in_a_bag_or_letter(*holder), "an item is held for a trade that is open");
  remember(shard_, item, *holder, whose(shard_, *holder) == player_id);
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
  require(request_.force() || missing_->empty(), "an item is not here");
  return found;
}

void Provider::room_for(const Key16& item, std::uint32_t there) const {
  if (!request_.make_room()) return;
  const auto holder = holder_after_letters(shard_, item);
  if (!holder || !in_a_bag_or_letter(*holder)) return;
  const std::uint64_t player_id = make_way(shard_, item, *holder, there);
  said_->add_notes("item " + hex(item) + " of player " + std::to_string(player_id) + " left and came back");
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
      empty_outbox(shard, holder->owner, content);
      holder = holder_of(shard, item);
    }
    if (!holder) continue;
    require(in_a_bag_or_letter(*holder), "an item is held for a trade that is open");
    const std::uint64_t player_id = whose(shard, *holder);
    require(!was_brought_back(shard, player_id), "an item came with somebody else, too");
    make_way(shard, item, *holder, source);
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
    const bool held = holder && holder->kind == HolderKind::kHold && open.gives.contains(item);
    const bool in_a_letter = holder && holder->kind == HolderKind::kOutbox;
    trace->set_here(holder && !held && !in_a_letter);
    if (in_a_letter) {
      auto* letter = trace->add_letters();
      letter->set_message_id(holder->owner);
      letter->set_to_player(static_cast<std::uint64_t>(
          shard.db.number("SELECT to_pid FROM outbox WHERE message_id = ?1", holder->owner).value_or(0)));
    }
    if (held)
      for (const auto& trade : open.gives[item]) *trace->add_leaving() = trade;
    for (const auto& trade : open.gets[item]) *trace->add_coming() = trade;
    trace->set_changes(static_cast<std::uint64_t>(
        shard.db.number("SELECT count(*) FROM item_history WHERE item_id = ?1", item).value_or(0)));
  }
  return reply;
}

bool give_back(Shard& shard, const proto::NobodysItem& nobodys, proto::ReconcileReply* reply) {
  const Key16 item = key_of(nobodys.item());
  for (const auto& letter : nobodys.letters()) {
    // Its sender has only not been told yet; or it was written after all were heard.
    if (shard.db.number("SELECT 1 FROM inbox WHERE message_id = ?1", letter.message_id())) continue;
    if (active_here(shard, letter.to_player())) return false;
    throw GuardFalse("it is in a letter between other shards");
  }
  Holder holder{HolderKind::kPlayer};
  proto::Item whole;
  {
    Query row(shard.db, "SELECT kind, owner, body FROM let_go WHERE item_id = ?1", item);
    if (!row.row() || holder_of(shard, item)) return false;
    holder = {static_cast<HolderKind>(row.i64(0)), row.u64(1)};
    require(whole.ParseFromString(row.text(2)), "an item that was let go cannot be read");
  }
  const std::uint64_t player_id = whose(shard, holder);
  require(active_here(shard, player_id), "who had an item is not here");
  // A letter that was opened since is no place any more.
  const bool waits =
      shard.db.number("SELECT 1 FROM inbox WHERE message_id = ?1 AND state = 0", holder.owner).has_value();
  if (holder.kind == HolderKind::kInbox && !waits) holder = {HolderKind::kPlayer, player_id};
  Posting(shard, {player_id, 0, 0, kReconcileReason}).mint(whole, holder);
  reply->add_notes("item " + hex(item) + " had come back to player " + std::to_string(player_id));
  return true;
}

}  // namespace dure::store

#include <algorithm>

#include "common/base/ids.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/content_guard.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/reconcile.h"

namespace dure::store {
namespace {

constexpr std::uint32_t kClaimedMost = 100;

void read_claimed(Shard& shard, std::uint64_t player_id, const std::string& reason, std::uint32_t limit,
                  const std::function<proto::InboxEntry*()>& add) {
  Query row(shard.db,
            "SELECT message_id, reason, memo, from_pid, returned FROM inbox WHERE pid = ?1 AND state = 1 "
            "AND reason = ?2 ORDER BY at DESC, message_id LIMIT ?3",
            player_id, reason, limit);
  while (row.row()) {
    auto* entry = add();
    entry->set_message_id(row.u64(0));
    entry->set_reason(row.text(1));
    entry->set_memo(row.text(2));
    entry->set_from_player(row.u64(3));
    entry->set_returned_from(row.u64(4));
  }
}

// A relayed item may still lie in this shard's own outbox; else it comes in from another shard, or is made here.
void take_in(Shard& shard, Posting& posting, const proto::Item& item, const proto::DeliverRequest& request) {
  const Holder box{HolderKind::kInbox, request.message_id()};
  const Key16 key = key_of(item.id());
  const bool here = shard.db.number("SELECT 1 FROM item WHERE item_id = ?1", key).has_value();
  if (request.relayed() && here)
    posting.hand_over(key, {HolderKind::kOutbox, request.message_id()}, box);
  else
    posting.mint(item, box, !request.relayed());
}

// What a message brings goes into its inbox row, whatever becomes of it then.
void take_all_in(Shard& shard, Posting& posting, const proto::DeliverRequest& request) {
  for (const auto& amount : request.balances()) {
    if (!request.relayed()) posting.move(amount.name(), amount.value(), faucet(request.reason()), transit());
    posting.move(amount.name(), amount.value(), transit(), inbox_account(request.message_id()));
  }
  for (const auto& item : request.items()) take_in(shard, posting, item, request);
}

void note_delivered(Shard& shard, std::uint64_t player_id, InboxState state, const proto::DeliverRequest& request) {
  require(request.memo().size() <= 256, "memo");
  proto::InboxEntry letter;
  if (request.relayed()) {
    *letter.mutable_balances() = request.balances();
    *letter.mutable_items() = request.items();
  }
  shard.db.run("INSERT INTO inbox VALUES(?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?9, ?10)", request.message_id(), player_id,
               static_cast<int>(state), request.reason(), request.relayed() ? request.from_shard() : shard.number,
               shard.file.shard_time(), request.from_player(), Blob{request.memo()}, request.returned_from(),
               Blob{letter.SerializeAsString()});
}

// The number of the message that brings back another: always the same one.
std::uint64_t return_id(std::uint64_t message_id) { return (mix64(message_id) >> 1) | 1; }

// Sent back as a new message; what nobody can take back, or came back itself, goes to a sink. `holder`: whose rows.
void give_back(Shard& shard, Posting& posting, std::uint64_t holder, const proto::DeliverRequest& request) {
  const Account box = inbox_account(request.message_id());
  const Holder in{HolderKind::kInbox, request.message_id()};
  if (request.from_player() == 0 || request.returned_from() != 0) {
    for (const auto& amount : request.balances())
      posting.move(amount.name(), amount.value(), box, sink(kDeletedReason));
    for (const auto& item : request.items()) posting.hand_over(key_of(item.id()), in, {HolderKind::kSink, 0});
    return;
  }
  proto::InboxEntry letter;
  letter.set_message_id(return_id(request.message_id()));
  letter.set_reason(request.reason());
  letter.set_memo(request.memo());
  letter.set_from_player(request.player_id());
  letter.set_returned_from(request.player_id());
  *letter.mutable_balances() = request.balances();
  for (const auto& amount : request.balances()) posting.move(amount.name(), amount.value(), box, transit());
  const Holder envelope{HolderKind::kOutbox, letter.message_id()};
  for (const auto& item : request.items()) posting.hand_over(key_of(item.id()), in, envelope);
  read_items_of(shard, envelope, [&] { return letter.add_items(); });
  shard.db.run("INSERT INTO outbox VALUES(?1, ?2, ?3, ?4, 0, ?5)", letter.message_id(), shard.file.next_number(),
               holder, request.from_player(), Blob{letter.SerializeAsString()});
  proto::StoreEvent event;
  event.set_sent(letter.message_id());
  shard.tell(event);
}

// The receiver is gone for ever. Delivered all the same (the row says so to every repeat), and in the same transaction
// given back.
void turn_round(Shard& shard, Posting& posting, std::uint64_t holder, const proto::DeliverRequest& request) {
  take_all_in(shard, posting, request);
  note_delivered(shard, holder, InboxState::kClaimed, request);
  give_back(shard, posting, holder, request);
}

proto::DeliverRequest letter_to(std::uint64_t player_id, const proto::InboxEntry& entry) {
  proto::DeliverRequest letter;
  letter.set_message_id(entry.message_id());
  letter.set_player_id(player_id);
  letter.set_reason(entry.reason());
  letter.set_memo(entry.memo());
  letter.set_from_player(entry.from_player());
  letter.set_returned_from(entry.returned_from());
  *letter.mutable_balances() = entry.balances();
  *letter.mutable_items() = entry.items();
  return letter;
}

}  // namespace

void give_back_from_graves(Shard& shard) {
  std::vector<std::uint64_t> graves;
  {
    Query row(shard.db,
              "SELECT DISTINCT pid FROM player CROSS JOIN inbox USING(pid) WHERE player.kind = 2 AND inbox.state = 0 "
              "ORDER BY pid");
    while (row.row()) graves.push_back(row.u64(0));
  }
  for (const std::uint64_t grave : graves)
    for (;;) {
      proto::InboxReply waiting;
      read_inbox(shard, grave, 0, [&] { return waiting.add_entries(); });
      if (waiting.entries().empty()) break;
      for (const auto& entry : waiting.entries()) {
        shard.db.run("UPDATE inbox SET state = 1 WHERE message_id = ?1", entry.message_id());
        Posting posting(shard, {grave, 0, 0, entry.reason()});
        give_back(shard, posting, grave, letter_to(grave, entry));
      }
    }
}

// DELIVER: no value guard, and a row in any state means "done". A system message pays from a faucet through transit;
// a relayed one takes out of transit what its sender's shard put in.
proto::DeliverReply deliver(Shard& shard, const proto::DeliverRequest& request) {
  proto::DeliverReply reply;
  const auto root = find_root(shard, request.player_id());
  // Whom the directory has never known: the sender's own shard stands in for the receiver's.
  const bool nobody = request.nobody() && request.relayed() && !root;
  const auto sender = nobody ? find_root(shard, request.from_player()) : std::nullopt;
  if (const int code = unavailable(shard, request.shard(), nobody ? sender : root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  const Root& receiver = nobody ? *sender : *root;
  const bool gone = nobody || receiver.kind == RootKind::kPurged;
  if (!gone) reply.set_owner_node(receiver.owner_node);
  reply.set_ownerless(receiver.kind == RootKind::kOwnerless);
  reply.set_turned_round(gone);
  if (shard.db.number("SELECT 1 FROM inbox WHERE message_id = ?1", request.message_id())) return reply;
  require(request.message_id() != 0, "message");
  if (!request.relayed()) guard_letter(shard, receiver, request);
  Posting posting(shard, {request.player_id(), receiver.epoch, 0, request.reason()});
  // While a shard is reconciled others may have had from the one who is gone what was in it.
  if (gone && !closed(shard.db)) {
    turn_round(shard, posting, receiver.player_id, request);
    return reply;
  }
  take_all_in(shard, posting, request);
  note_delivered(shard, request.player_id(), InboxState::kUnclaimed, request);
  return reply;
}

proto::InboxReply unclaimed_inbox(Shard& shard, const proto::InboxQuery& request) {
  proto::InboxReply reply;
  const auto root = find_root(shard, request.player_id());
  if (const int code = unavailable(shard, request.shard(), root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  if (!owned_by(*root, request.epoch(), key_of(request.owner_incarnation()))) {
    reply.set_code(proto::STALE_EPOCH);
    return reply;
  }
  if (request.claimed_reason().empty()) {
    read_inbox(shard, request.player_id(), 0, [&] { return reply.add_entries(); });
  } else {
    const std::uint32_t limit = request.limit() == 0 ? kClaimedMost : std::min(request.limit(), kClaimedMost);
    read_claimed(shard, request.player_id(), request.claimed_reason(), limit, [&] { return reply.add_entries(); });
  }
  return reply;
}

proto::OutboxReply pending_outbox(Shard& shard, const proto::OutboxQuery& request) {
  proto::OutboxReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const std::uint32_t limit = request.limit() == 0 || request.limit() > 1000 ? 1000 : request.limit();
  Query pending(shard.db,
                "SELECT to_pid, body, number FROM outbox JOIN player USING(pid) WHERE state = 0 AND number > ?2 "
                "AND status = 0 ORDER BY number LIMIT ?1",
                limit, request.after());
  while (pending.row()) {
    proto::InboxEntry letter;
    letter.ParseFromString(pending.text(1));
    auto* out = reply.add_pending();
    out->set_player_id(pending.u64(0));
    out->set_message_id(letter.message_id());
    out->set_reason(letter.reason());
    *out->mutable_balances() = letter.balances();
    *out->mutable_items() = letter.items();
    out->set_memo(letter.memo());
    out->set_from_player(letter.from_player());
    out->set_returned_from(letter.returned_from());
    out->set_number(pending.u64(2));
    out->set_relayed(true);
    out->set_from_shard(shard.number);
  }
  return reply;
}

// Those of a sender on the move are relayed by the shard it arrives at.
// SENT: only after the receiver's shard has answered STORED. What went to another shard is no longer of this one.
proto::StoreReply outbox_sent(Shard& shard, const proto::OutboxSent& request) {
  proto::StoreReply reply;
  const auto status =
      shard.db.number("SELECT status FROM outbox JOIN player USING(pid) WHERE message_id = ?1", request.message_id());
  if (!status) {
    reply.set_code(request.shard() == shard.number ? proto::NO_SUCH : proto::WRONG_SHARD);
    return reply;
  }
  if (static_cast<Status>(*status) != Status::kActive) {
    reply.set_code(proto::RETRY);  // the sender is on the move, and its rows with it
    return reply;
  }
  shard.db.run("UPDATE outbox SET state = 1 WHERE message_id = ?1 AND state = 0", request.message_id());
  std::vector<Key16> gone;
  {
    Query left(shard.db, "SELECT item_id FROM item_holder WHERE kind = 3 AND owner = ?1", request.message_id());
    while (left.row()) gone.push_back(left.key(0));
  }
  for (const auto& item : gone) {
    shard.db.run("DELETE FROM item_holder WHERE item_id = ?1 AND kind = 3", item);
    shard.db.run("DELETE FROM item WHERE item_id = ?1", item);
  }
  return reply;
}

}  // namespace dure::store

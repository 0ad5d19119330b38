#include "common/proto/dbagent.pb.h"
#include "dbagent/store/posting.h"

namespace dure::store {
namespace {

// A relayed item may still lie in this shard's own outbox; else it comes in from another shard, or is made here.
void take_in(Shard& shard, Posting& posting, const proto::Item& item, const proto::DeliverRequest& request) {
  const Holder box{HolderKind::kInbox, request.message_id()};
  const Key16 key = key_of(item.id());
  const bool here = shard.db.number("SELECT 1 FROM item WHERE item_id = ?1", key).has_value();
  if (request.relayed() && here)
    posting.hand_over(key, {HolderKind::kOutbox, request.message_id()}, box);
  else
    posting.mint(item, box);
}

}  // namespace

// DELIVER: no value guard, and a row in any state means "done". A system message pays from a faucet through transit;
// a relayed one takes out of transit what its sender's shard put in.
proto::DeliverReply deliver(Shard& shard, const proto::DeliverRequest& request) {
  proto::DeliverReply reply;
  const auto root = find_root(shard, request.player_id());
  if (const int code = unavailable(shard, request.shard(), root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  reply.set_owner_node(root->owner_node);
  if (shard.db.number("SELECT 1 FROM inbox WHERE message_id = ?1", request.message_id())) return reply;
  require(request.message_id() != 0, "message");
  Posting posting(shard, {request.player_id(), root->epoch, 0, request.reason()});
  for (const auto& amount : request.balances()) {
    if (!request.relayed()) posting.move(amount.name(), amount.value(), faucet(request.reason()), transit());
    posting.move(amount.name(), amount.value(), transit(), inbox_account(request.message_id()));
  }
  for (const auto& item : request.items()) take_in(shard, posting, item, request);
  shard.db.run("INSERT INTO inbox VALUES(?1, ?2, 0, ?3, ?4, 0, ?5)", request.message_id(), request.player_id(),
               request.reason(), request.relayed() ? request.from_shard() : shard.number, shard.file.shard_time());
  return reply;
}

proto::OutboxReply pending_outbox(Shard& shard, const proto::OutboxQuery& request) {
  proto::OutboxReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const std::uint32_t limit = request.limit() == 0 || request.limit() > 1000 ? 1000 : request.limit();
  Query pending(shard.db, "SELECT to_pid, body FROM outbox WHERE state = 0 ORDER BY number LIMIT ?1", limit);
  while (pending.row()) {
    proto::InboxEntry letter;
    letter.ParseFromString(pending.text(1));
    auto* out = reply.add_pending();
    out->set_player_id(pending.u64(0));
    out->set_message_id(letter.message_id());
    out->set_reason(letter.reason());
    *out->mutable_balances() = letter.balances();
    *out->mutable_items() = letter.items();
    out->set_relayed(true);
    out->set_from_shard(shard.number);
  }
  return reply;
}

// SENT: only after the receiver's shard has answered STORED. What went to another shard is no longer of this one.
proto::StoreReply outbox_sent(Shard& shard, const proto::OutboxSent& request) {
  proto::StoreReply reply;
  const auto known = shard.db.number("SELECT 1 FROM outbox WHERE message_id = ?1", request.message_id());
  if (!known) {
    reply.set_code(request.shard() == shard.number ? proto::NO_SUCH : proto::WRONG_SHARD);
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

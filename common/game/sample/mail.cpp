#include "common/game/sample/mail.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/value.pb.h"

namespace dure::sample {

proto::Code check_attachments(const Items& items, const Mirror& mirror,
                              const google::protobuf::RepeatedPtrField<proto::Amount>& amounts,
                              const google::protobuf::RepeatedPtrField<proto::Uid>& uids, int most) {
  if (amounts.size() > most || uids.size() > most || amounts.size() + uids.size() > most) return proto::FULL;
  std::set<std::string> names;
  for (const auto& amount : amounts) {
    const ItemTemplate* stack = items.find(amount.name());
    const bool known = amount.name() == "gold" || (stack != nullptr && stack->stack);
    if (!known) return proto::NOT_FOUND;
    if (amount.value() < 1 || amount.value() > items.cap(amount.name())) return proto::INVALID;
    if (!names.insert(amount.name()).second) return proto::INVALID;
    if (mirror.balance(amount.name()) < amount.value()) return proto::NOT_ENOUGH;
  }
  std::set<ItemId> seen;
  for (const auto& uid : uids) {
    const ItemId id = item_id_of(uid);
    if (!seen.insert(id).second) return proto::INVALID;
    if (mirror.item(id) == nullptr) return proto::NOT_FOUND;
  }
  return proto::OK;
}

proto::Code check_mail(const Items& items, const Mirror& mirror, const MailSendRequest& request) {
  if (!valid_name(request.to_name())) return proto::NOT_FOUND;
  const std::string& text = request.text();
  if (text.size() > kMailTextBytesMax || (!text.empty() && !showable(text, kMailTextBytesMax))) return proto::INVALID;
  const bool empty = text.empty() && request.amounts_size() == 0 && request.items_size() == 0;
  if (empty) return proto::INVALID;
  return check_attachments(items, mirror, request.amounts(), request.items(), kMailAttachmentsMax);
}

proto::Operation write_mail(const MailSendRequest& request, const std::string& from_name, PlayerId to,
                            std::uint64_t message_id) {
  proto::Operation operation;
  operation.set_reason(kMailReason);
  auto* fee = operation.add_effects()->mutable_balance();
  fee->set_currency("gold");
  fee->set_delta(-kMailFeeGold);
  auto* send = operation.add_effects()->mutable_send();
  send->set_message_id(message_id);
  send->set_to_player(to.value);
  *send->mutable_balances() = request.amounts();
  *send->mutable_items() = request.items();
  MailMemo memo;
  memo.set_from_name(from_name);
  memo.set_text(request.text());
  send->set_memo(memo.SerializeAsString());
  return operation;
}

void tell_mail(OwnerNode& owner, const Player& player, const proto::InboxEntry& entry) {
  if (entry.reason() != kMailReason) return;
  MailMemo memo;
  if (!memo.ParseFromString(entry.memo())) return;
  MailArrived arrived;
  arrived.set_epoch(player.epoch);
  arrived.set_from_name(memo.from_name());
  arrived.set_text(memo.text());
  *arrived.mutable_amounts() = entry.balances();
  *arrived.mutable_items() = entry.items();
  arrived.set_returned(entry.returned_from() != 0);
  owner.tell(player, arrived);
}

Task<MailListReply> list_mail(OwnerNode& owner, PlayerRef ref, MailListRequest request) {
  MailListReply reply;
  const Player* player = owner.find(ref);
  proto::InboxQuery query;
  query.set_shard(player->shard);
  query.set_player_id(ref.id.value);
  query.set_epoch(ref.epoch);
  *query.mutable_owner_incarnation() = uid_of({owner.identity().incarnation.high, owner.identity().incarnation.low});
  query.set_claimed_reason(kMailReason);
  query.set_limit(request.limit() == 0 ? kMailListMost : std::min(request.limit(), kMailListMost));
  const NodeId agent = owner.shard_agent(player->shard);
  const Result<proto::InboxReply> found = co_await owner.call<proto::InboxReply>(agent, query);
  if (!found || found->code() != proto::STORED) {
    reply.set_code(proto::BUSY);
    co_return reply;
  }
  for (const auto& entry : found->entries()) {
    MailMemo memo;
    if (!memo.ParseFromString(entry.memo())) continue;
    auto* letter = reply.add_letters();
    letter->set_letter(entry.message_id());
    letter->set_from_name(memo.from_name());
    letter->set_text(memo.text());
    letter->set_returned(entry.returned_from() != 0);
  }
  co_return reply;
}

}  // namespace dure::sample

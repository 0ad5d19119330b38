#include "common/game/sample/guild.h"

#include "common/base/hash.h"
#include "common/game/sample/mail.h"
#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

bool is_guild_reason(const std::string& reason) { return reason == kGuildReason || reason == kGuildFoundReason; }

void belong(const char* counter, std::int64_t delta, std::int64_t cap, proto::Operation* operation) {
  auto* count = operation->add_effects()->mutable_count();
  count->set_counter(counter);
  count->set_delta(delta);
  count->set_cap(cap);
}

// A character with the counter at 0 only: the cap is the guild itself.
void enter(std::uint64_t guild, proto::Operation* operation) {
  const auto id = static_cast<std::int64_t>(guild);
  belong(kGuildCounter, id, id, operation);
}

proto::Effect::Send* send_to_guild(const GuildMemo& memo, std::uint64_t guild, std::uint64_t message,
                                   proto::Operation* operation) {
  auto* send = operation->add_effects()->mutable_send();
  send->set_message_id(message);
  send->set_to_player(guild);
  send->set_memo(memo.SerializeAsString());
  return send;
}

// Whom a message takes out of which guild; 0: it takes nobody out of any.
std::uint64_t taken_out_of(const proto::InboxEntry& entry, const GuildMemo& memo) {
  const bool ours = memo.kind() == GuildMemo::FOUND || memo.kind() == GuildMemo::JOIN;
  if (entry.returned_from() != 0) return ours ? entry.returned_from() : 0;
  if (memo.kind() == GuildMemo::LEFT) return entry.from_player();
  const bool entering = memo.of() == GuildMemo::FOUND || memo.of() == GuildMemo::JOIN;
  return memo.kind() == GuildMemo::REFUSED && entering ? entry.from_player() : 0;
}

void add_to_claim(const Mirror& mirror, const proto::InboxEntry& entry, proto::Operation* operation) {
  GuildMemo memo;
  if (!is_guild_reason(entry.reason()) || !memo.ParseFromString(entry.memo())) return;
  if (memo.kind() == GuildMemo::WELCOME && guild_of(mirror) == entry.from_player())
    belong(kGuildMemberCounter, 1, 1, operation);
  const std::uint64_t out = taken_out_of(entry, memo);
  if (out == 0 || guild_of(mirror) != out) return;
  // A LEFT that was read before its WELCOME waits for it: the member counter cannot fall below 0.
  if (memo.kind() == GuildMemo::LEFT) belong(kGuildMemberCounter, -1, 1, operation);
  belong(kGuildCounter, -static_cast<std::int64_t>(out), 0, operation);
}

void tell_guild(OwnerNode& owner, const Player& player, const proto::InboxEntry& entry) {
  GuildMemo memo;
  if (!is_guild_reason(entry.reason()) || !memo.ParseFromString(entry.memo())) return;
  if (memo.kind() == GuildMemo::LEADS) return;
  const bool bounced = entry.returned_from() != 0;
  GuildNotice notice;
  notice.set_epoch(player.epoch);
  notice.set_what(bounced ? GuildMemo::REFUSED : memo.kind());
  notice.set_guild(bounced ? entry.returned_from() : entry.from_player());
  notice.set_request(memo.request());
  notice.set_code(bounced ? proto::NOT_FOUND : memo.code());
  notice.set_name(memo.name());
  notice.set_by(memo.by());
  *notice.mutable_amounts() = entry.balances();
  *notice.mutable_items() = entry.items();
  owner.tell(player, notice);
  owner.tell_presence(player);
}

}  // namespace

std::string guild_aggregate_name(const std::string& name) { return "guild:" + name; }

proto::Code check_guild_deposit(const Items& items, const Mirror& mirror, const GuildDepositRequest& request) {
  if (request.amounts_size() + request.items_size() == 0) return proto::INVALID;
  return check_attachments(items, mirror, request.amounts(), request.items(), kGuildAttachmentsMost);
}

proto::Code check_guild_withdrawal(const Items& items, const GuildWithdrawRequest& request) {
  const int things = request.amounts_size() + request.items_size();
  if (request.amounts_size() > kGuildAttachmentsMost || request.items_size() > kGuildAttachmentsMost)
    return proto::FULL;
  if (things > kGuildAttachmentsMost) return proto::FULL;
  if (things == 0) return proto::INVALID;
  std::set<std::string> names;
  for (const auto& amount : request.amounts()) {
    const ItemTemplate* stack = items.find(amount.name());
    if (amount.name() != "gold" && (stack == nullptr || !stack->stack)) return proto::NOT_FOUND;
    if (amount.value() < 1 || amount.value() > items.cap(amount.name())) return proto::INVALID;
    if (!names.insert(amount.name()).second) return proto::INVALID;
  }
  std::set<ItemId> seen;
  for (const auto& uid : request.items())
    if (!seen.insert(item_id_of(uid)).second) return proto::INVALID;
  return withdrawal_memo(request).ByteSizeLong() <= 240 ? proto::OK : proto::FULL;
}

proto::Operation found_guild(const GuildFoundRequest& request, const std::string& name, std::uint64_t guild,
                             std::uint64_t message) {
  proto::Operation operation;
  operation.set_reason(kGuildFoundReason);
  enter(guild, &operation);
  GuildMemo memo;
  memo.set_kind(GuildMemo::FOUND);
  memo.set_name(request.name());
  memo.set_by(name);
  memo.set_request(message);
  auto* fee = send_to_guild(memo, guild, message, &operation)->add_balances();
  fee->set_name("gold");
  fee->set_value(kGuildFeeGold);
  return operation;
}

proto::Operation join_guild(std::uint64_t guild, const std::string& name, std::uint64_t message) {
  proto::Operation operation;
  operation.set_reason(kGuildReason);
  enter(guild, &operation);
  GuildMemo memo;
  memo.set_kind(GuildMemo::JOIN);
  memo.set_by(name);
  memo.set_request(message);
  send_to_guild(memo, guild, message, &operation);
  return operation;
}

proto::Operation ask_guild(const GuildMemo& memo, std::uint64_t guild, std::uint64_t message) {
  proto::Operation operation;
  operation.set_reason(kGuildReason);
  GuildMemo numbered = memo;
  numbered.set_request(message);
  send_to_guild(numbered, guild, message, &operation);
  return operation;
}

proto::Operation deposit_in_guild(const GuildDepositRequest& request, std::uint64_t guild, std::uint64_t message) {
  proto::Operation operation;
  operation.set_reason(kGuildReason);
  GuildMemo memo;
  memo.set_kind(GuildMemo::DEPOSIT);
  memo.set_request(message);
  auto* send = send_to_guild(memo, guild, message, &operation);
  *send->mutable_balances() = request.amounts();
  *send->mutable_items() = request.items();
  return operation;
}

GuildMemo withdrawal_memo(const GuildWithdrawRequest& request) {
  GuildMemo memo;
  memo.set_kind(GuildMemo::WITHDRAW);
  *memo.mutable_amounts() = request.amounts();
  *memo.mutable_items() = request.items();
  return memo;
}

std::uint64_t guild_of(const Mirror& mirror) { return static_cast<std::uint64_t>(mirror.counter(kGuildCounter)); }

std::uint64_t member_of(const Mirror& mirror) {
  return mirror.counter(kGuildMemberCounter) == 1 ? guild_of(mirror) : 0;
}

void add_guild(OwnerNode& owner) {
  owner.with_claims(add_to_claim);
  owner.guild_by(member_of);
  owner.on_claimed([&owner](Player& player, const proto::InboxEntry& entry) { tell_guild(owner, player, entry); });
}

}  // namespace dure::sample

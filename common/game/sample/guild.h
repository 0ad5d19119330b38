// Guilds: who may do what, and what a guild makes of what comes into its inbox. A guild is an aggregate without an
// owner: members, invitations and the bank's log are its records, the bank is what it has. Whatever is asked of it
// travels there as a message with the asker's own operation (its creq, its value, its membership: one transaction), is
// settled in one guarded transaction, and answered by messages that nobody but the receiver can lose. So two requests
// for the last sword are settled one after the other, wherever they came from.
//
// A character is in one guild at most, by its own row: the counter "guild" holds the guild's id from the moment it
// founds or accepts, and every message that ends this (refused, left, kicked, disbanded) takes it back in the operation
// of its claim. "guild.member" is 1 between WELCOME and LEFT.
//
// Pure functions but for add_guild, which teaches an owner what claims of such messages do and mean.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/game/ledger_clerk.h"
#include "common/game/owner.h"
#include "common/game/sample/guild.pb.h"
#include "common/game/sample/items.h"

namespace dure::sample {

inline constexpr const char* kGuildReason = "guild";
inline constexpr const char* kGuildFoundReason = "guild.found";  // the fee's sink, too
inline constexpr const char* kGuildCounter = "guild";
inline constexpr const char* kGuildMemberCounter = "guild.member";
inline constexpr std::int64_t kGuildFeeGold = 100;
inline constexpr std::size_t kGuildMembersMost = 40, kGuildInvitedMost = 10, kGuildItemsMost = 100,
                             kGuildKindsMost = 50;
inline constexpr const char* kGuildRecordKey = "guild";
inline constexpr std::int64_t kGuildDayMs = 86'400'000;  // of the shard's time
// For so long an invitation is not sent again, and gives way to no other when there are too many.
inline constexpr std::int64_t kGuildInvitationFirmMs = 600'000;
inline constexpr std::uint64_t kGuildLinesMost = 100;
inline constexpr int kGuildAttachmentsMost = 5;
inline constexpr std::int64_t kGuildBalanceMost = 1'000'000'000'000;

// The clerk's name of a guild of this name.
std::string guild_aggregate_name(const std::string& name);
// What a rank may take out in a day (of the shard's time): gold, and pieces (items, and units of stacks).
struct GuildAllowance {
  std::int64_t gold = 0, pieces = 0;
};
GuildAllowance guild_allowance(GuildRank rank);

// A guild as its records say.
struct Guild {
  GuildRecord record;
  std::map<std::uint64_t, GuildMember> members;
  std::map<std::uint64_t, GuildInvitation> invited;
  std::map<std::uint64_t, GuildLogLine> log;
  const GuildMember* member(std::uint64_t player) const;
};
// Nothing: never founded, or disbanded.
std::optional<Guild> read_guild(const LedgerClerk::Book& book);
// Whether somebody who wants the name is to be asked in its own inbox, though it is taken: its leader was not asked
// after today, and may be gone.
bool may_be_deserted(const Guild& guild, std::int64_t shard_time_ms);

// ── the player's side: rights are the guild's to judge, so these look only at what the asker has ────────────────────
proto::Code check_guild_deposit(const Items& items, const Mirror& mirror, const GuildDepositRequest& request);
proto::Code check_guild_withdrawal(const Items& items, const GuildWithdrawRequest& request);
// `name`: the asker's.
proto::Operation found_guild(const GuildFoundRequest& request, const std::string& name, std::uint64_t guild,
                             std::uint64_t message);
proto::Operation join_guild(std::uint64_t guild, const std::string& name, std::uint64_t message);
// Any other request, without value.
proto::Operation ask_guild(const GuildMemo& memo, std::uint64_t guild, std::uint64_t message);
proto::Operation deposit_in_guild(const GuildDepositRequest& request, std::uint64_t guild, std::uint64_t message);
GuildMemo withdrawal_memo(const GuildWithdrawRequest& request);

// ── the guild's side: LedgerClerk::Rule ─────────────────────────────────────────────────────────────────────────────
// What is not as it should be, or cannot be written, goes back whole, with a code; the log has a line of everything
// else.
void settle_guild(const LedgerClerk::Book& book, const proto::InboxEntry& entry, proto::OwnerlessApply* operation);

// ── the receiver's side ─────────────────────────────────────────────────────────────────────────────────────────────
// The guild a character belongs to, or has asked to; 0: none. The second: only once it is a member.
std::uint64_t guild_of(const Mirror& mirror);
std::uint64_t member_of(const Mirror& mirror);
// Claims of guild messages change the membership; they are told (GuildNotice), and the chat hears of it.
void add_guild(OwnerNode& owner);

}  // namespace dure::sample

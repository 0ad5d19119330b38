// What a guild's records say of it.
#include "common/game/sample/guild.h"

namespace dure::sample {
namespace {

template <class Record>
void read_all(const LedgerClerk::Book& book, const std::string& prefix, const auto& add) {
  for (auto at = book.records.lower_bound(prefix); at != book.records.end() && at->first.rfind(prefix, 0) == 0; ++at) {
    Record record;
    if (record.ParseFromString(at->second.body())) add(record);
  }
}

}  // namespace

GuildAllowance guild_allowance(GuildRank rank) {
  if (rank == GUILD_LEADER) return {kGuildBalanceMost, kGuildBalanceMost};
  if (rank == GUILD_OFFICER) return {1000, 50};
  return {100, 5};
}

const GuildMember* Guild::member(std::uint64_t player) const {
  const auto at = members.find(player);
  return at == members.end() ? nullptr : &at->second;
}

std::optional<Guild> read_guild(const LedgerClerk::Book& book) {
  Guild guild;
  const auto at = book.records.find(kGuildRecordKey);
  if (at == book.records.end() || !guild.record.ParseFromString(at->second.body()) || !guild.record.open())
    return std::nullopt;
  read_all<GuildMember>(book, "member/", [&](const auto& member) { guild.members[member.player()] = member; });
  read_all<GuildInvitation>(book, "invited/", [&](const auto& one) { guild.invited[one.player()] = one; });
  read_all<GuildLogLine>(book, "log/", [&](const auto& line) {
    if (line.number() >= guild.record.first_line()) guild.log[line.number()] = line;
  });
  return guild;
}

bool may_be_deserted(const Guild& guild, std::int64_t shard_time_ms) {
  return guild.record.leader_day() != shard_time_ms / kGuildDayMs;
}

}  // namespace dure::sample

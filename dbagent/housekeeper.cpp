#include "dbagent/housekeeper.h"

#include <set>

#include "common/proto/dbagent.pb.h"
#include "dbagent/agent.h"

namespace dure {
namespace {
constexpr Duration kInterval = seconds(10);
constexpr Duration kDeadline = seconds(5);
constexpr std::uint32_t kAtOnce = 20;
}  // namespace

void Housekeeper::tick() {
  if (agent_.now() < due_ || agent_.stopping()) return;
  due_ = agent_.now() + kInterval;
  if (agent_.identity().directory && !settling_) {
    settling_ = true;
    agent_.spawn(settle_names());
  }
  if (purging_) return;
  purging_ = true;
  agent_.spawn([](Housekeeper* self) -> Task<void> {
    for (const std::uint32_t shard : self->agent_.identity().shards) co_await self->purge(shard);
    self->purging_ = false;
  }(this));
}

Task<bool> Housekeeper::end_name(std::string name, std::uint64_t player, std::uint64_t reservation, bool release,
                                 bool ruled_out) {
  proto::ClaimName claim;
  claim.set_name(name);
  claim.set_player_id(player);
  claim.set_reservation(reservation);
  claim.set_release(release);
  claim.set_ruled_out(ruled_out);
  const NodeId directory = agent_.directory_agent();
  const Result<proto::StoreReply> reply = co_await agent_.call<proto::StoreReply>(directory, claim, kDeadline);
  // NO_SUCH, EXPECTED_OTHER: the name is not, or no longer, this one's.
  co_return reply && reply->code() != proto::RETRY && reply->code() != proto::WRONG_SHARD;
}

Task<void> Housekeeper::settle_names() {
  proto::ReservedNames query;
  query.set_older_than_ms(static_cast<std::uint32_t>(to_ms(abandoned_)));
  query.set_limit(kAtOnce);
  const Result<proto::ReservedNamesReply> found =
      co_await agent_.call<proto::ReservedNamesReply>(agent_.id(), query, kDeadline);
  const int names = found && found->code() == proto::STORED ? found->names_size() : 0;
  std::set<std::uint32_t> silent;
  for (int i = 0; i < names; ++i) {
    const proto::ReservedName& name = found->names(i);
    if (silent.count(name.shard()) != 0) continue;
    proto::SettleCreation settle;
    settle.set_shard(name.shard());
    settle.set_player_id(name.player_id());
    settle.set_reservation(name.reservation());
    settle.set_name(name.name());
    settle.set_account_id(name.account_id());
    const NodeId there = agent_.shard_agent(name.shard());
    const Result<proto::StoreReply> row = co_await agent_.call<proto::StoreReply>(there, settle, kDeadline);
    if (!row) silent.insert(name.shard());
    if (!row || (row->code() != proto::STORED && row->code() != proto::NO_SUCH)) continue;
    const bool release = row->code() == proto::NO_SUCH;
    const std::string text = name.name();
    const bool done = co_await end_name(text, name.player_id(), name.reservation(), release, release);
    agent_.log().event(
        LogLevel::kInfo, "name.settled",
        {{"name", text}, {"player", name.player_id()}, {"released", release ? 1 : 0}, {"ok", done ? 1 : 0}});
  }
  settling_ = false;
}

// The name first: a purged row is not found by the next look.
Task<void> Housekeeper::purge(std::uint32_t shard) {
  proto::PurgeQuery query;
  query.set_shard(shard);
  query.set_limit(kAtOnce);
  const Result<proto::PurgeReply> due = co_await agent_.call<proto::PurgeReply>(agent_.id(), query, kDeadline);
  const int characters = due && due->code() == proto::STORED ? due->characters_size() : 0;
  for (int i = 0; i < characters; ++i) {
    const std::uint64_t player = due->characters(i).player_id();
    const std::string name = due->characters(i).name();
    const bool released = co_await end_name(name, player, due->reservations(i), true, false);
    if (!released) continue;
    proto::PurgePlayer request;
    request.set_shard(shard);
    request.set_player_id(player);
    const Result<proto::StoreReply> done = co_await agent_.call<proto::StoreReply>(agent_.id(), request, kDeadline);
    if (done && done->code() == proto::STORED)
      agent_.log().event(LogLevel::kInfo, "character.purged", {{"player", player}, {"name", name}, {"shard", shard}});
  }
}

}  // namespace dure

#include "dbagent/bookkeeper.h"

#include "common/proto/operator.pb.h"
#include "dbagent/agent.h"

namespace dure {
namespace {

constexpr Duration kDeadline = seconds(5);
constexpr Duration kSayAgain = seconds(600);
constexpr std::size_t kSaidMax = 256;

}  // namespace

void Bookkeeper::tick() {
  if (limits_.interval == Duration{} || agent_.stopping()) return;
  if (agent_.now() >= books_due_) {
    books_due_ = agent_.now() + limits_.interval;
    for (const std::uint32_t shard : agent_.identity().shards)
      if (looking_.insert(shard).second) agent_.spawn(look_at_books(shard));
  }
  if (agent_.now() >= economy_due_ && !economy_) {
    economy_due_ = agent_.now() + limits_.economy_interval;
    economy_ = true;
    agent_.spawn(look_at_economy());
  }
}

Task<void> Bookkeeper::look_at_books(std::uint32_t shard) {
  proto::BooksQuery query;
  query.set_shard(shard);
  query.set_step(true);
  for (bool more = true; more && !agent_.stopping();) {
    const Result<proto::BooksReply> reply = co_await agent_.call<proto::BooksReply>(agent_.id(), query, kDeadline);
    if (!reply || reply->code() != proto::STORED) break;
    hear(shard, *reply);
    more = reply->more();
    // One slice between any two groups keeps up with whatever is committed; a wait would not.
    if (more && reply->behind_ms() == 0) co_await agent_.wait(limits_.between_slices);
  }
  looking_.erase(shard);
}

void Bookkeeper::hear(std::uint32_t shard, const proto::BooksReply& reply) {
  for (const auto& finding : reply.findings()) alarm(shard, finding);
  const std::pair<bool, bool> stuck{reply.stuck_holds() > 0, reply.late_messages() > 0};
  std::pair<bool, bool>& before = waiting_[shard];
  const auto say = [&](const char* what, std::uint64_t count) {
    ++ledger_alarms_;
    agent_.log().event(LogLevel::kWarning, "ledger.alarm", {{"shard", shard}, {"what", what}, {"count", count}});
  };
  if (stuck.first && !before.first) say("holds older than a minute", reply.stuck_holds());
  if (stuck.second && !before.second) say("messages not delivered for a minute", reply.late_messages());
  before = stuck;
}

void Bookkeeper::alarm(std::uint32_t shard, const std::string& what) {
  if (said_.size() >= kSaidMax || !said_.insert({shard, what}).second) return;
  ++ledger_alarms_;
  agent_.log().event(LogLevel::kError, "ledger.alarm", {{"shard", shard}, {"what", what}});
}

Task<void> Bookkeeper::look_at_economy() {
  std::size_t jumping = 0;
  for (const std::uint32_t shard : agent_.identity().shards) {
    proto::EconomyWatch watch;
    watch.set_shard(shard);
    watch.set_times(limits_.jump_times);
    watch.set_floor_a_minute(limits_.jump_floor_a_minute);
    watch.set_history_min(limits_.history_min);
    const Result<proto::EconomyJumps> reply = co_await agent_.call<proto::EconomyJumps>(agent_.id(), watch, kDeadline);
    if (!reply || reply->code() != proto::STORED) continue;
    jumping += static_cast<std::size_t>(reply->jumps_size());
    hear(shard, *reply);
  }
  jumping_ = jumping;
  economy_ = false;
}

void Bookkeeper::hear(std::uint32_t shard, const proto::EconomyJumps& reply) {
  std::erase_if(jumped_, [&](const auto& said) { return agent_.now() - said.second >= kSayAgain; });
  for (const auto& jump : reply.jumps()) {
    if (!jumped_.emplace(std::pair(shard, jump.reason() + " " + jump.currency()), agent_.now()).second) continue;
    agent_.log().event(LogLevel::kWarning, "economy.alarm",
                       {{"shard", shard},
                        {"reason", jump.reason()},
                        {"currency", jump.currency().empty() ? "items" : jump.currency()},
                        {"last_minute", jump.last_minute()},
                        {"mean_minute", jump.mean_minute()}});
  }
}

}  // namespace dure

#include "dbagent/content_desk.h"

#include "common/base/check.h"
#include "common/proto/content.pb.h"
#include "dbagent/agent.h"

namespace dure {
namespace {
constexpr Duration kDeadline = seconds(5);

proto::ContentNotice notice_of(const proto::ContentReply& reply) {
  proto::ContentNotice notice;
  notice.set_active(reply.active());
  for (const auto& known : reply.versions()) {
    auto* version = notice.add_versions();
    version->set_version(known.version());
    version->set_hash(known.hash());
  }
  return notice;
}

}  // namespace

void ContentDesk::start(const std::string& own) {
  if (!agent_.identity().directory) return;
  own_ = own;
  stale_ = own.empty();
}

void ContentDesk::on_peer_up(NodeId peer) {
  if (active_ != 0 && !notice_.empty()) tell(peer);
}

void ContentDesk::tick() {
  if (agent_.stopping()) return;
  if (agent_.identity().directory && notice_.empty() && own_.empty()) stale_ = true;
  if (told_.first != 0 && installed() < agent_.identity().shards.size() && !installing_) {
    installing_ = true;
    agent_.spawn(install());
  }
}

void ContentDesk::on_turn_end() {
  if (agent_.stopping()) return;
  if (!own_.empty() && !loading_) {
    loading_ = true;
    agent_.spawn(load_own());
  }
  if (stale_ && !reading_) {
    reading_ = true;
    agent_.spawn(read());
  }
}

// What this program came with is the version after the newest, if it is none of those that are there.
Task<void> ContentDesk::load_own() {
  proto::ContentLoad load;
  CHECK(load.ParseFromString(own_));
  for (;;) {
    const Result<proto::ContentLoaded> done = co_await agent_.call<proto::ContentLoaded>(agent_.id(), load, kDeadline);
    if (done && done->code() != proto::RETRY) {
      const bool good = done->code() == proto::STORED;
      agent_.log().event(good ? LogLevel::kInfo : LogLevel::kError, "content.loaded",
                         {{"version", done->version()},
                          {"fresh", done->fresh() ? 1 : 0},
                          {"active", done->active()},
                          {"why", done->detail()}});
      break;
    }
    co_await agent_.wait(milliseconds(200));
  }
  own_.clear();
  loading_ = false;
  stale_ = true;
}

Task<void> ContentDesk::read() {
  stale_ = false;
  proto::ContentQuery query;
  const Result<proto::ContentReply> played = co_await agent_.call<proto::ContentReply>(agent_.id(), query, kDeadline);
  query.set_guards(true);
  const Result<proto::ContentReply> judged = co_await agent_.call<proto::ContentReply>(agent_.id(), query, kDeadline);
  reading_ = false;
  // Otherwise looked at again at the next tick: the store may be busy for long.
  if (!played || played->code() != proto::STORED || !judged || judged->code() != proto::STORED) {
    notice_.clear();
    co_return;
  }
  notice_ = notice_of(*played).SerializeAsString();
  if (played->active() == 0) co_return;  // nobody has any content yet
  const proto::ContentNotice to_agents = notice_of(*judged);
  agents_notice_ = to_agents.SerializeAsString();
  hear(to_agents);
  for (const Role role : {Role::kDbagent, Role::kGeneral, Role::kDungeon})
    for (const NodeId peer : agent_.peers(role))
      if (peer != agent_.id()) tell(peer);
}

void ContentDesk::tell(NodeId to) {
  if (to.role() != Role::kGeneral && to.role() != Role::kDungeon && to.role() != Role::kDbagent) return;
  proto::ContentNotice notice;
  CHECK(notice.ParseFromString(to.role() == Role::kDbagent ? agents_notice_ : notice_));
  agent_.send(to, notice);
}

void ContentDesk::hear(const proto::ContentNotice& notice) {
  if (notice.active() != active_)
    agent_.log().event(LogLevel::kInfo, "content.active", {{"version", notice.active()}, {"before", active_}});
  active_ = notice.active();
  State state{notice.active(), {}};
  for (const auto& version : notice.versions()) state.second[version.version()] = {version.hash()};
  told_ = std::move(state);
  if (told_.first == 0 || installing_) return;
  installing_ = true;
  agent_.spawn(install());
}

std::size_t ContentDesk::installed() const {
  std::size_t count = 0;
  for (const auto& [shard, state] : in_file_) count += state == told_ ? 1 : 0;
  return count;
}

// What comes in meanwhile is told anew: the tick sees that a shard is behind.
Task<void> ContentDesk::install() {
  proto::ContentQuery query;
  query.set_guards(true);
  const NodeId directory = agent_.directory_agent();
  const Result<proto::ContentReply> reply = co_await agent_.call<proto::ContentReply>(directory, query, kDeadline);
  if (reply && reply->code() == proto::STORED && reply->active() != 0) {
    State state{reply->active(), {}};
    for (const auto& version : reply->versions()) state.second[version.version()] = {version.hash()};
    for (const std::uint32_t shard : agent_.identity().shards) {
      if (const auto at = in_file_.find(shard); at != in_file_.end() && at->second == state) continue;
      proto::ContentInstall install;
      install.set_shard(shard);
      install.set_active(reply->active());
      *install.mutable_versions() = reply->versions();
      const Result<proto::ContentDone> done = co_await agent_.call<proto::ContentDone>(agent_.id(), install, kDeadline);
      if (done && done->code() == proto::STORED) in_file_[shard] = state;
    }
  }
  installing_ = false;
}

}  // namespace dure

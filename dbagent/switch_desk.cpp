#include "dbagent/switch_desk.h"

#include <utility>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "dbagent/agent.h"

namespace dure {
namespace {
constexpr Duration kDeadline = seconds(5);
constexpr const char* kMaintenance = "maintenance";
}  // namespace

void SwitchDesk::start() { stale_ = agent_.identity().directory; }

void SwitchDesk::on_peer_up(NodeId peer) {
  if (known_) tell(peer);
}

void SwitchDesk::tick() {
  if (std::exchange(unsure_, false)) stale_ = true;
  fall_back();
}

void SwitchDesk::on_turn_end() {
  if (stale_ && !reading_) agent_.spawn(read());
}

Task<void> SwitchDesk::read() {
  reading_ = true;
  stale_ = false;
  const proto::SwitchesQuery query;
  const Result<proto::SwitchesReply> reply = co_await agent_.call<proto::SwitchesReply>(agent_.id(), query, kDeadline);
  reading_ = false;
  if (!reply || reply->code() != proto::STORED) {
    // Looked at again at the next tick, not at once: the store may be busy for long.
    unsure_ = true;
    co_return;
  }
  rows_.clear();
  for (const auto& row : reply->switches()) rows_[row.name()] = {row.on(), row.until_unix_ms()};
  known_ = true;
  for (const Role role : {Role::kGateway, Role::kGeneral, Role::kDungeon, Role::kChat, Role::kDbagent})
    for (const NodeId peer : agent_.peers(role)) tell(peer);
}

void SwitchDesk::tell(NodeId to) {
  proto::SwitchesNotice notice;
  for (const auto& [name, row] : rows_) {
    auto* s = notice.add_switches();
    s->set_name(name);
    s->set_on(row.on);
    if (name == kMaintenance && row.on)
      notice.set_maintenance_until_unix_ms(static_cast<std::uint64_t>(row.until_unix_ms));
  }
  agent_.send(to, notice);
}

// Set as any other change is, so that the row says so, too. Asked at each tick until what is read then says so; whoever
// set it anew meanwhile is not overridden.
void SwitchDesk::fall_back() {
  for (const auto& [name, row] : rows_) {
    if (row.until_unix_ms == 0 || row.until_unix_ms > unix_ms(agent_.wall_now())) continue;
    proto::SwitchSet back;
    back.set_name(name);
    back.set_on(!row.on);
    back.set_expected_until_unix_ms(row.until_unix_ms);
    agent_.send(agent_.id(), back);
  }
}

}  // namespace dure

#include "tools/mesh/tool_mesh.h"

#include <unistd.h>

#include "common/host/bus.h"
#include "common/host/clock.h"
#include "common/host/event_log.h"
#include "common/host/mailbox.h"
#include "common/host/os_entropy.h"
#include "common/proto/config.pb.h"
#include "tools/mesh/patience.h"

namespace dure {

namespace {

constexpr Duration kAnAgentWithin = seconds(10);

}  // namespace

struct ToolMesh::Parts {
  Routes routes;
  std::unique_ptr<HostEventLog> log;
  OsEntropy entropy;
  NodeIdentity identity;
  std::unique_ptr<Mailbox> mailbox;
  std::unique_ptr<Bus> bus;
};

ToolMesh::ToolMesh(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ToolMesh::~ToolMesh() { parts_->bus->stop(); }

const NodeIdentity& ToolMesh::identity() const { return parts_->identity; }
const Routes& ToolMesh::routes() const { return parts_->routes; }
Seams ToolMesh::seams() const { return Seams{parts_->log.get(), &parts_->entropy, nullptr, nullptr}; }

Result<std::unique_ptr<ToolMesh>> ToolMesh::open(const Config& config) {
  auto parts = std::make_unique<Parts>();
  auto routes = Routes::build(engine_files());
  CHECK(routes.has_value());
  parts->routes = std::move(*routes);
  LogOptions quiet;
  quiet.level = LogLevel::kError;
  auto log = HostEventLog::open(quiet);
  if (!log) return tl::unexpected<Error>(log.error());
  parts->log = std::move(*log);
  const auto& cluster = config.base().cluster();
  NodeIdentity& identity = parts->identity;
  identity.id = NodeId(Role::kTool, static_cast<std::uint16_t>(1 + ::getpid() % 60000));
  identity.name = to_text(identity.id);
  identity.incarnation = {parts->entropy.u64(), parts->entropy.u64()};
  identity.cluster_id = cluster.cluster_id();
  identity.realm_id = cluster.realm_id();
  identity.content_version = cluster.content_version();
  parts->mailbox = std::make_unique<Mailbox>(identity.name, 1000, *parts->log);
  parts->bus = std::make_unique<Bus>(*parts->log);
  if (auto bound = parts->bus->bind(identity.id, identity.name, identity.incarnation, "127.0.0.1:0", *parts->mailbox);
      !bound)
    return tl::unexpected<Error>(bound.error());
  identity.address = parts->bus->bound_address(identity.id);
  for (const auto& node : config.nodes())
    if (node.node.role() == Role::kDbagent && !node.united())
      parts->mailbox->put(PeerFound{node.node, node.name, node.address});
  parts->bus->start();
  return std::unique_ptr<ToolMesh>(new ToolMesh(std::move(parts)));
}

bool ToolMesh::run(Node& node, const std::function<bool()>& done, Duration patience,
                   const std::function<std::uint64_t()>& progress) {
  std::uint64_t downs = 0;
  std::vector<Inbound> in;
  std::vector<Outbound> out;
  bool linked = false;
  const MonoTime linked_by = mono_now() + kAnAgentWithin;
  Patience left(patience, mono_now());
  while (!done() && !left.over(progress ? progress() : 0, mono_now()) && (linked || mono_now() < linked_by)) {
    parts_->mailbox->wait(poll_ms(mono_now(), node.next_due(), milliseconds(100)));
    parts_->mailbox->take(&in, mono_now());
    for (const auto& inbound : in) {
      downs += std::holds_alternative<BusDown>(inbound) ? 1 : 0;
      linked = linked || std::holds_alternative<BusUp>(inbound);
    }
    node.turn(mono_now(), wall_now(), &in, &out);
    BusBatch batch{parts_->identity.id, downs, {}};
    for (auto& outbound : out)
      if (std::holds_alternative<BusSend>(outbound) || std::holds_alternative<BusConnect>(outbound))
        batch.effects.push_back(std::move(outbound));
    out.clear();
    parts_->bus->submit(std::move(batch));
  }
  return done();
}

}  // namespace dure

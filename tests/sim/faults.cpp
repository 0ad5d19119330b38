#include "tests/sim/faults.h"

#include <algorithm>

#include "common/base/hash.h"
#include "common/proto/mesh_header.h"
#include "common/proto/shard_map.pb.h"
#include "tests/sim/plan_text.h"

namespace dure::sim {
namespace {
constexpr Duration kUntilBackupAgain = milliseconds(50);
}  // namespace

// As its own peer: the desk answers a node that is not there any more.
void ask_move(Cluster& cluster, std::uint64_t account, std::uint32_t shard) {
  if (!cluster.alive(agent_node())) return;
  proto::MoveAccount request;
  request.set_account_id(account);
  request.set_target(shard);
  MeshHeader header;
  header.kind = MeshKind::kNotice;
  header.from = header.to = agent_node();
  header.message_id = route_id(proto::MoveAccount::descriptor());
  cluster.give(agent_node(), BusMessage{Bytes(encode_mesh(header, request.SerializeAsString()))});
}

std::string met(FaultKind kind, const std::string& situation) {
  return std::string(to_text(kind)) + " met " + situation;
}

void Faults::schedule() {
  for (const Fault& fault : plan_.faults) {
    const std::uint64_t digest = fnv1a(to_text(fault));
    cluster_.scheduler().after(fault.at, digest, [this, &fault] { begin(fault); });
    if (fault.kind == FaultKind::kRestore)
      cluster_.scheduler().after(fault.from, digest ^ fnv1a("backup"), [this, &fault] { prepare(fault); });
    cluster_.scheduler().after(fault.at + fault.lasts, ~digest, [this, &fault] { finish(fault); });
  }
}

Duration Faults::end() const {
  Duration last = plan_.play;
  for (const Fault& fault : plan_.faults) last = std::max(last, fault.at + fault.lasts);
  return last;
}

void Faults::prepare(const Fault& fault) {
  if (injected_.contains(fault.kind)) return;
  if (back_up(fault.shard)) return cluster_.tell("fault", {}, {}, "a backup of shard " + std::to_string(fault.shard));
  cluster_.scheduler().after(kUntilBackupAgain, fnv1a("backup"), [this, &fault] { prepare(fault); });
}

void Faults::begin(const Fault& fault) {
  cluster_.tell("fault", {}, {}, to_text(fault));
  const auto situations = crowd_.situations();
  switch (fault.kind) {
    case FaultKind::kCrash:
      if (!cluster_.alive(fault.nodes[0])) return;
      cluster_.kill(fault.nodes[0]);
      break;
    case FaultKind::kStop:
      if (!cluster_.alive(fault.nodes[0])) return;
      cluster_.stop(fault.nodes[0]);
      break;
    case FaultKind::kPause:
      cluster_.pause(fault.nodes[0], fault.lasts);
      break;
    case FaultKind::kCut:
      cluster_.cut(fault.nodes[0], fault.nodes[1], true);
      break;
    case FaultKind::kMute:
      cluster_.mute(fault.nodes[0], fault.nodes[1], true);
      break;
    case FaultKind::kPart:
      part(fault, true);
      break;
    case FaultKind::kDelay:
      cluster_.delay(fault.nodes[0], fault.by);
      break;
    case FaultKind::kHangUp:
      crowd_.hang_up(fault.client);
      break;
    case FaultKind::kMove:
      if (crowd_.account_of(fault.client) == 0) return;
      ask_move(cluster_, crowd_.account_of(fault.client), fault.shard);
      break;
    case FaultKind::kPowerCut:
      if (!cluster_.alive(agent_node())) return;
      cluster_.kill(agent_node());
      disk_.power_cut();
      break;
    case FaultKind::kRestore:
      cluster_.kill(agent_node());
      if (!put_back(fault.shard)) return;
      break;
    case FaultKind::kDiskFull:
      disk_.set(DiskFault::kFull, true);
      break;
    case FaultKind::kDiskErrors:
      disk_.set(DiskFault::kErrors, true);
      break;
    case FaultKind::kSyncFails:
      disk_.set(DiskFault::kSyncFails, true);
      break;
    case FaultKind::kDiskFlips:
      disk_.set(DiskFault::kFlips, true);
      break;
    case FaultKind::kDiskStalls:
      cluster_.stall_workers(agent_node(), fault.lasts);
      break;
    case FaultKind::kClock:
      cluster_.set_clock(fault.nodes[0], fault.by);
      break;
    case FaultKind::kMangle:
      crowd_.mangle(fault.client, true);
      break;
    case FaultKind::kRedisDies:
      redis_.die();
      break;
  }
  ++injected_[fault.kind];
  for (const char* situation : situations) ++met_[met(fault.kind, situation)];
}

void Faults::finish(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kCrash:
    case FaultKind::kPowerCut:
    case FaultKind::kRestore:
      cluster_.start(fault.nodes[0]);
      break;
    case FaultKind::kStop:
      // A supervisor is as patient.
      if (cluster_.alive(fault.nodes[0])) cluster_.kill(fault.nodes[0]);
      cluster_.start(fault.nodes[0]);
      break;
    case FaultKind::kCut:
      cluster_.cut(fault.nodes[0], fault.nodes[1], false);
      break;
    case FaultKind::kMute:
      cluster_.mute(fault.nodes[0], fault.nodes[1], false);
      break;
    case FaultKind::kPart:
      part(fault, false);
      break;
    case FaultKind::kDelay:
      cluster_.delay(fault.nodes[0], {});
      break;
    case FaultKind::kDiskFull:
      disk_.set(DiskFault::kFull, false);
      break;
    case FaultKind::kDiskErrors:
      disk_.set(DiskFault::kErrors, false);
      break;
    case FaultKind::kSyncFails:
      disk_.set(DiskFault::kSyncFails, false);
      break;
    case FaultKind::kDiskFlips:
      disk_.set(DiskFault::kFlips, false);
      break;
    case FaultKind::kClock:
      cluster_.set_clock(fault.nodes[0], {});
      break;
    case FaultKind::kMangle:
      crowd_.mangle(fault.client, false);
      break;
    case FaultKind::kRedisDies:
      redis_.come_back();
      break;
    case FaultKind::kPause:
    case FaultKind::kHangUp:
    case FaultKind::kMove:
    case FaultKind::kDiskStalls:
      break;
  }
}

void Faults::part(const Fault& fault, bool is_cut) {
  for (const NodeId here : fault.nodes)
    for (const NodeId there : nodes_of(plan_.shape))
      if (std::find(fault.nodes.begin(), fault.nodes.end(), there) == fault.nodes.end())
        cluster_.cut(here, there, is_cut);
}

void Faults::heal() {
  disk_.heal();
  redis_.come_back();
  const auto nodes = nodes_of(plan_.shape);
  for (const NodeId node : nodes) {
    cluster_.set_clock(node, {});
    for (const NodeId other : nodes)
      if (node < other) cluster_.cut(node, other, false);
    cluster_.delay(node, {});
    cluster_.start(node);
  }
}

}  // namespace dure::sim

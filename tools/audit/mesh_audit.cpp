// The asking half of `dure audit`: a node of its own for some seconds, linked to the agents like any other.
#include <unistd.h>

#include "common/host/bus.h"
#include "common/host/clock.h"
#include "common/host/event_log.h"
#include "common/host/mailbox.h"
#include "common/host/os_entropy.h"
#include "common/logic/node.h"
#include "common/proto/config.pb.h"
#include "common/proto/dbagent.pb.h"
#include "tools/audit/run_audit.h"

namespace dure {
namespace {

class Auditor : public Node {
 public:
  Auditor(NodeIdentity identity, const Routes& node_routes, Seams seams, std::uint32_t shards)
      : Node(std::move(identity), node_routes, seams), shards_(shards) {}
  bool done() const { return audits_.size() == shards_; }
  std::vector<store::Audit> take() {
    std::vector<store::Audit> all;
    for (auto& [shard, audit] : audits_) all.push_back(std::move(audit));
    return all;
  }

 protected:
  void on_peer_up(NodeId peer) override {
    for (const std::uint32_t shard : link(peer)->facts().shards)
      if (asked_.insert(shard).second) spawn(ask(peer, shard));
  }

 private:
  Task<void> ask(NodeId agent, std::uint32_t shard) {
    store::Audit audit;
    audit.shard = shard;
    proto::AuditRequest request;
    request.set_shard(shard);
    do {
      auto page = co_await call<proto::AuditReply>(agent, request, seconds(20));
      if (!page || page->code() != proto::STORED) {
        asked_.erase(shard);
        co_return;
      }
      if (request.offset() == 0) {
        audit.ledger_sum = page->ledger_sum();
        audit.items = page->items();
        audit.players = page->players();
        audit.operations = page->operations();
        audit.orphans = page->orphans();
        audit.doubles = page->doubles();
        audit.findings.assign(page->findings().begin(), page->findings().end());
      }
      for (const auto& uid : page->item_ids()) audit.item_ids.push_back(store::key_of(uid));
      request.set_offset(page->next_offset());
    } while (request.offset() != 0);
    audits_[shard] = std::move(audit);
  }

  std::uint32_t shards_;
  std::set<std::uint32_t> asked_;
  std::map<std::uint32_t, store::Audit> audits_;
};

}  // namespace

Result<std::vector<store::Audit>> ask_agents(const Config& config, Duration patience) {
  auto routes = Routes::build(engine_files());
  CHECK(routes.has_value());
  LogOptions quiet;
  quiet.level = LogLevel::kError;
  auto log = HostEventLog::open(quiet);
  if (!log) return tl::unexpected<Error>(log.error());
  OsEntropy entropy;
  NodeIdentity identity;
  identity.id = NodeId(Role::kTool, static_cast<std::uint16_t>(1 + ::getpid() % 60000));
  identity.name = to_text(identity.id);
  identity.incarnation = {entropy.u64(), entropy.u64()};
  identity.cluster_id = config.base().cluster().cluster_id();
  identity.realm_id = config.base().cluster().realm_id();
  identity.content_version = config.base().cluster().content_version();
  Mailbox mailbox(identity.name, 1000, **log);
  Bus bus(**log);
  if (auto bound = bus.bind(identity.id, identity.name, identity.incarnation, "127.0.0.1:0", mailbox); !bound)
    return tl::unexpected<Error>(bound.error());
  identity.address = bus.bound_address(identity.id);
  Auditor auditor(identity, *routes, Seams{log->get(), &entropy, nullptr, nullptr},
                  config.base().cluster().shard_count());
  for (const auto& node : config.nodes())
    if (node.node.role() == Role::kDbagent && !node.united())
      mailbox.put(PeerFound{node.node, node.name, node.address});
  bus.start();

  std::uint64_t downs = 0;
  std::vector<Inbound> in;
  std::vector<Outbound> out;
  for (const MonoTime give_up = mono_now() + patience; !auditor.done() && mono_now() < give_up;) {
    mailbox.wait(poll_ms(mono_now(), auditor.next_due(), milliseconds(100)));
    mailbox.take(&in, mono_now());
    for (const auto& inbound : in) downs += std::holds_alternative<BusDown>(inbound) ? 1 : 0;
    auditor.turn(mono_now(), wall_now(), &in, &out);
    BusBatch batch{identity.id, downs, {}};
    for (auto& outbound : out)
      if (std::holds_alternative<BusSend>(outbound) || std::holds_alternative<BusConnect>(outbound))
        batch.effects.push_back(std::move(outbound));
    out.clear();
    bus.submit(std::move(batch));
  }
  bus.stop();
  if (!auditor.done()) return fail(Trouble::kTimeout, "no answer for every shard");
  return auditor.take();
}

}  // namespace dure

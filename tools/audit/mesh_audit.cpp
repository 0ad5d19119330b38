// The asking half of `dure audit`: a node of its own for some seconds, linked to the agents like any other.
#include "common/logic/node.h"
#include "common/proto/config.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "tools/audit/run_audit.h"
#include "tools/mesh/tool_mesh.h"

namespace dure {
namespace {

// A large shard is read for minutes, and the answer to the first page comes after that.
constexpr Duration kPageDeadline = seconds(1800);
constexpr Duration kLongest = seconds(24 * 3600);

class Auditor : public Node {
 public:
  Auditor(NodeIdentity identity, const Routes& node_routes, Seams seams, std::uint32_t shards, Duration patience)
      : Node(std::move(identity), node_routes, seams), shards_(shards), patience_(patience) {}
  bool done() const { return audits_.size() == shards_; }
  // Nobody is being waited for, and somebody is missing.
  bool stuck() const { return asking_ == 0 && now() >= asked_last_ + patience_; }
  std::vector<store::Audit> take() {
    std::vector<store::Audit> all;
    for (auto& [shard, audit] : audits_) all.push_back(std::move(audit));
    return all;
  }

 protected:
  void on_start() override { asked_last_ = now(); }
  void on_peer_up(NodeId peer) override {
    for (const std::uint32_t shard : link(peer)->facts().shards)
      if (asked_.insert(shard).second) spawn(ask(peer, shard));
  }

 private:
  Task<void> ask(NodeId agent, std::uint32_t shard) {
    ++asking_;
    const bool whole = co_await read(agent, shard);
    if (!whole) asked_.erase(shard);
    --asking_;
    asked_last_ = now();
  }
  Task<bool> read(NodeId agent, std::uint32_t shard) {
    store::Audit audit;
    audit.shard = shard;
    proto::AuditRequest request;
    request.set_shard(shard);
    do {
      auto page = co_await call<proto::AuditReply>(agent, request, kPageDeadline);
      if (!page || page->code() != proto::STORED) co_return false;
      if (request.offset() == 0) {
        audit.ledger_sum = page->ledger_sum();
        audit.items = page->items();
        audit.players = page->players();
        audit.operations = page->operations();
        audit.orphans = page->orphans();
        audit.doubles = page->doubles();
        audit.findings.assign(page->findings().begin(), page->findings().end());
        for (const auto& uid : page->moving_item_ids()) audit.moving_ids.push_back(store::key_of(uid));
      }
      for (const auto& uid : page->item_ids()) audit.item_ids.push_back(store::key_of(uid));
      request.set_offset(page->next_offset());
    } while (request.offset() != 0);
    proto::MovesBalance moves;
    moves.set_shard(shard);
    const auto balance = co_await call<proto::MovesBalanceReply>(agent, moves, seconds(20));
    if (!balance || balance->code() != proto::STORED) co_return false;
    audit.on_the_move = balance->under_way();
    for (const auto& amount : balance->moved()) audit.moved[amount.name()] = amount.value();
    audits_[shard] = std::move(audit);
    co_return true;
  }

  std::uint32_t shards_;
  Duration patience_;
  MonoTime asked_last_{};
  std::size_t asking_ = 0;
  std::set<std::uint32_t> asked_;
  std::map<std::uint32_t, store::Audit> audits_;
};

}  // namespace

Result<std::vector<store::Audit>> ask_agents(const Config& config, Duration patience) {
  auto mesh = ToolMesh::open(config);
  if (!mesh) return tl::unexpected<Error>(mesh.error());
  Auditor auditor((*mesh)->identity(), (*mesh)->routes(), (*mesh)->seams(), config.base().cluster().shard_count(),
                  patience);
  if (!(*mesh)->run(
          auditor, [&] { return auditor.done() || auditor.stuck(); }, kLongest) ||
      !auditor.done())
    return fail(Trouble::kTimeout, "no answer for every shard");
  return auditor.take();
}

}  // namespace dure

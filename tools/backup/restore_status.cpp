// The asking half of `dure restore --status`: which shards are closed, and what holds them.
#include <cstdio>
#include <map>
#include <set>

#include "common/logic/node.h"
#include "common/proto/config.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "tools/backup/run_backup.h"
#include "tools/mesh/tool_mesh.h"

namespace dure {
namespace {

constexpr Duration kPatience = seconds(20);
constexpr Duration kBetweenTries = milliseconds(100);

class Asker : public Node {
 public:
  Asker(NodeIdentity identity, const Routes& node_routes, Seams seams, std::uint32_t shards)
      : Node(std::move(identity), node_routes, seams), shards_(shards) {}
  bool done() const { return states_.size() == shards_; }
  const std::map<std::uint32_t, proto::ClosedReply>& states() const { return states_; }

 protected:
  void on_peer_up(NodeId peer) override {
    for (const std::uint32_t shard : link(peer)->facts().shards)
      if (asked_.insert(shard).second) spawn(ask(peer, shard));
  }

 private:
  Task<void> ask(NodeId agent, std::uint32_t shard) {
    proto::ClosedQuery query;
    query.set_shard(shard);
    for (;;) {
      const auto reply = co_await call<proto::ClosedReply>(agent, query, seconds(5));
      if (reply && reply->code() == proto::STORED) {
        states_[shard] = *reply;
        co_return;
      }
      co_await wait(kBetweenTries);
    }
  }

  std::uint32_t shards_;
  std::set<std::uint32_t> asked_;
  std::map<std::uint32_t, proto::ClosedReply> states_;
};

}  // namespace

int run_restore_status(const Config& config) {
  auto mesh = ToolMesh::open(config);
  if (!mesh) {
    std::fprintf(stderr, "dure restore: %s\n", mesh.error().detail.c_str());
    return 2;
  }
  Asker asker((*mesh)->identity(), (*mesh)->routes(), (*mesh)->seams(), config.base().cluster().shard_count());
  const bool all = (*mesh)->run(
      asker, [&] { return asker.done(); }, kPatience);
  int closed = 0;
  for (const auto& [shard, state] : asker.states()) {
    const char* word = state.closed() ? "closed" : state.since_unix_ms() != 0 ? "open again" : "open";
    closed += state.closed() ? 1 : 0;
    std::printf("shard %u: %s", shard, word);
    if (state.since_unix_ms() != 0)
      std::printf(", restored alone; %llu rounds", static_cast<unsigned long long>(state.rounds()));
    std::printf("\n");
    for (const auto& line : state.notes()) std::printf("  %s\n", line.c_str());
    for (const auto& line : state.open()) std::printf("  OPEN: %s\n", line.c_str());
  }
  if (closed > 0)
    std::printf("who takes it upon himself opens it as it is: dure gm open-shard N (it is in the audit log)\n");
  if (!all) std::fprintf(stderr, "dure restore: not every shard answers\n");
  return all ? (closed > 0 ? 1 : 0) : 2;
}

}  // namespace dure

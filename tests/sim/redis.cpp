#include "tests/sim/redis.h"

#include "common/base/hash.h"

namespace dure::sim {
namespace {
constexpr Duration kRefresh = seconds(1), kLease = seconds(5), kHop = microseconds(300);
constexpr double kLoss = 0.05;
}  // namespace

Redis::Redis(Cluster& cluster) : cluster_(cluster), rng_(cluster.scheduler().seed(), 0x4ed15) { cluster.attach(this); }

void Redis::die() {
  alive_ = false;
  leases_.clear();
}

void Redis::born(NodeId node) {
  known_[node].clear();
  refresh(node, cluster_.life_of(node));
}

void Redis::refresh(NodeId node, std::uint32_t life) {
  if (cluster_.life_of(node) != life) return;
  const MonoTime now = cluster_.scheduler().now();
  if (alive_) {
    leases_[node] = {life, now + kLease};
    for (const auto& [peer, lease] : leases_) {
      if (peer == node || lease.until < now || known_[node][peer] == lease.life) continue;
      known_[node][peer] = lease.life;
      cluster_.give(node, PeerFound{peer, to_text(peer), "sim:" + to_text(peer)});
    }
  }
  cluster_.scheduler().after(kRefresh, fnv1a("lease", mix64(node.value)), [this, node, life] { refresh(node, life); });
}

bool Redis::carries() {
  const bool heard = alive_ && !rng_.chance(kLoss);
  lost_ += !heard;
  return heard;
}

void Redis::publish(const std::string& command) {
  for (const NodeId node : cluster_.nodes()) {
    const std::uint32_t life = cluster_.life_of(node);
    if (life == 0 || !carries()) continue;
    cluster_.scheduler().after(kHop, fnv1a(command, mix64(node.value)), [this, node, life, command] {
      if (cluster_.life_of(node) == life) cluster_.give(node, GmCommandIn{Bytes(command), "answers"});
    });
  }
}

void Redis::answered(NodeId node, const GmAnswerOut& answer) {
  if (!carries()) return;
  cluster_.scheduler().after(kHop, fnv1a(answer.answer.view(), mix64(node.value)), [this, bytes = answer.answer] {
    if (on_answer) on_answer(bytes);
  });
}

}  // namespace dure::sim

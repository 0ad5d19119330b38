#include "tests/sim/network.h"

#include <algorithm>
#include <vector>

#include "common/base/hash.h"

namespace dure::sim {
namespace {
constexpr Duration kRetry = milliseconds(100);
constexpr Duration kDeathNoticed = microseconds(300);
std::uint64_t digest_of(const char* what, NodeId from, NodeId to) {
  return fnv1a(what, mix64(from.value) ^ mix64(std::uint64_t{to.value} << 32));
}
}  // namespace

Network::Network(Scheduler& scheduler, LinkModel model, LifeOf life_of, Deliver deliver, Tell tell)
    : scheduler_(scheduler),
      model_(model),
      life_of_(std::move(life_of)),
      deliver_(std::move(deliver)),
      tell_(std::move(tell)) {}

Rng& Network::stream(Pair pair) {
  const auto at = streams_.find(pair);
  if (at != streams_.end()) return at->second;
  return streams_.emplace(pair, Rng(scheduler_.seed(), digest_of("link", pair.first, pair.second))).first->second;
}

// A sum of twelve draws instead of a logarithm: no floating point of the C library decides the order of events.
Duration Network::draw_latency(Rng& rng, NodeId from, NodeId to) {
  const auto spread = static_cast<std::uint64_t>((model_.latency_mean - model_.latency_min).count());
  std::uint64_t extra = spread == 0 ? 0 : rng.below(spread) + rng.below(spread);
  if (rng.chance(model_.tail)) extra += rng.below(20 * spread + 1);
  Duration latency = model_.latency_min + Duration(static_cast<std::int64_t>(extra));
  for (const NodeId node : {from, to})
    if (const auto at = delays_.find(node); at != delays_.end()) latency += at->second;
  return latency;
}

void Network::connect(NodeId from, NodeId to) {
  Connection& connection = connections_[{from, to}];
  connection = {};
  connection.from_life = life_of_(from);
  try_later({from, to}, draw_latency(stream({from, to}), from, to));
}

void Network::disconnect(NodeId from, NodeId to) { connections_.erase({from, to}); }

void Network::try_later(Pair pair, Duration delay) {
  const std::uint64_t number = next_try_++;
  connections_[pair].tries = number;
  scheduler_.after(delay, digest_of("connect", pair.first, pair.second),
                   [this, pair, number] { attempt(pair, number); });
}

void Network::attempt(Pair pair, std::uint64_t number) {
  const auto at = connections_.find(pair);
  if (at == connections_.end() || at->second.tries != number) return;
  Connection& connection = at->second;
  if (life_of_(pair.first) != connection.from_life) return void(connections_.erase(at));
  connection.to_life = life_of_(pair.second);
  if (connection.to_life == 0 || cut_.count(pair) != 0) {
    connection.to_life = 0;
    return try_later(pair, kRetry);
  }
  tell_(pair.first, connection.from_life, pair.second, true);
}

void Network::send(NodeId from, NodeId to, const Bytes& message) {
  const auto at = connections_.find({from, to});
  if (at == connections_.end() || at->second.to_life == 0 || at->second.from_life != life_of_(from)) return;
  if (cut_.count({from, to}) != 0) return at->second.unacknowledged.push_back(message);
  carry({from, to}, at->second, message);
}

void Network::carry(Pair pair, Connection& connection, const Bytes& message) {
  const auto [from, to] = pair;
  const MonoTime arrival =
      std::max(scheduler_.now() + draw_latency(stream(pair), from, to), connection.last_arrival + Duration(1));
  connection.last_arrival = arrival;
  scheduler_.at(arrival, fnv1a(message.view(), digest_of("message", from, to)),
                [this, to = pair.second, life = connection.to_life, message] {
                  if (life_of_(to) == life) deliver_(to, life, message);
                });
}

void Network::died(NodeId node) {
  std::erase_if(connections_, [node](const auto& entry) { return entry.first.first == node; });
  std::vector<Pair> broken;
  for (auto& [pair, connection] : connections_)
    if (pair.second == node && connection.to_life != 0) {
      connection.to_life = 0;
      connection.unacknowledged.clear();
      broken.push_back(pair);
    }
  for (const Pair& pair : broken) {
    try_later(pair, kRetry);
    scheduler_.after(kDeathNoticed, digest_of("died", pair.first, pair.second),
                     [this, pair, life = connections_[pair].from_life] {
                       if (life_of_(pair.first) == life) tell_(pair.first, life, pair.second, false);
                     });
  }
}

void Network::cut(NodeId a, NodeId b, bool is_cut) {
  mute(a, b, is_cut);
  mute(b, a, is_cut);
}

void Network::mute(NodeId from, NodeId to, bool is_mute) {
  if (is_mute)
    cut_.insert({from, to});
  else if (cut_.erase({from, to}) != 0)
    if (const auto at = connections_.find({from, to}); at != connections_.end() && at->second.to_life != 0)
      for (const Bytes& message : std::exchange(at->second.unacknowledged, {})) carry({from, to}, at->second, message);
}

void Network::delay(NodeId node, Duration by) {
  if (by == Duration{})
    delays_.erase(node);
  else
    delays_[node] = by;
}

}  // namespace dure::sim

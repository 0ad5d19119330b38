// The wires between processes, as ZeroMQ's DEALER → ROUTER makes them: one connection for each direction of each pair,
// in order, no resend. A killed receiver is noticed by the sender's side 0.3 ms later; a connection is tried again
// every 100 ms; what was in flight is lost. A cut pair is half-open: sends succeed and nothing arrives, until it is
// whole again or an end gives the connection up; a muted one is so one way only. As with TCP, a connection never loses
// the middle of what was sent. A delay is added to all that leaves or reaches a node. One thread.
#pragma once
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "tests/sim/scheduler.h"

namespace dure::sim {

struct LinkModel {
  Duration latency_min = microseconds(60);
  Duration latency_mean = microseconds(200);  // exponential, above the least
  double tail = 0.001;                        // one in a thousand takes ten times the mean and more
};

class Network {
 public:
  // 0: not running.
  using LifeOf = std::function<std::uint32_t(NodeId)>;
  using Deliver = std::function<void(NodeId to, std::uint32_t life, const Bytes& message)>;
  using Tell = std::function<void(NodeId owner, std::uint32_t life, NodeId peer, bool up)>;
  Network(Scheduler& scheduler, LinkModel model, LifeOf life_of, Deliver deliver, Tell tell);

  void connect(NodeId from, NodeId to);
  void disconnect(NodeId from, NodeId to);
  void send(NodeId from, NodeId to, const Bytes& message);
  void died(NodeId node);
  void cut(NodeId a, NodeId b, bool is_cut);
  void mute(NodeId from, NodeId to, bool is_mute);
  void delay(NodeId node, Duration by);  // 0: no longer
  // Of one hop, drawn from `rng`: each link and each socket has its own, so that what happens on one does not move the
  // draws of another. A client's socket has only one end that is a node.
  Duration draw_latency(Rng& rng, NodeId from, NodeId to = {});

 private:
  struct Connection {
    std::uint32_t from_life = 0, to_life = 0;  // to_life 0: being tried
    MonoTime last_arrival{};
    std::uint64_t tries = 0;
    std::vector<Bytes> unacknowledged;  // sent while it was cut
  };
  using Pair = std::pair<NodeId, NodeId>;
  Rng& stream(Pair pair);
  void try_later(Pair pair, Duration delay);
  void attempt(Pair pair, std::uint64_t number);
  void carry(Pair pair, Connection& connection, const Bytes& message);

  Scheduler& scheduler_;
  LinkModel model_;
  LifeOf life_of_;
  Deliver deliver_;
  Tell tell_;
  std::map<Pair, Rng> streams_;
  std::map<Pair, Connection> connections_;
  std::set<Pair> cut_;
  std::map<NodeId, Duration> delays_;
  std::uint64_t next_try_ = 1;
};

}  // namespace dure::sim

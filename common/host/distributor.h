// Where a node's effects go: each kind to the thread that does it, one hand-over per thread and turn. Used by the
// node's logic thread only; everything it points at is borrowed and safe to call from there.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "common/logic/crossing.h"

namespace dure {

class Bus;
class IoThread;
class LocalBus;
class RedisLink;
class WorkerPool;

struct Outlets {
  NodeId node;
  Bus* bus = nullptr;
  LocalBus* local_bus = nullptr;
  std::vector<IoThread*> io;
  WorkerPool* workers = nullptr;
  RedisLink* redis = nullptr;        // may be null
  std::function<void()> on_stopped;  // on the logic thread
};

class Distributor {
 public:
  explicit Distributor(Outlets outlets);
  // What the node is about to take: counts the ends of ZeroMQ connections it will know of.
  void taking(const std::vector<Inbound>& batch);
  // Takes everything of `effects`.
  void distribute(std::vector<Outbound>* effects);

 private:
  struct To;
  Outlets outlets_;
  std::uint64_t downs_seen_ = 0;
  std::vector<Outbound> bus_;
  std::vector<std::vector<Outbound>> io_;
};

}  // namespace dure

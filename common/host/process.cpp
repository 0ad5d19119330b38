#include "common/host/process.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "common/base/check.h"
#include "common/host/bus.h"
#include "common/host/clock.h"
#include "common/host/distributor.h"
#include "common/host/end_guard.h"
#include "common/host/heap_keeper.h"
#include "common/host/io_thread.h"
#include "common/host/listener.h"
#include "common/host/local_bus.h"
#include "common/host/logic_thread.h"
#include "common/host/ready.h"
#include "common/host/signals.h"
#include "common/host/watchdog.h"
#include "common/host/worker_pool.h"

namespace dure {
namespace {

constexpr Duration kRetryFirst = milliseconds(100), kRetryMost = seconds(1);

// Who drains before whom: a role outlives those that need it.
int stop_rank(Role role) {
  switch (role) {
    case Role::kGateway:
      return 0;
    case Role::kDungeon:
      return 1;
    case Role::kGeneral:
      return 2;
    case Role::kChat:
      return 3;
    default:
      return 4;
  }
}

// Unless it is bound, or there is nothing to bind.
Result<> bind_door(const std::string& address, std::size_t threads, std::vector<int>* listeners, std::string* bound) {
  if (address.empty() || threads == 0 || !listeners->empty()) return {};
  auto made = listen_on(address, threads);
  if (!made) return tl::unexpected<Error>(made.error());
  *listeners = std::move(*made);
  *bound = local_address(listeners->front());
  return {};
}

}  // namespace

struct Process::Running {
  NodeParts parts;
  std::unique_ptr<Mailbox> mailbox;
  bool bus_bound = false;
  std::vector<int> listeners, web_listeners;
  std::string client_address, web_address;
  std::unique_ptr<WorkerPool> workers;
  std::vector<std::unique_ptr<IoThread>> io;
  std::unique_ptr<Distributor> distributor;
  std::unique_ptr<LogicThread> logic;
  std::atomic<bool> started{false}, stopped{false};
  bool told = false, gone = false;
};

struct Process::Shared {
  explicit Shared(EventLog& log) : bus(log) {}
  StopSignals signals;
  LocalBus local_bus;
  Bus bus;
  std::unique_ptr<RedisLink> redis;
  std::unique_ptr<Watchdog> watchdog;
};

Process::Process(ProcessOptions options, EventLog& log) : options_(std::move(options)), log_(log) {
  ignore_broken_pipes();
  shared_ = std::make_unique<Shared>(log_);
}

Process::~Process() {
  for (auto& node : nodes_)
    for (const auto& listeners : {node->listeners, node->web_listeners})
      for (const int listener : listeners) close(listener);
}

void Process::add_node(NodeParts parts) {
  CHECK(parts.node != nullptr);
  CHECK_MSG(parts.listen_address.empty() == parts.client_io.empty(), "a listen address needs ClientIo objects");
  CHECK_MSG(parts.web_address.empty() || !parts.client_io.empty(), "so does a WebSocket's");
  auto running = std::make_unique<Running>();
  running->mailbox = std::make_unique<Mailbox>(parts.node->identity().name, options_.mailbox_frames_max, log_);
  running->parts = std::move(parts);
  nodes_.push_back(std::move(running));
}

void Process::request_stop() {
  ++stops_;
  wake_.ring();
}

std::string Process::client_address(NodeId node) const {
  for (const auto& running : nodes_)
    if (running->parts.node->id() == node) return running->client_address;
  return {};
}

std::string Process::web_address(NodeId node) const {
  for (const auto& running : nodes_)
    if (running->parts.node->id() == node) return running->web_address;
  return {};
}

int Process::run() {
  const MonoTime start_until = mono_now() + options_.start_timeout;
  if (!bind(start_until)) return stops_ > 0 ? 0 : kExitTemporary;
  if (!wait_for_redis(start_until)) {
    shared_->redis.reset();
    return stops_ > 0 ? 0 : kExitTemporary;
  }
  start();
  const bool served = steer(start_until);
  finish();
  return served ? 0 : kExitTemporary;
}

// ── start ───────────────────────────────────────────────────────────────────────────────────────────────────

bool Process::stop_wanted() {
  stops_ += shared_->signals.take();
  return stops_ > 0;
}

bool Process::stopped_within(Duration limit) {
  pollfd fds[2] = {{wake_.fd(), POLLIN, 0}, {shared_->signals.fd(), POLLIN, 0}};
  poll(fds, 2, static_cast<int>(to_ms(limit)));
  return stop_wanted();
}

Result<> Process::bind_node(Running& running) {
  const NodeIdentity& self = running.parts.node->identity();
  if (!running.bus_bound) {
    const auto bound =
        shared_->bus.bind(self.id, self.name, self.incarnation, running.parts.bus_address, *running.mailbox);
    if (!bound) return bound;
    running.bus_bound = true;
  }
  const std::size_t threads = running.parts.client_io.size();
  if (auto bound = bind_door(running.parts.listen_address, threads, &running.listeners, &running.client_address);
      !bound)
    return bound;
  return bind_door(running.parts.web_address, threads, &running.web_listeners, &running.web_address);
}

bool Process::bind(MonoTime until) {
  for (auto& node : nodes_) {
    bool said = false;
    for (Duration pause = kRetryFirst;; pause = std::min(pause * 2, kRetryMost)) {
      const auto bound = bind_node(*node);
      if (bound) break;
      if (!std::exchange(said, true))
        log_.event(LogLevel::kError, "start.port_taken",
                   {{"node", node->parts.node->identity().name}, {"why", bound.error().detail}});
      if (stop_wanted() || mono_now() + pause > until) return false;
      wake_.wait(static_cast<int>(to_ms(pause)));
    }
  }
  return true;
}

bool Process::wait_for_redis(MonoTime until) {
  if (!options_.redis) return true;
  std::vector<RegistryNode> nodes;
  for (auto& node : nodes_) {
    const NodeIdentity& self = node->parts.node->identity();
    nodes.push_back({self.id, self.name, self.address, to_text(self.incarnation), node->mailbox.get()});
  }
  shared_->redis = std::make_unique<RedisLink>(*options_.redis, std::move(nodes), log_);
  shared_->redis->start();
  while (options_.redis_required && !shared_->redis->connected()) {
    if (stop_wanted()) return false;
    if (mono_now() > until) {
      log_.event(LogLevel::kError, "start.timeout", {{"waited_for", "Redis at " + options_.redis->address}});
      return false;
    }
    wake_.wait(20);
  }
  return true;
}

void Process::start() {
  for (auto& node : nodes_) shared_->local_bus.join(node->parts.node->id(), *node->mailbox);
  std::vector<LogicThread*> logics;
  for (auto& node : nodes_) {
    Running& running = *node;
    running.workers = std::make_unique<WorkerPool>(running.parts.workers, *running.mailbox, log_);
    Outlets outlets;
    outlets.node = running.parts.node->id();
    outlets.bus = &shared_->bus;
    outlets.local_bus = &shared_->local_bus;
    outlets.workers = running.workers.get();
    outlets.redis = shared_->redis.get();
    outlets.on_stopped = [this, &running] {
      running.stopped = true;
      wake_.ring();
    };
    for (std::size_t i = 0; i < running.parts.client_io.size(); ++i) {
      running.io.push_back(std::make_unique<IoThread>(i, running.listeners[i], *running.parts.client_io[i],
                                                      *running.mailbox, log_,
                                                      running.web_listeners.empty() ? -1 : running.web_listeners[i]));
      outlets.io.push_back(running.io.back().get());
    }
    running.listeners.clear();  // the IO threads own them now
    running.web_listeners.clear();
    running.distributor = std::make_unique<Distributor>(std::move(outlets));
    running.logic = std::make_unique<LogicThread>(*running.parts.node, *running.mailbox, *running.distributor,
                                                  running.parts.figures, running.parts.recorders, [this, &running] {
                                                    running.started = true;
                                                    wake_.ring();
                                                  });
    logics.push_back(running.logic.get());
  }
  introduce();
  shared_->bus.start();
  for (auto& node : nodes_) node->logic->start();
  for (auto& node : nodes_)
    for (auto& io : node->io) io->start();
  shared_->watchdog = std::make_unique<Watchdog>(logics, options_.turn_max, options_.watchdog_aborts, log_);
}

void Process::introduce() {
  for (auto& node : nodes_) {
    for (const auto& other : nodes_)
      if (other != node)
        node->mailbox->put(PeerFound{other->parts.node->id(), other->parts.node->identity().name, "local"});
    for (const auto& peer : options_.peers)
      if (const NodeId id = node_from_text(peer.name); id && !shared_->local_bus.knows(id))
        node->mailbox->put(PeerFound{id, peer.name, peer.address});
  }
}

// ── life and end ────────────────────────────────────────────────────────────────────────────────────────────

// False: what it needs did not come in time, or a role ended that nobody had asked to.
bool Process::steer(MonoTime start_until) {
  MonoTime stop_at = MonoTime::max();
  int stops_told = 0;
  bool in_time = true, as_asked = true;
  HeapKeeper heap;
  for (;;) {
    stop_wanted();
    if (!ready_ && std::all_of(nodes_.begin(), nodes_.end(), [](const auto& n) { return n->started.load(); })) {
      ready_ = true;
      log_.event(LogLevel::kInfo, "process.ready", {{"nodes", nodes_.size()}});
      notify_ready();
    }
    if (!ready_ && in_time && stops_ == 0 && mono_now() >= start_until) {
      in_time = false;
      for (const auto& node : nodes_)
        if (!node->started)
          log_.event(LogLevel::kError, "start.timeout",
                     {{"node", node->logic->name()}, {"waited_for", node->logic->waits_for()}});
      request_stop();
    }
    const int stops = stops_;
    if (stops > 0 && stop_at == MonoTime::max()) {
      stop_at = mono_now() + options_.stop_timeout;
      log_.event(LogLevel::kInfo, "process.stopping", {{"nodes", nodes_.size()}});
      for (auto& node : nodes_)
        for (auto& io : node->io) io->stop_accepting();
    }
    const bool at_once = stops > 1 && stops_told < 2;
    stops_told = std::min(stops, 2);
    if (stops > 0) stop_roles(at_once);
    // A role may also end by itself, as one whose store failed: then the process ends, to be started anew.
    for (auto& node : nodes_)
      if (node->stopped && !std::exchange(node->gone, true)) {
        node->logic->stop();
        shared_->local_bus.leave(node->parts.node->id());
        if (stops_ > 0) continue;
        as_asked = false;
        log_.event(LogLevel::kError, "process.role_ended", {{"node", node->logic->name()}});
        request_stop();
      }
    if (std::all_of(nodes_.begin(), nodes_.end(), [](const auto& n) { return n->gone; })) return in_time && as_asked;
    if (stops > 0) stop_roles(false);  // the next rank, if the last one has just gone
    if (heap.tend(mono_now()))
      log_.event(LogLevel::kDebug, "heap.given_back", {{"resident_bytes", HeapKeeper::use().resident_bytes}});
    if (mono_now() >= stop_at) {
      log_.event(LogLevel::kError, "process.stop_timeout", {{"after_ms", to_ms(options_.stop_timeout)}});
      return in_time && as_asked;
    }
    pollfd fds[2] = {{wake_.fd(), POLLIN, 0}, {shared_->signals.fd(), POLLIN, 0}};
    poll(fds, 2, poll_ms(mono_now(), ready_ || !in_time ? stop_at : std::min(stop_at, start_until), seconds(1)));
    wake_.clear();
  }
}

// at_once: everybody, whatever rank, and again if told before.
void Process::stop_roles(bool at_once) {
  int rank = 5;
  for (const auto& node : nodes_)
    if (!node->gone) rank = std::min(rank, stop_rank(node->parts.node->id().role()));
  for (auto& node : nodes_) {
    if (node->gone) continue;
    if (at_once) node->mailbox->put(StopRequested{true});
    if (!at_once && !node->told && stop_rank(node->parts.node->id().role()) == rank)
      node->mailbox->put(StopRequested{false});
    node->told = node->told || at_once || stop_rank(node->parts.node->id().role()) == rank;
  }
}

void Process::finish() {
  const EndGuard guard(options_.end_timeout, shared_->signals, log_);
  shared_->watchdog->stop();
  for (auto& node : nodes_) node->logic->stop();
  // What the last turns sent is on its way: workers, clients and peers get it before their threads end.
  for (auto& node : nodes_) node->workers->stop();
  for (auto& node : nodes_)
    for (auto& io : node->io) io->stop();
  shared_->bus.stop();
  if (shared_->redis) shared_->redis->stop();
  log_.event(LogLevel::kInfo, "process.stopped", {{"nodes", nodes_.size()}});
}

}  // namespace dure

#include "tests/sim/cluster.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/hash.h"

namespace dure::sim {
namespace {
constexpr Duration kHandOver = microseconds(20);  // between an IO thread or worker and the logic thread
constexpr Duration kPortTick = milliseconds(100);
constexpr Duration kRespawn = milliseconds(300);
std::uint64_t digest_of(const char* what, NodeId node) { return fnv1a(what, mix64(node.value)); }
}  // namespace

Cluster::Cluster(std::uint64_t seed, LinkModel links)
    : scheduler_(seed),
      network_(
          scheduler_, links, [this](NodeId node) { return life_of(node); },
          [this](NodeId to, std::uint32_t, const Bytes& message) {
            tell("bus", to, {}, message.view());
            give(to, BusMessage{message});
          },
          [this](NodeId owner, std::uint32_t, NodeId peer, bool up) {
            if (up)
              give(owner, BusUp{peer});
            else
              give(owner, BusDown{peer});
          }),
      rng_(seed, 0xc105) {}

Cluster::~Cluster() = default;

// ── lives ───────────────────────────────────────────────────────────────────────────────────────────────────

void Cluster::add(Blueprint blueprint) {
  auto process = std::make_unique<Process>();
  process->blueprint = std::move(blueprint);
  const NodeId id = process->id();
  process->log = std::make_unique<SimLog>([this, id](const std::string& line) {
    scheduler_.fold(fnv1a(line));
    tell("log", id, {}, line);
  });
  CHECK(processes_.emplace(id, std::move(process)).second);
}

Blueprint& Cluster::blueprint(NodeId node) {
  CHECK(processes_.at(node)->life == 0);
  return processes_.at(node)->blueprint;
}

void Cluster::tell(const char* what, NodeId node, NodeId other, std::string_view text) const {
  if (watcher_) watcher_({scheduler_.now(), what, node, other, text});
}

void Cluster::start(NodeId node, Duration after) {
  scheduler_.after(after, digest_of("start", node), [this, node] {
    Process& process = *processes_.at(node);
    if (!process.alive) birth(process);
  });
}

void Cluster::start_all() {
  for (const auto& [id, process] : processes_) start(id, milliseconds(static_cast<std::int64_t>(rng_.below(50))));
}

void Cluster::birth(Process& process) {
  ++process.life;
  tell("begins", process.id());
  NodeIdentity identity = process.blueprint.identity;
  Rng draw(scheduler_.seed(), mix64(process.id().value) ^ process.life);
  identity.incarnation = {draw.next(), draw.next()};
  identity.seed = draw.next();
  if (identity.address.empty()) identity.address = "sim:" + to_text(identity.id);
  process.entropy = std::make_unique<SeededEntropy>(draw.next());
  process.rng = Rng(draw.next());
  process.luck = std::make_unique<SimLuck>(armed_, scheduler_.seed(), mix64(process.id().value) ^ process.life,
                                           [this, id = process.id()](std::string_view site) {
                                             scheduler_.fold(fnv1a(site, id.value));
                                             tell("unlucky", id, {}, site);
                                             ++unlucky_[std::string(site)];
                                           });
  process.clock_offset = milliseconds(static_cast<std::int64_t>(draw.below(1'000'000)));
  process.wake_at = process.pump_at = MonoTime::max();
  process.not_before = process.paused_until = {};
  process.asked_to_end = false;
  try {
    Seams seams{process.log.get(), process.entropy.get()};
    seams.luck = process.luck.get();
    process.parts = process.blueprint.build(identity, seams);
  } catch (const CannotStart& why) {
    process.blueprint.died();
    tell("log", process.id(), {}, std::string("cannot start: ") + why.what());
    return start(process.id(), kRespawn);
  }
  process.alive = true;
  if (outside_ != nullptr) outside_->born(process.id());
  for (const auto& [peer, other] : processes_)
    if (outside_ == nullptr && peer != process.id())
      process.inbox.push_back(PeerFound{peer, to_text(peer), "sim:" + to_text(peer)});
  wake(process, scheduler_.now());
  if (!process.parts.ports.empty()) port_ticks(process.id(), process.life);
}

void Cluster::kill(NodeId node) {
  Process& process = *processes_.at(node);
  if (process.alive) end(process, false);
}

void Cluster::end(Process& process, bool by_itself) {
  const NodeId node = process.id();
  scheduler_.fold(digest_of("kill", node));
  tell("ends", node);
  process.alive = false;
  process.inbox.clear();
  process.worker_free_at.clear();
  network_.died(node);
  std::vector<SocketId> lost;
  for (const auto& [id, socket] : sockets_)
    if (socket.node == node) lost.push_back(id);
  for (const SocketId id : lost) drop_socket(id, true, network_.draw_latency(sockets_.at(id).rng, node));
  if (!by_itself) process.blueprint.died();
  process.parts = {};
  process.entropy.reset();
  process.luck.reset();
}

void Cluster::pause(NodeId node, Duration duration) {
  Process& process = *processes_.at(node);
  process.paused_until = std::max(process.paused_until, scheduler_.now() + duration);
}

void Cluster::stop(NodeId node) {
  processes_.at(node)->asked_to_end = true;
  give(node, StopRequested{});
}

void Cluster::stall_workers(NodeId node, Duration duration) {
  Process& process = *processes_.at(node);
  process.stalled_until = std::max(process.stalled_until, scheduler_.now() + duration);
}

bool Cluster::alive(NodeId node) const {
  const auto at = processes_.find(node);
  return at != processes_.end() && at->second->alive;
}
std::uint32_t Cluster::life_of(NodeId node) const { return alive(node) ? processes_.at(node)->life : 0; }
std::vector<NodeId> Cluster::nodes() const {
  std::vector<NodeId> all;
  for (const auto& [id, process] : processes_) all.push_back(id);
  return all;
}
Node* Cluster::node(NodeId node) { return alive(node) ? processes_.at(node)->parts.node.get() : nullptr; }

std::vector<std::string> Cluster::errors() const {
  std::vector<std::string> all;
  for (const auto& [id, process] : processes_)
    all.insert(all.end(), process->log->errors.begin(), process->log->errors.end());
  return all;
}

// ── turns ───────────────────────────────────────────────────────────────────────────────────────────────────

void Cluster::give(NodeId node, Inbound inbound) {
  Process& process = *processes_.at(node);
  if (!process.alive) return;
  process.inbox.push_back(std::move(inbound));
  wake(process, scheduler_.now() + kHandOver);
}

void Cluster::wake(Process& process, MonoTime due) {
  due = std::max({due, process.not_before, process.paused_until, scheduler_.now()});
  if (due >= process.wake_at) return;
  process.wake_at = due;
  scheduler_.at(due, digest_of("turn", process.id()), [this, &process, life = process.life, due] {
    if (!process.alive || process.life != life || process.wake_at != due) return;
    process.wake_at = MonoTime::max();
    if (scheduler_.now() < process.paused_until) return wake(process, process.paused_until);
    turn(process);
  });
}

void Cluster::turn(Process& process) {
  std::vector<Inbound> in;
  in.swap(process.inbox);
  std::vector<Outbound> out;
  Node& node = *process.parts.node;
  node.turn(mono(process), wall(process), &in, &out);
  node.check_invariants();
  ++process.turns;
  process.not_before = scheduler_.now() + microseconds(5 + static_cast<std::int64_t>(process.rng.below(60)));
  for (auto& outbound : out) take_out(process, outbound);
  if (!process.alive) return;
  pump(process);
  const MonoTime due = node.next_due();
  if (due != MonoTime::max()) wake(process, due - process.clock_offset);
  if (!process.inbox.empty()) wake(process, scheduler_.now());
}

void Cluster::take_out(Process& process, Outbound& outbound) {
  if (!process.alive) return;
  if (const auto* sent = std::get_if<BusSend>(&outbound)) {
    network_.send(process.id(), sent->peer, sent->message);
  } else if (const auto* connect = std::get_if<BusConnect>(&outbound)) {
    if (processes_.count(connect->peer) != 0) network_.connect(process.id(), connect->peer);
  } else if (const auto* disconnect = std::get_if<BusDisconnect>(&outbound)) {
    network_.disconnect(process.id(), disconnect->peer);
  } else if (const auto* w = std::get_if<Work>(&outbound)) {
    work(process, *w);
  } else if (std::get_if<Stopped>(&outbound) != nullptr) {
    // The rest of the process ends once what it sent is on the wire.
    scheduler_.after(kHandOver, digest_of("stopped", process.id()), [this, id = process.id(), life = process.life] {
      if (life_of(id) != life) return;
      Process& ended = *processes_.at(id);
      end(ended, true);
      if (!ended.asked_to_end) start(id, kRespawn);
    });
  } else if (const auto* answer = std::get_if<GmAnswerOut>(&outbound)) {
    if (outside_ != nullptr) outside_->answered(process.id(), *answer);
  } else if (std::get_if<MonitorValues>(&outbound) == nullptr) {
    command(process, outbound);
  }
}

// As a host's Distributor: what is of a client goes to its own port, which alone has its session's output.
void Cluster::command(Process& process, const Outbound& outbound) {
  const ClientId client = std::visit(
      [](const auto& effect) {
        if constexpr (requires { effect.client; })
          return effect.client;
        else
          return ClientId();
      },
      outbound);
  if (!client) {
    for (const auto& port : process.parts.ports) port->command(outbound, mono(process));
  } else if (ClientIo* io = port(process, client); io != nullptr) {
    io->command(outbound, mono(process));
  }
}

// Done half-way, answered at the end: a death between the two is a commit whose answer is lost.
void Cluster::work(Process& process, const Work& work) {
  const Duration half = microseconds(100 + static_cast<std::int64_t>(process.rng.below(1500)));
  MonoTime& free_at = process.worker_free_at[work.queue];
  const MonoTime done = std::max({free_at, scheduler_.now(), process.stalled_until}) + half;
  free_at = done + half;
  const auto alive_still = [this, id = process.id(), life = process.life] { return life_of(id) == life; };
  scheduler_.at(done, digest_of("work", process.id()), [this, &process, work, half, alive_still] {
    if (!alive_still()) return;
    const auto worker = process.parts.workers.find(work.queue);
    CHECK_MSG(worker != process.parts.workers.end(), "no worker for queue " + work.queue);
    const Bytes reply(worker->second->run(work.request.view()));
    scheduler_.after(half, fnv1a(reply.view(), digest_of("worked", process.id())),
                     [this, id = process.id(), number = work.work_id, reply, alive_still] {
                       if (alive_still()) give(id, WorkDone{number, reply});
                     });
  });
}

// ── clients ─────────────────────────────────────────────────────────────────────────────────────────────────

ClientIo* Cluster::port(Process& process, ClientId client) {
  const std::size_t thread = client.value >> 56;
  return thread < process.parts.ports.size() ? process.parts.ports[thread].get() : nullptr;
}

void Cluster::port_ticks(NodeId node, std::uint32_t life) {
  scheduler_.after(kPortTick, digest_of("port", node), [this, node, life] {
    if (life_of(node) != life) return;
    Process& process = *processes_.at(node);
    if (scheduler_.now() >= process.paused_until) {
      for (const auto& port : process.parts.ports) port->tick(mono(process));
      pump(process);
    }
    port_ticks(node, life);
  });
}

SocketId Cluster::connect(NodeId gateway, const std::string& address, Wire* wire, Door door) {
  if (!alive(gateway)) return 0;
  Process& process = *processes_.at(gateway);
  CHECK(!process.parts.ports.empty());
  const std::uint64_t number = ++process.next_client;
  const ClientId client((number % process.parts.ports.size()) << 56 | number);
  const SocketId id = next_socket_++;
  Rng rng(scheduler_.seed(), mix64(gateway.value) ^ (std::uint64_t{process.life} << 32 | number));
  sockets_[id] = Socket{gateway, process.life, client, std::make_shared<Wire*>(wire), {}, {}, {}, {}, rng};
  socket_of_[{gateway, client}] = id;
  scheduler_.fold(digest_of("accept", gateway));
  ClientIo* io = port(process, client);
  const bool web = door == Door::kWebSocket;
  if (!(web ? io->opened_web(client, address, mono(process)) : io->opened(client, address, mono(process)))) {
    drop_socket(id, true, network_.draw_latency(sockets_.at(id).rng, gateway));
    return id;
  }
  pump(process);
  return id;
}

void Cluster::send(SocketId id, std::string bytes) {
  const auto at = sockets_.find(id);
  if (at == sockets_.end()) return;
  Socket& socket = at->second;
  while (!bytes.empty()) {
    const std::size_t length = socket.rng.chance(0.5) ? bytes.size() : 1 + socket.rng.below(bytes.size());
    const std::string piece = bytes.substr(0, length);
    bytes.erase(0, length);
    socket.last_up =
        std::max(scheduler_.now() + network_.draw_latency(socket.rng, socket.node), socket.last_up + Duration(1));
    scheduler_.at(socket.last_up, fnv1a(piece), [this, id, piece] { arrived(id, piece); });
  }
}

void Cluster::arrived(SocketId id, const std::string& bytes) {
  const auto at = sockets_.find(id);
  if (at == sockets_.end()) return;
  Process& process = *processes_.at(at->second.node);
  if (!process.alive || process.life != at->second.life) return;
  if (scheduler_.now() < process.paused_until) {
    // In order, as they came.
    at->second.last_late = std::max(process.paused_until, at->second.last_late + Duration(1));
    return scheduler_.at(at->second.last_late, fnv1a(bytes), [this, id, bytes] { arrived(id, bytes); });
  }
  at->second.unread += bytes;
  ClientIo* io = port(process, at->second.client);
  if (io->reads(at->second.client)) {
    const std::string all = std::exchange(at->second.unread, {});
    io->received(at->second.client, all, mono(process));
  }
  pump(process);
}

void Cluster::close(SocketId id) {
  if (const auto ending = ending_.extract(id)) *ending.mapped() = nullptr;
  const auto at = sockets_.find(id);
  if (at == sockets_.end()) return;
  Process& process = *processes_.at(at->second.node);
  const ClientId client = at->second.client;
  drop_socket(id, false, {});
  port(process, client)->closed(client, mono(process));
  pump(process);
}

void Cluster::drop_socket(SocketId id, bool tell_client, Duration after) {
  const auto at = sockets_.find(id);
  if (at == sockets_.end()) return;
  const Socket socket = at->second;
  socket_of_.erase({socket.node, socket.client});
  sockets_.erase(at);
  if (!tell_client) {
    *socket.wire = nullptr;
    return;
  }
  const MonoTime due = std::max(scheduler_.now() + after, socket.last_down + Duration(1));
  ending_.emplace(id, socket.wire);
  scheduler_.at(due, digest_of("closed", socket.node), [this, id, wire = socket.wire] {
    ending_.erase(id);
    if (*wire != nullptr) (*wire)->closed();
  });
}

void Cluster::write_out(Process& process, ClientIo& io, ClientId client) {
  const auto at = socket_of_.find({process.id(), client});
  if (at == socket_of_.end()) return;
  Socket& socket = sockets_.at(at->second);
  std::vector<std::string_view> pieces;
  for (;;) {
    pieces.clear();
    io.gather(client, 64, &pieces);
    std::string bytes;
    for (const auto piece : pieces) bytes += piece;
    if (bytes.empty()) break;
    // A kernel takes as much as it likes.
    if (socket.rng.chance(0.2)) bytes.resize(1 + socket.rng.below(bytes.size()));
    io.wrote(client, bytes.size(), mono(process));
    socket.last_down =
        std::max(scheduler_.now() + network_.draw_latency(socket.rng, socket.node), socket.last_down + Duration(1));
    scheduler_.at(socket.last_down, fnv1a(bytes), [wire = socket.wire, bytes] {
      if (*wire != nullptr) (*wire)->bytes(bytes);
    });
  }
}

void Cluster::pump(Process& process) {
  if (!process.alive) return;
  for (const auto& io : process.parts.ports) {
    for (int round = 0; round < 1000; ++round) {
      std::vector<ClientId> touched;
      io->take_touched(&touched, mono(process));
      if (touched.empty()) break;
      for (const ClientId client : touched) {
        write_out(process, *io, client);
        const auto at = socket_of_.find({process.id(), client});
        if (at == socket_of_.end()) continue;
        const SocketId id = at->second;
        if (io->closing(client)) {
          drop_socket(id, true, network_.draw_latency(sockets_.at(id).rng, process.id()));
          io->closed(client, mono(process));
        } else if (Socket& socket = sockets_.at(id); !socket.unread.empty() && io->reads(client)) {
          const std::string all = std::exchange(socket.unread, {});
          io->received(client, all, mono(process));
        }
      }
    }
    std::vector<Inbound> events;
    io->take_events(&events);
    for (auto& event : events) give(process.id(), std::move(event));
  }
  pump_when_due(process);
}

// What a port lets wait is written when its time has come.
void Cluster::pump_when_due(Process& process) {
  MonoTime due = MonoTime::max();
  for (const auto& io : process.parts.ports) due = std::min(due, io->due());
  if (due >= process.pump_at) return;
  process.pump_at = due;
  scheduler_.at(due - process.clock_offset, digest_of("gathered", process.id()),
                [this, node = process.id(), life = process.life] {
                  if (life_of(node) != life) return;
                  Process& waiting = *processes_.at(node);
                  waiting.pump_at = MonoTime::max();
                  if (scheduler_.now() >= waiting.paused_until) pump(waiting);
                });
}

}  // namespace dure::sim

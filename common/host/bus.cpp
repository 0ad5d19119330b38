#include "common/host/bus.h"

#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/base/check.h"
#include "common/host/clock.h"
#include "common/proto/mesh_header.h"

namespace dure {
namespace {

constexpr int kReceiveBatch = 1024;
constexpr int kHighWater = 1000;
constexpr Duration kStopPatience = milliseconds(500);
constexpr int kSocketsMax = 16384;  // three for each peer; libzmq's own limit is 1,023
constexpr Duration kOpenAgain = seconds(1);

void set(void* socket, int option, int value) { CHECK(zmq_setsockopt(socket, option, &value, sizeof value) == 0); }

void close_socket(void* socket, int linger_ms) {
  if (socket == nullptr) return;
  zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
  zmq_close(socket);
}

std::string endpoint(const std::string& address) {
  return address.find("://") == std::string::npos ? "tcp://" + address : address;
}

// One whole message of one part into `out`; false: nothing waits.
bool receive_part(void* socket, std::string* out, bool* more) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  const int size = zmq_msg_recv(&message, socket, ZMQ_DONTWAIT);
  if (size >= 0) {
    out->assign(static_cast<const char*>(zmq_msg_data(&message)), static_cast<std::size_t>(size));
    *more = zmq_msg_more(&message) != 0;
  }
  zmq_msg_close(&message);
  return size >= 0;
}

}  // namespace

struct Bus::Local {
  NodeId id;
  std::string routing_id;
  std::string bound;
  Mailbox* mailbox = nullptr;
  void* router = nullptr;
  std::uint64_t downs = 0;
  std::vector<Inbound> received;
};

struct Bus::Peer {
  NodeId id;
  std::string address;
  void* dealer = nullptr;
  void* monitor = nullptr;
  bool up = false;
  MonoTime open_again{};          // while there is no dealer
  std::uint64_t needs_downs = 0;  // batches written before the node had taken so many speak of an ended connection
  std::deque<Bytes> outbox;
  std::size_t outbox_bytes = 0;
};

Bus::Bus(EventLog& log) : log_(log), context_(zmq_ctx_new()) {
  CHECK(context_ != nullptr);
  zmq_ctx_set(context_, ZMQ_BLOCKY, 0);
  CHECK(zmq_ctx_set(context_, ZMQ_MAX_SOCKETS, kSocketsMax) == 0);
}

Bus::~Bus() {
  stop();
  zmq_ctx_term(context_);
}

Result<> Bus::bind(NodeId node, const std::string& name, const Incarnation& incarnation, const std::string& address,
                   Mailbox& mailbox) {
  CHECK(!thread_.joinable() && !locals_.count(node));
  auto local = std::make_unique<Local>();
  local->id = node;
  local->routing_id = name + "/" + to_text(incarnation);
  local->mailbox = &mailbox;
  if (!address.empty()) {
    void* router = zmq_socket(context_, ZMQ_ROUTER);
    CHECK(router != nullptr);
    set(router, ZMQ_ROUTER_HANDOVER, 1);  // else a peer that comes back is not heard
    set(router, ZMQ_LINGER, 0);
    set(router, ZMQ_RCVHWM, kHighWater);
    const std::int64_t bytes_max = kMeshBytesMax;
    CHECK(zmq_setsockopt(router, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) == 0);
    if (zmq_bind(router, endpoint(address).c_str()) != 0) {
      const int error = zmq_errno();
      zmq_close(router);
      return fail(Trouble::kIo, address + ": " + zmq_strerror(error));
    }
    std::array<char, 256> bound{};
    std::size_t size = bound.size();
    CHECK(zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, bound.data(), &size) == 0);
    local->bound = bound.data();
    local->router = router;
  }
  locals_.emplace(node, std::move(local));
  return {};
}

std::string Bus::bound_address(NodeId node) const {
  const auto at = locals_.find(node);
  return at == locals_.end() ? std::string() : at->second->bound;
}

void Bus::start() {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void Bus::submit(BusBatch batch) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = batches_.empty();
    batches_.push_back(std::move(batch));
  }
  if (first) wake_.ring();
}

void Bus::stop() {
  stopping_ = true;
  wake_.ring();
  if (thread_.joinable()) thread_.join();
  for (auto& [id, local] : locals_) close_socket(std::exchange(local->router, nullptr), 0);
}

// ── the bus thread ──────────────────────────────────────────────────────────────────────────────────────────

void Bus::run() {
  std::vector<zmq_pollitem_t> items;
  std::vector<std::pair<Local*, Peer*>> owners;
  MonoTime stop_at = MonoTime::max();
  while (mono_now() < stop_at) {
    if (stopping_ && stop_at == MonoTime::max()) stop_at = mono_now() + kStopPatience;
    take_batches();
    if (stopping_ && !pending()) break;
    items.assign(1, {nullptr, wake_.fd(), ZMQ_POLLIN, 0});
    owners.assign(1, {nullptr, nullptr});
    for (auto& [id, local] : locals_) {
      if (local->router == nullptr) continue;
      items.push_back({local->router, 0, ZMQ_POLLIN, 0});
      owners.emplace_back(local.get(), nullptr);
    }
    for (auto& [key, peer] : peers_) {
      Local* local = locals_.at(key.first).get();
      if (peer->dealer == nullptr && mono_now() >= peer->open_again) open(*local, *peer);
      if (peer->dealer == nullptr) continue;
      items.push_back({peer->monitor, 0, ZMQ_POLLIN, 0});
      owners.emplace_back(local, peer.get());
      if (!peer->up || peer->outbox.empty()) continue;
      items.push_back({peer->dealer, 0, ZMQ_POLLOUT, 0});
      owners.emplace_back(local, peer.get());
    }
    zmq_poll(items.data(), static_cast<int>(items.size()), stopping_ ? 10 : 1000);
    if (items[0].revents != 0) wake_.clear();
    for (std::size_t i = 1; i < items.size(); ++i) {
      if (items[i].revents == 0) continue;
      const auto [local, peer] = owners[i];
      if (peer == nullptr)
        receive(*local);
      else if (items[i].socket == peer->monitor)
        take_monitor(*local, *peer);
      else if (items[i].socket == peer->dealer)  // not if the monitor has just ended this connection
        drain(*peer);
    }
  }
  for (auto& [key, peer] : peers_) {
    close_socket(peer->dealer, static_cast<int>(to_ms(kStopPatience)));
    close_socket(peer->monitor, 0);
  }
  peers_.clear();
}

bool Bus::pending() const {
  for (const auto& [key, peer] : peers_)
    if (peer->up && !peer->outbox.empty()) return true;
  return false;
}

void Bus::take_batches() {
  std::vector<BusBatch> batches;
  {
    const std::lock_guard lock(mutex_);
    batches.swap(batches_);
  }
  for (auto& batch : batches) {
    const auto local = locals_.find(batch.node);
    if (local == locals_.end()) continue;
    for (auto& effect : batch.effects) perform(*local->second, batch.downs_seen, effect);
  }
}

void Bus::perform(Local& local, std::uint64_t downs_seen, Outbound& effect) {
  if (auto* want = std::get_if<BusConnect>(&effect)) return connect(local, want->peer, want->address);
  if (auto* no_more = std::get_if<BusDisconnect>(&effect)) {
    const auto at = peers_.find({local.id, no_more->peer});
    if (at == peers_.end()) return;
    down(local, *at->second);
    close_socket(at->second->dealer, 0);
    close_socket(at->second->monitor, 0);
    peers_.erase(at);
    return;
  }
  if (auto* message = std::get_if<BusSend>(&effect)) {
    const auto at = peers_.find({local.id, message->peer});
    if (at == peers_.end() || !at->second->up || downs_seen < at->second->needs_downs) return;
    send(local, *at->second, std::move(message->message));
  }
}

void Bus::connect(Local& local, NodeId peer, const std::string& address) {
  auto& made = peers_[{local.id, peer}];
  if (!made) made = std::make_unique<Peer>();
  if (made->dealer != nullptr && made->address == address) return;
  made->id = peer;
  made->address = address;
  reopen(local, *made);
}

void Bus::reopen(Local& local, Peer& peer) {
  down(local, peer);
  close_socket(std::exchange(peer.dealer, nullptr), 0);
  close_socket(std::exchange(peer.monitor, nullptr), 0);
  open(local, peer);
}

void Bus::open(Local& local, Peer& peer) {
  void* dealer = zmq_socket(context_, ZMQ_DEALER);
  if (dealer == nullptr) return put_off(peer);
  set(dealer, ZMQ_LINGER, 0);
  set(dealer, ZMQ_IMMEDIATE, 1);  // no pipe without a connection: nothing of an ended one survives in it
  set(dealer, ZMQ_SNDHWM, kHighWater);
  set(dealer, ZMQ_RECONNECT_IVL, 100);
  set(dealer, ZMQ_RECONNECT_IVL_MAX, 1000);
  set(dealer, ZMQ_HEARTBEAT_IVL, 1000);  // finds a host that vanished without a word
  set(dealer, ZMQ_HEARTBEAT_TIMEOUT, 5000);
  set(dealer, ZMQ_HEARTBEAT_TTL, 15000);  // so that the peer's router finds it, too: it never sends by itself
  CHECK(zmq_setsockopt(dealer, ZMQ_ROUTING_ID, local.routing_id.data(), local.routing_id.size()) == 0);
  const std::string monitor = "inproc://monitor-" + std::to_string(next_monitor_++);
  void* listener = zmq_socket(context_, ZMQ_PAIR);
  if (listener == nullptr ||
      zmq_socket_monitor(dealer, monitor.c_str(), ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) != 0 ||
      zmq_connect(listener, monitor.c_str()) != 0) {
    put_off(peer);
    close_socket(listener, 0);
    return close_socket(dealer, 0);
  }
  peer.monitor = listener;
  peer.dealer = dealer;
  if (zmq_connect(dealer, endpoint(peer.address).c_str()) != 0)
    log_.event(LogLevel::kError, "bus.bad_address", {{"peer", peer.id}, {"address", peer.address}});
}

// No descriptor is left, most likely: clients hold them.
void Bus::put_off(Peer& peer) {
  const std::string why = zmq_strerror(zmq_errno());
  peer.open_again = mono_now() + kOpenAgain;
  if (const auto times = log_limit_.due("bus.no_socket", mono_now()))
    log_.event(LogLevel::kError, "bus.no_socket", {{"peer", peer.id}, {"why", why}, {"times", times}});
}

void Bus::send(Local& local, Peer& peer, Bytes message) {
  if (message.size() > kMeshBytesMax) {
    // The peer would close the connection on it, and again after every repeat.
    log_.event(LogLevel::kError, "bus.too_large", {{"peer", peer.id}, {"bytes", message.size()}});
    return;
  }
  peer.outbox_bytes += message.size();
  peer.outbox.push_back(std::move(message));
  if (peer.outbox.size() == 1) drain(peer);
  if (peer.outbox_bytes <= kOutboxBytesMax) return;
  log_.event(LogLevel::kError, "bus.outbox_full", {{"peer", peer.id}, {"bytes", peer.outbox_bytes}});
  reopen(local, peer);
}

void Bus::drain(Peer& peer) {
  while (!peer.outbox.empty()) {
    const Bytes& next = peer.outbox.front();
    if (zmq_send(peer.dealer, next.data(), next.size(), ZMQ_DONTWAIT) < 0) return;
    peer.outbox_bytes -= next.size();
    peer.outbox.pop_front();
  }
}

void Bus::down(Local& local, Peer& peer) {
  peer.outbox.clear();
  peer.outbox_bytes = 0;
  if (!std::exchange(peer.up, false)) return;
  peer.needs_downs = ++local.downs;
  local.mailbox->put(BusDown{peer.id});
}

void Bus::take_monitor(Local& local, Peer& peer) {
  std::string event, address;
  bool more = false;
  // A monitor's message: event and value, then the address.
  while (peer.monitor != nullptr && receive_part(peer.monitor, &event, &more)) {
    if (more) receive_part(peer.monitor, &address, &more);
    if (event.size() < 2) continue;
    std::uint16_t what = 0;
    std::memcpy(&what, event.data(), sizeof what);
    if (what == ZMQ_EVENT_DISCONNECTED) down(local, peer);
    if (what != ZMQ_EVENT_HANDSHAKE_SUCCEEDED || peer.up) continue;
    peer.up = true;
    local.mailbox->put(BusUp{peer.id});
  }
}

void Bus::receive(Local& local) {
  std::string identity, message, rest;
  for (int i = 0; i < kReceiveBatch; ++i) {
    bool more = false;
    if (!receive_part(local.router, &identity, &more)) break;
    bool extra = false;
    if (!more || !receive_part(local.router, &message, &extra)) continue;
    const bool whole = !extra;
    while (extra && receive_part(local.router, &rest, &extra)) {
    }
    if (whole)
      local.received.push_back(BusMessage{Bytes(std::move(message))});
    else if (const auto times = log_limit_.due("more than one part", mono_now()))
      log_.event(LogLevel::kWarning, "bus.unreadable",
                 {{"node", local.id}, {"why", "more than one part"}, {"times", times}});
  }
  local.mailbox->put_all(&local.received);
  local.received.clear();
}

}  // namespace dure

#if defined(__SANITIZE_THREAD__)
// libzmq is not instrumented: its hand-overs between its own threads look like races.
extern "C" const char* __tsan_default_suppressions() { return "race:libzmq.so\ncalled_from_lib:libzmq.so\n"; }
#endif

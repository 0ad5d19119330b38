// The mesh between processes. One thread owns every ZeroMQ socket; a node hands it what a turn wants sent, as one
// batch, and finds what arrives in its mailbox.
//
//   node ── batch ──► [bus thread]  one DEALER and its monitor a peer ──► the peer's ROUTER
//   mailbox ◄─────────              one ROUTER a node, bound          ◄── the peers' DEALERs
//
// A connection that stands is BusUp, one that ended BusDown: what was queued on it is gone, and what the node sent
// before it could know of that goes with it (`downs_seen`). Nothing blocks: what a socket does not take waits in an
// outbox of at most kOutboxBytesMax a peer; a fuller one ends the connection, which is opened anew.
//
// bind(), start(), stop(): main thread. submit(): any thread. Mailboxes are borrowed until stop().
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/host/mailbox.h"
#include "common/host/wake.h"
#include "common/logic/log_limit.h"

namespace dure {

inline constexpr std::size_t kOutboxBytesMax = 64u << 20;

struct BusBatch {
  NodeId node;
  std::uint64_t downs_seen = 0;   // how many BusDown of this bus the node had taken when it wrote this
  std::vector<Outbound> effects;  // BusConnect, BusDisconnect, BusSend
};

class Bus {
 public:
  explicit Bus(EventLog& log);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // "127.0.0.1:7001" or "tcp://…"; port 0: any, see bound_address(). Before start(). Empty: the node only sends.
  [[nodiscard]] Result<> bind(NodeId node, const std::string& name, const Incarnation& incarnation,
                              const std::string& address, Mailbox& mailbox);
  // Where the node receives: "tcp://127.0.0.1:7001".
  std::string bound_address(NodeId node) const;
  void start();
  void submit(BusBatch batch);
  // Sends what is queued for at most half a second, then closes everything.
  void stop();

 private:
  struct Local;
  struct Peer;
  using Peers = std::map<std::pair<NodeId, NodeId>, std::unique_ptr<Peer>>;
  void run();
  void take_batches();
  void perform(Local& local, std::uint64_t downs_seen, Outbound& effect);
  void connect(Local& local, NodeId peer, const std::string& address);
  void reopen(Local& local, Peer& peer);
  void open(Local& local, Peer& peer);
  void put_off(Peer& peer);
  void send(Local& local, Peer& peer, Bytes message);
  void drain(Peer& peer);
  void take_monitor(Local& local, Peer& peer);
  void down(Local& local, Peer& peer);
  void receive(Local& local);
  bool pending() const;

  EventLog& log_;
  void* context_ = nullptr;
  std::map<NodeId, std::unique_ptr<Local>> locals_;
  Peers peers_;  // bus thread
  std::uint64_t next_monitor_ = 1;
  LogLimit log_limit_;  // bus thread
  Wake wake_;
  std::mutex mutex_;
  std::vector<BusBatch> batches_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace dure

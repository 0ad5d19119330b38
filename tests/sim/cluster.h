// A whole cluster in one thread: processes, the wires between them, clients' sockets, workers, deaths and restarts.
// What an incarnation does is driven exactly as the host drives it: inputs in a batch, one turn, effects out.
// Everything is drawn from one seed. A law that is broken (check_invariants, an exception out of a turn) throws out of
// run().
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/network.h"
#include "tests/sim/process.h"
#include "tests/sim/scheduler.h"

namespace dure::sim {

// The client's end of a socket. Outlives the cluster's run, or closes first.
class Wire {
 public:
  virtual ~Wire() = default;
  virtual void bytes(std::string_view bytes) = 0;
  virtual void closed() = 0;
};
using SocketId = std::uint64_t;
enum class Door { kPlain, kWebSocket };

// Something that happened, for who wants to see it. `what`: begins, ends, bus (text: the encoded message that `node`
// gets), log (a line), fault (its line), unlucky (the site that fired), sent and got (text: a client's whole frame;
// node: its gateway).
struct Moment {
  MonoTime at;
  const char* what;
  NodeId node, other;
  std::string_view text;
};
using Watcher = std::function<void(const Moment&)>;

// What is neither a process nor a wire: told of births, and of what is answered to game masters.
class Outside {
 public:
  virtual ~Outside() = default;
  virtual void born(NodeId node) = 0;
  virtual void answered(NodeId node, const GmAnswerOut& answer) = 0;
};

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed, LinkModel links = {});
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Told of every moment from now on; decides nothing.
  void watch(Watcher watcher) { watcher_ = std::move(watcher); }
  void tell(const char* what, NodeId node, NodeId other = {}, std::string_view text = {}) const;

  // From now on processes find one another through it, not by a config that names everybody. Outlives the run.
  void attach(Outside* outside) { outside_ = outside; }

  void add(Blueprint blueprint);      // starts with start() or start_all(); knows every other one as from a config
  Blueprint& blueprint(NodeId node);  // of one that has not lived yet
  void start(NodeId node, Duration after = {});
  void start_all();
  // At once: effects not yet collected are lost, sockets close, its files are left as they are.
  void kill(NodeId node);
  // No turn and no client read for so long, then it goes on: the maker of zombies.
  void pause(NodeId node, Duration duration);
  // TERM: it ends when it has drained. Who ends by itself and was not asked is started again, as a launcher does.
  void stop(NodeId node);
  void stall_workers(NodeId node, Duration duration);  // what they are given meanwhile waits
  void cut(NodeId a, NodeId b, bool is_cut) { network_.cut(a, b, is_cut); }
  void mute(NodeId from, NodeId to, bool is_mute) { network_.mute(from, to, is_mute); }  // one way
  void delay(NodeId node, Duration by) { network_.delay(node, by); }
  // From now on these sites fire in every process, and no other one.
  void be_unlucky(ArmedSites armed) { armed_ = std::move(armed); }
  const std::map<std::string, std::uint64_t>& unlucky() const { return unlucky_; }       // how often, by site
  void set_clock(NodeId node, Duration off) { processes_.at(node)->wall_offset = off; }  // the wall clock only

  void run(Duration duration) { scheduler_.run_until(scheduler_.now() + duration); }
  Scheduler& scheduler() { return scheduler_; }
  std::uint64_t trace() const { return scheduler_.trace(); }

  bool alive(NodeId node) const;
  std::uint32_t life_of(NodeId node) const;  // counted; 0: not running
  std::vector<NodeId> nodes() const;
  // nullptr while it is dead.
  Node* node(NodeId node);
  template <class Role>
  Role* as(NodeId id) {
    return dynamic_cast<Role*>(node(id));
  }
  const SimLog& log(NodeId node) const { return *processes_.at(node)->log; }
  // Lines of level error, of all processes, in order of node; a run without faults has none.
  std::vector<std::string> errors() const;
  void give(NodeId node, Inbound inbound);  // an event of the outside, e.g. a GM command

  // ── clients ───────────────────────────────────────────────────────────────────────────────────────────────
  // 0: refused, nobody listens.
  SocketId connect(NodeId gateway, const std::string& address, Wire* wire, Door door = Door::kPlain);
  void send(SocketId socket, std::string bytes);  // arrives in pieces cut anywhere
  void close(SocketId socket);
  bool open(SocketId socket) const { return sockets_.count(socket) != 0; }

 private:
  struct Socket {
    NodeId node;
    std::uint32_t life = 0;
    ClientId client;
    std::shared_ptr<Wire*> wire;  // holds nullptr once the client has closed its end
    MonoTime last_up{}, last_down{}, last_late{};
    std::string unread;  // arrived while the port did not read
    Rng rng{0};
  };
  void birth(Process& process);
  void end(Process& process, bool by_itself);
  void wake(Process& process, MonoTime due);
  void turn(Process& process);
  void take_out(Process& process, Outbound& outbound);
  void work(Process& process, const Work& work);
  void command(Process& process, const Outbound& outbound);
  ClientIo* port(Process& process, ClientId client);
  void port_ticks(NodeId node, std::uint32_t life);
  void pump(Process& process);
  void pump_when_due(Process& process);
  void write_out(Process& process, ClientIo& port, ClientId client);
  void drop_socket(SocketId id, bool tell_client, Duration after);
  void arrived(SocketId id, const std::string& bytes);
  MonoTime mono(const Process& process) const { return scheduler_.now() + process.clock_offset; }
  WallTime wall(const Process& process) const {
    return WallTime(seconds(1'800'000'000)) + (scheduler_.now() - MonoTime{}) + process.wall_offset;
  }

  Watcher watcher_;
  ArmedSites armed_;
  std::map<std::string, std::uint64_t> unlucky_;
  Outside* outside_ = nullptr;
  Scheduler scheduler_;
  Network network_;
  Rng rng_;
  std::map<NodeId, std::unique_ptr<Process>> processes_;
  std::map<SocketId, Socket> sockets_;
  std::map<SocketId, std::shared_ptr<Wire*>> ending_;  // closed by the server, which its client does not know yet
  std::map<std::pair<NodeId, ClientId>, SocketId> socket_of_;
  SocketId next_socket_ = 1;
};

}  // namespace dure::sim

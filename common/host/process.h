// A whole process: nodes, their threads, the mesh, clients, workers, Redis, signals. Composed by main (or a test), run
// once. Everything in NodeParts is borrowed and must outlive the Process; each node needs a mailbox's worth of its own
// threads: one logic thread, one IO thread per ClientIo, one thread per worker.
//
// Order of a life: bind (port taken: one line, repeated tries until start_timeout, exit 75) → Redis, if required →
// nodes start → ready → TERM: no new clients; roles drain one after another (gateway, dungeon, general, chat, dbagent),
// so that nobody loses whom it still needs → stopped, exit 0. A second TERM tells all at once; after stop_timeout
// nobody is waited for. A role that ends by itself (its store failed) ends the others as TERM does, exit 75.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/host/redis_link.h"
#include "common/host/wake.h"
#include "common/logic/client_io.h"
#include "common/logic/node.h"
#include "common/logic/worker.h"

namespace dure {

class TurnRecorder;

inline constexpr int kExitTemporary = 75;  // EX_TEMPFAIL: could not start in time, or a role ended by itself

struct StaticPeer {
  std::string name;     // "dbagent-1"
  std::string address;  // where it receives
};

struct ProcessOptions {
  std::vector<StaticPeer> peers;  // known without a registry
  std::optional<RedisOptions> redis;
  bool redis_required = false;  // wait for it at start
  Duration start_timeout = seconds(10);
  Duration stop_timeout = seconds(30);
  Duration end_timeout = seconds(10);  // for threads to end once every role has stopped; then kExitStuck
  Duration turn_max = seconds(10);     // then the watchdog acts
  bool watchdog_aborts = true;
  std::size_t mailbox_frames_max = 65536;
};

struct NodeParts {
  Node* node = nullptr;
  TurnFigures* figures = nullptr;        // the one in the node's Seams; may be null
  std::vector<TurnRecorder*> recorders;  // hear of every turn
  std::string bus_address;               // identity().address; empty: only nodes of this process reach it
  std::string listen_address;            // for clients; with at least one ClientIo
  std::string web_address;               // for WebSocket clients; empty: none
  std::vector<ClientIo*> client_io;      // an IO thread each
  std::map<std::string, Worker*> workers;
};

class Process {
 public:
  Process(ProcessOptions options, EventLog& log);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void add_node(NodeParts parts);
  // Until stopped. Main thread; blocks TERM and INT for it. The exit code.
  int run();
  // Before run(), main thread: waits so long, or until it shall stop. True: it shall.
  bool stopped_within(Duration limit);

  // ── any thread ──────────────────────────────────────────────────────────────────────────────────────────────
  // As TERM does; again: at once.
  void request_stop();
  bool ready() const { return ready_; }
  // Where clients connect ("127.0.0.1:7000"), once ready. Empty: the node takes none.
  std::string client_address(NodeId node) const;
  // Where WebSocket clients do, likewise.
  std::string web_address(NodeId node) const;

 private:
  struct Running;
  bool bind(MonoTime until);
  Result<> bind_node(Running& running);
  bool wait_for_redis(MonoTime until);
  bool stop_wanted();
  void start();
  void introduce();
  bool steer(MonoTime start_until);
  void stop_roles(bool at_once);
  void finish();

  const ProcessOptions options_;
  EventLog& log_;
  std::vector<std::unique_ptr<Running>> nodes_;
  struct Shared;
  std::unique_ptr<Shared> shared_;
  Wake wake_;
  std::atomic<int> stops_{0};
  std::atomic<bool> ready_{false};
};

}  // namespace dure

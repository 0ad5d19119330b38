// Keeps the cluster's processes running: starts them again with back-off, and stops them rank by rank. Its owner waits
// (poll on the ready descriptors, SIGCHLD) and calls turn(); time is an argument. Main thread only.
//
//   starting ──ready──► ready ──died──► waiting (back-off) ──► starting
//      └──died──► waiting        exit 78 ──► refused, 5 crashes in 60 s ──► down: not started again but by revive()
//                                stop() ──► stopping ──► stopped
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/logic/seams.h"
#include "tools/launcher/back_off.h"
#include "tools/launcher/child.h"
#include "tools/launcher/plan.h"

namespace dure {

enum class ChildState { kStarting, kReady, kWaiting, kDown, kRefused, kEnded, kStopping, kStopped };

struct Supervised {
  std::string name, role;
  Rank rank = Rank::kDbagents;
  std::vector<std::string> nodes;
  ChildCommand command;
  bool restart = true;                 // false: its end is final (bots)
  std::function<bool()> answers = {};  // set: asked instead of waiting for "ready" on the pipe
  ChildState state = ChildState::kStarting;
  Child child;
  Ending ending;  // the last one
  MonoTime ready_since{}, start_at{};
  Duration back_off{};
  Crashes crashes;
  int restarts = 0;
};

class Supervisor {
 public:
  // `say` gets one line for a person at each thing that happens, `log` the same as events; borrowed.
  Supervisor(std::function<void(const std::string&)> say, EventLog& log) : say_(std::move(say)), log_(log) {}
  // Started at once, within the next turn.
  Supervised& add(std::unique_ptr<Supervised> process, MonoTime now);
  // Reaps, hears readiness, starts what is due.
  void turn(MonoTime now);
  bool all_ready() const;
  // What happened that nobody ordered: a death, a refused start, a stop that needed force.
  const std::vector<std::string>& unexpected() const { return unexpected_; }
  bool any(ChildState state) const;
  // Starts again what is down or was refused: somebody has mended the cause.
  void revive(MonoTime now);
  std::vector<int> ready_fds() const;
  const std::vector<std::unique_ptr<Supervised>>& processes() const { return processes_; }

  // From now on everything ends: TERM rank by rank, KILL for a rank that takes longer than `limit`.
  void stop(MonoTime now, Duration limit);
  // KILL to everything that still runs.
  void stop_at_once();
  bool stopping() const { return stopping_; }
  bool stopped() const;
  std::string state_text(const Supervised& process, MonoTime now) const;

 private:
  void start(Supervised& process, MonoTime now);
  void ended(Supervised& process, MonoTime now);
  void became_ready(Supervised& process, MonoTime now);
  void stop_next_rank(MonoTime now);
  void note(const std::string& line);
  const std::function<void(const std::string&)> say_;
  EventLog& log_;
  std::vector<std::unique_ptr<Supervised>> processes_;  // in the order of starting
  std::vector<std::string> unexpected_;
  bool stopping_ = false;
  int rank_ = -1;  // being stopped
  MonoTime rank_deadline_{};
  Duration rank_limit_{};
};

}  // namespace dure

// The thread of one node: waits for its mailbox or for what is due, runs one turn, hands out what came of it. Nothing
// else ever calls the node between start() and join(). To the figures that the node tells once a second it adds
// turn_max_us, the longest turn since the report before the last: each turn counts in two, as Redis may miss one.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/host/distributor.h"
#include "common/host/mailbox.h"
#include "common/logic/node.h"

namespace dure {

class TurnRecorder;

class LogicThread {
 public:
  // recorders: hear of every turn. on_started: once the node waits for nothing more, on the thread. figures: written
  // between turns; may be null.
  LogicThread(Node& node, Mailbox& mailbox, Distributor& distributor, TurnFigures* figures,
              std::vector<TurnRecorder*> recorders, std::function<void()> on_started);
  ~LogicThread();
  LogicThread(const LogicThread&) = delete;
  LogicThread& operator=(const LogicThread&) = delete;

  void start();
  // Ends after the turn that runs now; what waits in the mailbox stays there.
  void stop();

  // ── for the watchdog, any thread ──────────────────────────────────────────────────────────────────────────
  // Since when the present turn runs, as nanoseconds of mono_now(); 0: none does.
  std::int64_t turn_since_ns() const { return turn_since_ns_.load(std::memory_order_relaxed); }
  const std::string& name() const { return node_.identity().name; }
  // What the node still waits for before it can serve; empty: nothing.
  std::string waits_for() const;
  // Aborts the process from inside this thread, so that the crash report shows its stack.
  void abort_in_thread();

 private:
  void run();
  void one_turn(MonoTime now, std::vector<Inbound>* in, std::vector<Outbound>* out);
  Node& node_;
  Mailbox& mailbox_;
  Distributor& distributor_;
  TurnFigures* figures_;
  const std::vector<TurnRecorder*> recorders_;
  std::function<void()> on_started_;
  std::atomic<std::int64_t> turn_since_ns_{0};
  std::atomic<bool> stopping_{false};
  MonoTime left_{};  // the effects of the last turn
  std::thread thread_;
  mutable std::mutex waits_mutex_;
  std::string waits_for_ = "its first turn";
};

}  // namespace dure

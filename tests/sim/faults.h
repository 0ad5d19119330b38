// Makes a plan's faults happen in a cluster, each at its time, and undoes them. One thread.
#pragma once
#include "tests/sim/crowd.h"
#include "tests/sim/plan.h"

namespace dure::sim {

// Asks the agent, as a tool would, to move an account to another shard.
void ask_move(Cluster& cluster, std::uint64_t account, std::uint32_t shard);

class Faults {
 public:
  Faults(Cluster& cluster, Crowd& crowd, const Plan& plan) : cluster_(cluster), crowd_(crowd), plan_(plan) {}
  // From now on, which is the plan's time 0. All of this outlives the run.
  void schedule();
  // When the last of them is over by itself.
  Duration end() const;
  // Whatever still is: wires whole, no delays, every process up.
  void heal();
  const std::map<FaultKind, std::uint64_t>& injected() const { return injected_; }

 private:
  void begin(const Fault& fault);
  void finish(const Fault& fault);
  void part(const Fault& fault, bool is_cut);
  Cluster& cluster_;
  Crowd& crowd_;
  const Plan& plan_;
  std::map<FaultKind, std::uint64_t> injected_;
};

}  // namespace dure::sim

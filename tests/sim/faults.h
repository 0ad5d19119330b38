// Makes a plan's faults happen in a cluster, each at its time, and undoes them. One thread.
#pragma once
#include <functional>

#include "tests/sim/crowd.h"
#include "tests/sim/plan.h"
#include "tests/sim/redis.h"

namespace dure::sim {

// Asks the agent, as a tool would, to move an account to another shard.
void ask_move(Cluster& cluster, std::uint64_t account, std::uint32_t shard);

// The mark of a fault in a situation.
std::string met(FaultKind kind, const std::string& situation);

class Faults {
 public:
  Faults(Cluster& cluster, Disk& disk, Redis& redis, Crowd& crowd, const Plan& plan)
      : cluster_(cluster), disk_(disk), redis_(redis), crowd_(crowd), plan_(plan) {}
  // From now on, which is the plan's time 0. All of this outlives the run.
  void schedule();
  // Asked to take a backup (false: not now, again in a while), and to put it back while the agent is dead (false: there
  // is none).
  std::function<bool(std::uint32_t shard)> back_up, put_back;
  // When the last of them is over by itself.
  Duration end() const;
  // Whatever still is: wires whole, no delays, the disk in order, clocks right, every process up.
  void heal();
  const std::map<FaultKind, std::uint64_t>& injected() const { return injected_; }
  // How often one came in each of the crowd's situations, by mark.
  const std::map<std::string, std::uint64_t>& marks() const { return met_; }

 private:
  void prepare(const Fault& fault);
  void begin(const Fault& fault);
  void finish(const Fault& fault);
  void part(const Fault& fault, bool is_cut);
  Cluster& cluster_;
  Disk& disk_;
  Redis& redis_;
  Crowd& crowd_;
  const Plan& plan_;
  std::map<FaultKind, std::uint64_t> injected_;
  std::map<std::string, std::uint64_t> met_;
};

}  // namespace dure::sim

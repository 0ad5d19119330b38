// One run of a plan: the cluster starts, its clients play while the faults happen; then everything is healed, and
// within 60 virtual seconds everybody must act and everything be SAVED; then the laws judge. A run is a function of its
// plan: whoever runs it twice gets the same hash. One thread; its files are in a temporary folder and gone afterwards.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "tests/sim/broken.h"
#include "tests/sim/plan.h"

namespace dure::sim {

struct Outcome {
  Verdict broken;  // empty: every law held
  std::uint64_t trace = 0, events = 0;
  Duration virtual_time{};
  std::map<FaultKind, std::uint64_t> faults;     // that happened
  std::map<std::string, std::uint64_t> reached;  // what the clients got done and the processes logged, by name
  std::string story;                             // of the clients, a line each
  bool breaks(const std::string& law) const {
    for (const auto& one : broken)
      if (one.law == law) return true;
    return false;
  }
};

Outcome run_plan(const Plan& plan, const Watcher& watcher = {});

}  // namespace dure::sim

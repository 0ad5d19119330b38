// What a batch of runs has come to: summed run by run, printed as one line in between and as a table in the end. Plain.
#pragma once
#include <map>
#include <string>

#include "tests/sim/run.h"

namespace dure::sim {

class Table {
 public:
  void add(const Outcome& outcome);
  std::uint64_t runs() const { return runs_; }
  std::uint64_t failed() const { return failed_; }
  // `took`: real time since the first.
  std::string progress(Duration took, std::uint64_t of) const;
  // `marks`: with the names of those that were never hit.
  std::string text(Duration took, bool marks) const;
  // Required marks that no run reached (marks.h).
  std::vector<std::string> missing() const;

 private:
  struct Injected {
    std::uint64_t times = 0, seeds = 0;
  };
  std::uint64_t runs_ = 0, failed_ = 0, events_ = 0, without_faults_ = 0;
  Duration virtual_time_{};
  std::map<FaultKind, Injected> faults_;
  std::map<std::string, std::uint64_t> reached_, broken_;
};

}  // namespace dure::sim

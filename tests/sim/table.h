// What a batch of runs has come to: summed run by run, printed as one line in between and as a table in the end. Plain.
#pragma once
#include <map>
#include <string>

#include "tests/sim/run.h"

namespace dure::sim {

class Table {
 public:
  // Every figure by its name: what is kept of a batch, and what another one is added up from.
  using Counts = std::map<std::string, std::uint64_t>;

  void add(const Outcome& outcome);
  void add(const Counts& counts);
  const Counts& counts() const { return counts_; }
  std::uint64_t runs() const { return of("seeds"); }
  std::uint64_t failed() const { return of("failed"); }
  // `took`: real time since the first.
  std::string progress(Duration took, std::uint64_t until) const;
  // `marks`: with the names of those that were never hit.
  std::string text(Duration took, bool marks) const;
  // Required marks that no run reached (marks.h).
  std::vector<std::string> missing() const;

 private:
  std::uint64_t of(const std::string& name) const;
  // Those whose names begin with `family`, by the rest of their names.
  Counts family(const std::string& family) const;
  double virtual_hours() const { return static_cast<double>(of("virtual us")) / 3.6e9; }
  Counts counts_;
};

}  // namespace dure::sim

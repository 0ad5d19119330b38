#include "tests/sim/table.h"

#include <cstdarg>
#include <cstdio>
#include <set>

#include "tests/sim/marks.h"

namespace dure::sim {
namespace {

const std::string kInjected = "injected ", kSeedsOf = "seeds of ", kReached = "reached ", kBroken = "broken ";

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

double in_seconds(Duration duration) { return static_cast<double>(duration / microseconds(1)) / 1e6; }
double rate(double count, Duration took) { return in_seconds(took) > 0 ? count / in_seconds(took) : 0; }
unsigned long long count(std::uint64_t value) { return value; }

}  // namespace

void Table::add(const Outcome& outcome) {
  ++counts_["seeds"];
  counts_["failed"] += !outcome.broken.empty();
  counts_["events"] += outcome.events;
  counts_["virtual us"] += static_cast<std::uint64_t>(outcome.virtual_time / microseconds(1));
  counts_["without faults"] += outcome.faults.empty();
  for (const auto& [kind, times] : outcome.faults) {
    counts_[kInjected + to_text(kind)] += times;
    ++counts_[kSeedsOf + to_text(kind)];
  }
  for (const auto& [name, times] : outcome.reached) counts_[kReached + name] += times;
  std::set<std::string> laws;
  for (const auto& one : outcome.broken) laws.insert(one.law);
  for (const auto& law : laws) ++counts_[kBroken + law];
}

void Table::add(const Counts& counts) {
  for (const auto& [name, times] : counts) counts_[name] += times;
}

std::uint64_t Table::of(const std::string& name) const {
  const auto at = counts_.find(name);
  return at == counts_.end() ? 0 : at->second;
}

Table::Counts Table::family(const std::string& family) const {
  Counts members;
  for (auto at = counts_.lower_bound(family); at != counts_.end() && at->first.starts_with(family); ++at)
    members[at->first.substr(family.size())] = at->second;
  return members;
}

std::string Table::progress(Duration took, std::uint64_t until) const {
  std::string text = format("%llu/%llu seeds  %.1f seeds/s  %.2f virtual h  %llu failed  ", count(runs()), count(until),
                            rate(static_cast<double>(runs()), took), virtual_hours(), count(failed()));
  for (const FaultKind kind : kFaultKinds)
    if (const auto times = of(kInjected + to_text(kind)); times != 0)
      text += format(" %s %llu", to_text(kind), count(times));
  return text;
}

std::vector<std::string> Table::missing() const { return missing_marks(family(kReached)); }

std::string Table::text(Duration took, bool marks) const {
  std::string text =
      format("%-42s %12llu\n%-42s %12llu\n%-42s %12.1f\n%-42s %12.2f\n%-42s %12llu\n", "seeds", count(runs()), "failed",
             count(failed()), "seeds a second", rate(static_cast<double>(runs()), took), "virtual hours",
             virtual_hours(), "events", count(of("events")));
  text += format("%-42s %12s %8s\n", "\nfaults", "injected", "seeds");
  for (const FaultKind kind : kFaultKinds)
    if (const auto seeds = of(kSeedsOf + to_text(kind)); seeds != 0)
      text += format("  %-40s %12llu %8llu\n", to_text(kind), count(of(kInjected + to_text(kind))), count(seeds));
  text += format("  %-40s %12s %8llu\n", "none at all", "", count(of("without faults")));
  text += format("%-42s %12s\n", "\nreached", "times");
  for (const auto& [name, times] : family(kReached))
    if (name.find(" met ") == std::string::npos) text += format("  %-40s %12llu\n", name.c_str(), count(times));
  const auto never = missing();
  text += format("\nmarks: %zu of %zu were hit\n", required_marks().size() - never.size(), required_marks().size());
  for (const auto& mark : never)
    if (marks) text += "  never: " + mark + "\n";
  const auto broken = family(kBroken);
  if (broken.empty()) return text + "\nevery law held\n";
  text += format("%-42s %12s\n", "\nbroken laws", "seeds");
  for (const auto& [name, times] : broken) text += format("  %-40s %12llu\n", name.c_str(), count(times));
  return text;
}

}  // namespace dure::sim

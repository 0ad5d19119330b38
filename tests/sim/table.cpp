#include "tests/sim/table.h"

#include <cstdarg>
#include <cstdio>
#include <set>

#include "tests/sim/marks.h"

namespace dure::sim {
namespace {

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
  ++runs_;
  failed_ += !outcome.broken.empty();
  events_ += outcome.events;
  virtual_time_ += outcome.virtual_time;
  without_faults_ += outcome.faults.empty();
  for (const auto& [kind, times] : outcome.faults) {
    faults_[kind].times += times;
    ++faults_[kind].seeds;
  }
  for (const auto& [name, times] : outcome.reached) reached_[name] += times;
  std::set<std::string> laws;
  for (const auto& one : outcome.broken) laws.insert(one.law);
  for (const auto& law : laws) ++broken_[law];
}

std::string Table::progress(Duration took, std::uint64_t of) const {
  std::string text = format("%llu/%llu seeds  %.1f seeds/s  %.2f virtual h  %llu failed  ", count(runs_), count(of),
                            rate(static_cast<double>(runs_), took), in_seconds(virtual_time_) / 3600, count(failed_));
  for (const auto& [kind, injected] : faults_) text += format(" %s %llu", to_text(kind), count(injected.times));
  return text;
}

std::vector<std::string> Table::missing() const { return missing_marks(reached_); }

std::string Table::text(Duration took, bool marks) const {
  std::string text =
      format("%-42s %12llu\n%-42s %12llu\n%-42s %12.1f\n%-42s %12.2f\n%-42s %12llu\n", "seeds", count(runs_), "failed",
             count(failed_), "seeds a second", rate(static_cast<double>(runs_), took), "virtual hours",
             in_seconds(virtual_time_) / 3600, "events", count(events_));
  text += format("%-42s %12s %8s\n", "\nfaults", "injected", "seeds");
  for (const auto& [kind, injected] : faults_)
    text += format("  %-40s %12llu %8llu\n", to_text(kind), count(injected.times), count(injected.seeds));
  text += format("  %-40s %12s %8llu\n", "none at all", "", count(without_faults_));
  text += format("%-42s %12s\n", "\nreached", "times");
  for (const auto& [name, times] : reached_)
    if (name.find(" met ") == std::string::npos) text += format("  %-40s %12llu\n", name.c_str(), count(times));
  const auto never = missing();
  text += format("\nmarks: %zu of %zu were hit\n", required_marks().size() - never.size(), required_marks().size());
  for (const auto& mark : never)
    if (marks) text += "  never: " + mark + "\n";
  if (broken_.empty()) return text + "\nevery law held\n";
  text += format("%-42s %12s\n", "\nbroken laws", "seeds");
  for (const auto& [name, times] : broken_) text += format("  %-40s %12llu\n", name.c_str(), count(times));
  return text;
}

}  // namespace dure::sim

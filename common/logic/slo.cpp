#include "common/logic/slo.h"

namespace dure {
namespace {
constexpr double kShare = 0.99;
constexpr Duration kQuiet = seconds(10);

// Milliseconds with one decimal: most answers take less than one.
std::string tenths(std::uint64_t us) { return std::to_string(us / 1000) + "." + std::to_string(us % 1000 / 100); }
}  // namespace

Slo::Slo(const Routes& routes) {
  for (const auto& [id, route] : routes.all())
    if (route.slo_ms != 0) {
      Watched& watched = watched_[id];
      watched.name = route.name;
      watched.slo = milliseconds(route.slo_ms);
    }
}

void Slo::answered(std::uint32_t message_id, Duration took, MonoTime now) {
  if (const auto at = watched_.find(message_id); at != watched_.end()) at->second.took.record(took, now);
}

void Slo::review(MonoTime now, const std::string& node, EventLog& log) {
  for (auto& [id, watched] : watched_) {
    const std::uint64_t answers = watched.took.count(now);
    if (answers == 0) continue;
    const Duration p99 = microseconds(watched.took.percentile_us(kShare, now));
    if (p99 <= watched.slo) continue;
    ++watched.missed;
    if (now < watched.quiet_until) continue;
    watched.quiet_until = now + kQuiet;
    log.event(LogLevel::kWarning, "slo.missed",
              {{"node", node},
               {"message", watched.name},
               {"p99_ms", to_ms(p99)},
               {"slo_ms", to_ms(watched.slo)},
               {"answers", answers},
               {"reviews", std::exchange(watched.missed, 0)}});
  }
}

void Slo::monitor(MonoTime now, std::vector<std::pair<std::string, std::string>>* fields) {
  for (auto& [id, watched] : watched_)
    if (watched.took.count(now) != 0)
      fields->emplace_back("slo." + watched.name + ".p99_ms", tenths(watched.took.percentile_us(kShare, now)));
}

}  // namespace dure

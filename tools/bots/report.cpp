#include "tools/bots/report.h"

#include <nlohmann/json.hpp>

namespace dure {

namespace {

constexpr std::size_t kMismatchesListed = 50;

nlohmann::ordered_json figures(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50", histogram.percentile_ms(0.5)},
          {"p99", histogram.percentile_ms(0.99)},
          {"max", histogram.max_ms()}};
}

double per(std::uint64_t count, double seconds_spent) {
  return seconds_spent > 0 ? static_cast<double>(count) / seconds_spent : 0;
}

}  // namespace

void Report::mismatch(const std::string& bot, const std::string& what, const std::string& expected,
                      const std::string& seen) {
  ++mismatch_count;
  if (mismatches.size() < kMismatchesListed) mismatches.push_back({bot, what, expected, seen});
}

std::uint64_t Report::failed_stories() const {
  std::uint64_t failed = 0;
  for (const auto& [name, outcome] : stories) failed += outcome.failed;
  return failed;
}

std::uint64_t Report::busy() const {
  std::uint64_t times = 0;
  for (const auto& [code, count] : errors)
    if (code == "BUSY" || code.starts_with("BUSY (")) times += count;
  return times;
}

bool Report::clean() const {
  return mismatch_count == 0 && disconnects == 0 && failed_stories() == 0 && entered == bots;
}

std::string Report::to_json() const {
  nlohmann::ordered_json json;
  json["bots"] = bots;
  json["connected_max"] = connected_max;
  json["entered"] = entered;
  json["disconnects"] = disconnects;
  json["resumes"] = resumes;
  json["logins_retried"] = logins_retried;
  json["errors"] = errors;
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const Mismatch& line : mismatches)
    lines.push_back({{"bot", line.bot}, {"what", line.what}, {"expected", line.expected}, {"seen", line.seen}});
  json["mismatches"] = {{"count", mismatch_count}, {"first", std::move(lines)}};
  json["rates"] = {{"moves_per_bot_s", per(moves, played_bot_s)},
                   {"moves_per_bot_s_least", least_moves_per_bot_s},
                   {"chat_per_bot_s", per(chat_lines, played_bot_s)},
                   {"chat_per_bot_s_least", least_chat_per_bot_s},
                   {"value_per_bot_s", per(value_operations, played_bot_s)},
                   {"value_per_bot_s_least", least_value_per_bot_s},
                   {"frames_in_s", per(frames_in, elapsed_s)},
                   {"frames_out_s", per(frames_out, elapsed_s)},
                   {"bytes_in_s", per(bytes_in, elapsed_s)}};
  json["rtt_ms"] = figures(rtt);
  json["applied_to_saved_ms"] = figures(applied_to_saved);
  json["act_to_seen_ms"] = figures(act_to_seen);
  json["login_ms"] = figures(login);
  json["lobby_return_ms"] = figures(lobby_return);
  nlohmann::ordered_json told = nlohmann::ordered_json::object();
  for (const auto& [name, outcome] : stories) told[name] = {{"done", outcome.done}, {"failed", outcome.failed}};
  json["stories"] = std::move(told);
  json["returned_to_lobby"] = returned_to_lobby;
  json["zone_changes"] = zone_changes;
  json["runs_finished"] = runs_finished;
  json["runs_failed"] = runs_failed;
  json["trades_committed"] = trades_committed;
  json["trades_aborted"] = trades_aborted;
  json["trade_settled_ms"] = figures(trade_settled);
  json["whispers"] = whispers;
  json["lines_heard"] = lines_heard;
  json["untold_gains"] = untold_gains;
  json["applied_lost"] = applied_lost;
  json["elapsed_s"] = elapsed_s;
  json["cpu_s"] = cpu_s;
  return json.dump(2) + "\n";
}

}  // namespace dure

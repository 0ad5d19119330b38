#include "tools/audit/run_audit.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "common/proto/config.pb.h"
#include "dbagent/store/audit_transit.h"

namespace dure {

std::string shard_path(const Config& config, std::uint32_t shard) {
  return config.base().cluster().data_dir() + "/shard-" + std::to_string(shard) + ".db";
}

std::string directory_path(const Config& config) { return config.base().cluster().data_dir() + "/directory.db"; }

namespace {

bool is_of_moves(const std::string& line) { return line.rfind("moves: ", 0) == 0; }

// Shards of a running cluster are read one after the other: what went from one to another in between is on both, or on
// none. That is no double, and no move that does not balance, unless a second look sees the very same one.
Result<store::Audit> look_twice(const Config& config) {
  store::Audit merged;
  std::set<std::string> seen;
  for (int looks = 1;; ++looks) {
    const auto asked = ask_agents(config, seconds(30));
    if (!asked) return tl::unexpected<Error>(asked.error());
    merged = store::merge_audits(*asked);
    const bool moves = std::any_of(merged.findings.begin(), merged.findings.end(), is_of_moves);
    if ((merged.doubles == 0 && !moves) || looks == 2) break;
    seen.insert(merged.findings.begin(), merged.findings.end());
  }
  std::erase_if(merged.findings,
                [&](const std::string& line) { return is_of_moves(line) && !seen.empty() && !seen.contains(line); });
  const auto fleeting = [&](const std::string& line) {
    return !seen.empty() && line.rfind("double: ", 0) == 0 && !seen.contains(line);
  };
  merged.doubles -= std::min<std::uint64_t>(
      merged.doubles,
      static_cast<std::uint64_t>(std::count_if(merged.findings.begin(), merged.findings.end(), fleeting)));
  std::erase_if(merged.findings, fleeting);
  return merged;
}

// The files of a stopped cluster are of one cut: what is between shards has to add up, too.
Result<> add_transit(const Config& config, const std::vector<store::Audit>& shards, store::Audit* merged) {
  std::vector<store::Transit> transit;
  for (const store::Audit& shard : shards) {
    auto read = store::transit_of_file(shard_path(config, shard.shard));
    if (!read) return tl::unexpected<Error>(read.error());
    transit.push_back(std::move(*read));
  }
  const bool moving = std::any_of(transit.begin(), transit.end(), [](const auto& one) { return !one.halfway.empty(); });
  store::FateOf fate;
  if (moving) {
    auto fates = store::fates_of_file(directory_path(config), transit);
    if (!fates) return tl::unexpected<Error>(fates.error());
    fate = std::move(*fates);
  }
  for (auto& line : store::audit_transit(transit, shards, fate)) merged->findings.push_back(std::move(line));
  return {};
}

}  // namespace

int run_audit(const std::string& config_path) {
  const auto config = load_config(config_path);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().detail.c_str());
    return kExitConfig;
  }
  std::vector<store::Audit> shards;
  bool running = false;
  for (std::uint32_t shard = 1; shard <= config->base().cluster().shard_count() && !running; ++shard) {
    auto audited = store::audit_file(shard_path(*config, shard));
    if (audited) {
      shards.push_back(std::move(*audited));
    } else if (audited.error().trouble == Trouble::kBusy) {
      running = true;  // an agent has it open
    } else {
      std::fprintf(stderr, "dure audit: %s\n", audited.error().detail.c_str());
      return 2;
    }
  }
  store::Audit merged;
  if (running) {
    auto asked = look_twice(*config);
    if (!asked) {
      std::fprintf(stderr, "dure audit: the files are in use and the agents do not answer: %s\n",
                   asked.error().detail.c_str());
      return 2;
    }
    merged = std::move(*asked);
  } else {
    merged = store::merge_audits(shards);
    if (const auto done = add_transit(*config, shards, &merged); !done) {
      std::fprintf(stderr, "dure audit: %s\n", done.error().detail.c_str());
      return 2;
    }
  }
  std::printf("%s\n", store::audit_line(merged).c_str());
  for (const auto& finding : merged.findings) std::printf("%s\n", finding.c_str());
  return merged.clean() ? 0 : 1;
}

}  // namespace dure

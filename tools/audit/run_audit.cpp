#include "tools/audit/run_audit.h"

#include <cstdio>

#include "common/proto/config.pb.h"

namespace dure {

std::string shard_path(const Config& config, std::uint32_t shard) {
  return config.base().cluster().data_dir() + "/shard-" + std::to_string(shard) + ".db";
}

std::string directory_path(const Config& config) { return config.base().cluster().data_dir() + "/directory.db"; }

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
  if (running) {
    auto asked = ask_agents(*config, seconds(30));
    if (!asked) {
      std::fprintf(stderr, "dure audit: the files are in use and the agents do not answer: %s\n",
                   asked.error().detail.c_str());
      return 2;
    }
    shards = std::move(*asked);
  }
  const store::Audit merged = store::merge_audits(shards);
  std::printf("%s\n", store::audit_line(merged).c_str());
  for (const auto& finding : merged.findings) std::printf("%s\n", finding.c_str());
  return merged.clean() ? 0 : 1;
}

}  // namespace dure

#include "tools/audit/run_audit.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <set>

#include "common/proto/config.pb.h"
#include "dbagent/store/audit_transit.h"
#include "tools/audit/copy_folder.h"
#include "tools/backup/interrupts.h"
#include "tools/backup/run_backup.h"
#include "tools/config/data_files.h"

namespace dure {

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

// Files of one cut: what is between shards has to add up, too.
Result<store::Audit> audit_files(const std::string& folder, std::uint32_t shard_count) {
  std::vector<store::Audit> shards;
  for (std::uint32_t shard = 1; shard <= shard_count; ++shard) {
    auto audited = store::audit_file(shard_path(folder, shard));
    if (!audited) return audited;
    shards.push_back(std::move(*audited));
  }
  std::vector<store::Transit> transit;
  for (const store::Audit& shard : shards) {
    auto read = store::transit_of_file(shard_path(folder, shard.shard));
    if (!read) return tl::unexpected<Error>(read.error());
    transit.push_back(std::move(*read));
  }
  const bool moving = std::any_of(transit.begin(), transit.end(), [](const auto& one) { return !one.halfway.empty(); });
  store::FateOf fate;
  if (moving) {
    auto fates = store::fates_of_file(directory_path(folder), transit);
    if (!fates) return tl::unexpected<Error>(fates.error());
    fate = std::move(*fates);
  }
  store::Audit merged = store::merge_audits(shards);
  for (auto& line : store::audit_transit(transit, shards, fate)) merged.findings.push_back(std::move(line));
  return merged;
}

// Copies of a running cluster's files, all at one cut. kUnreachable: it does not answer.
Result<store::Audit> audit_copies(const Config& config) {
  Interrupts interrupts;
  remove_left_copies(data_folder(config));
  CopyFolder folder(data_folder(config));
  if (folder.path().empty()) return fail(Trouble::kIo, data_folder(config) + " cannot be written");
  if (const auto copies = copy_at_one_cut(config, folder.path(), interrupts); !copies)
    return tl::unexpected<Error>(copies.error());
  const std::uint32_t shards = config.base().cluster().shard_count();
  auto audited = std::async(std::launch::async, [&] { return audit_files(folder.path(), shards); });
  while (audited.wait_for(milliseconds(100)) != std::future_status::ready) {
    if (!interrupts.caught()) continue;
    folder.remove();
    std::fprintf(stderr, "dure audit: interrupted\n");
    std::_Exit(2);  // nobody waits until the other thread has read to the end
  }
  return audited.get();
}

constexpr const char* kInstead =
    "not audited. For all at one cut, mend that and ask again: let another backup end, make room, let the agents write "
    "there\n"
    "dure audit --watch: how the audit stands that the agents do by themselves, between commits\n"
    "dure audit --one-by-one: reads the shards where they are; each commits nothing meanwhile, for minutes if it is "
    "large\n";

}  // namespace

int run_audit(const std::string& config_path, bool one_by_one) {
  const auto config = load_config(config_path);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().detail.c_str());
    return kExitConfig;
  }
  auto audit = audit_files(data_folder(*config), config->base().cluster().shard_count());
  // An agent has the files open.
  const bool running = !audit && audit.error().trouble == Trouble::kBusy;
  if (running) audit = one_by_one ? look_twice(*config) : audit_copies(*config);
  if (!audit) {
    const bool silent = audit.error().trouble == Trouble::kUnreachable || (running && one_by_one);
    std::fprintf(stderr, "dure audit: %s%s\n",
                 running && silent ? "the files are in use and the agents do not answer: " : "",
                 audit.error().detail.c_str());
    if (running && !silent) std::fputs(kInstead, stderr);
    return 2;
  }
  std::printf("%s\n", store::audit_line(*audit).c_str());
  for (const auto& finding : audit->findings) std::printf("%s\n", finding.c_str());
  if (running && one_by_one) std::printf("the shards were read one by one: what is between them was not added up\n");
  return audit->clean() ? 0 : 1;
}

}  // namespace dure

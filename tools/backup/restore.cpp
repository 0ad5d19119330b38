#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "common/proto/config.pb.h"
#include "dbagent/store/backup.h"
#include "tools/audit/run_audit.h"
#include "tools/backup/run_backup.h"

namespace dure {
namespace {

int refuse(const Error& error) {
  std::fprintf(stderr, "dure restore: %s\n%s", error.detail.c_str(),
               error.trouble == Trouble::kBusy ? "stop the cluster first\n" : "");
  return 1;
}

}  // namespace

int run_restore(const Config& config, const std::string& folder) {
  const auto& cluster = config.base().cluster();
  if (!std::filesystem::exists(folder + "/backup.txt"))
    return refuse({Trouble::kInvalid, folder + " is no backup that came to its end (backup.txt)"});
  std::vector<store::Restoring> files;
  files.push_back({folder + "/directory.db", directory_path(config), "directory", cluster.cluster_id(), 0, 0});
  for (std::uint32_t shard = 1; shard <= cluster.shard_count(); ++shard)
    files.push_back({folder + "/shard-" + std::to_string(shard) + ".db", shard_path(config, shard), "shard",
                     cluster.cluster_id(), shard, 0});
  const std::string beyond = folder + "/shard-" + std::to_string(cluster.shard_count() + 1) + ".db";
  if (std::filesystem::exists(beyond))
    return refuse({Trouble::kInvalid, beyond + ": the configuration has fewer shards than the backup"});
  // Everything is looked at before anything is changed.
  std::uint64_t generation = 0;
  for (const store::Restoring& file : files) {
    const auto copied = store::generation_of(file.from, file);
    if (!copied) return refuse(copied.error());
    generation = std::max(generation, *copied);
    if (!std::filesystem::exists(file.to)) continue;
    const auto present = store::generation_of(file.to, file);
    if (present)
      generation = std::max(generation, *present);
    else if (present.error().trouble == Trouble::kBusy || present.error().trouble == Trouble::kInvalid)
      return refuse(present.error());
  }
  std::error_code made;
  std::filesystem::create_directories(cluster.data_dir(), made);
  for (store::Restoring& file : files) {
    file.generation = generation + 1;
    const auto ready = store::prepare_restore(file);
    if (!ready) return refuse(ready.error());
  }
  for (const store::Restoring& file : files) {
    const auto placed = store::place_restored(file);
    if (!placed) return refuse(placed.error());
    std::printf("%s\n", file.to.c_str());
  }
  std::printf("%u shards and the directory are as they were; generation %llu\n", cluster.shard_count(),
              static_cast<unsigned long long>(generation + 1));
  return 0;
}

}  // namespace dure

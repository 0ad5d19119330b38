#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "common/proto/config.pb.h"
#include "dbagent/store/backup.h"
#include "tools/backup/run_backup.h"
#include "tools/config/data_files.h"

namespace dure {
namespace {

int refuse(const Error& error) {
  std::fprintf(stderr, "dure restore: %s\n%s", error.detail.c_str(),
               error.trouble == Trouble::kBusy ? "stop the cluster first\n" : "");
  return 1;
}

// The files that are put back; empty: the folder is no such backup (said).
std::vector<store::Restoring> files_of(const Config& config, const std::string& folder, std::uint32_t only_shard) {
  const auto& cluster = config.base().cluster();
  std::vector<store::Restoring> files;
  if (only_shard != 0 && std::filesystem::exists(unfinished_restore_path(data_folder(config)))) {
    refuse({Trouble::kInvalid, "a restore of the whole cluster stopped before its end: do that again first"});
    return files;
  }
  if (!std::filesystem::exists(folder + "/backup.txt")) {
    refuse({Trouble::kInvalid, folder + " is no backup that came to its end (backup.txt)"});
    return files;
  }
  if (only_shard > cluster.shard_count()) {
    refuse({Trouble::kInvalid, "there is no shard " + std::to_string(only_shard) + ": the configuration has " +
                                   std::to_string(cluster.shard_count())});
    return files;
  }
  const std::string beyond = folder + "/shard-" + std::to_string(cluster.shard_count() + 1) + ".db";
  if (only_shard == 0 && std::filesystem::exists(beyond)) {
    refuse({Trouble::kInvalid, beyond + ": the configuration has fewer shards than the backup"});
    return files;
  }
  if (only_shard == 0)
    files.push_back(
        {directory_path(folder), directory_path(data_folder(config)), "directory", cluster.cluster_id(), 0, 0});
  for (std::uint32_t shard = 1; shard <= cluster.shard_count(); ++shard)
    if (only_shard == 0 || shard == only_shard)
      files.push_back({shard_path(folder, shard), shard_path(data_folder(config), shard), "shard", cluster.cluster_id(),
                       shard, 0, only_shard != 0});
  return files;
}

Result<> place_each(const std::vector<store::Restoring>& files) {
  for (const store::Restoring& file : files) {
    if (const auto placed = store::place_restored(file); !placed) return placed;
    std::printf("%s\n", file.to.c_str());
  }
  return {};
}

// They are of one cut together: until the last is in its place, nobody opens any.
Result<> place_all(const std::vector<store::Restoring>& files, const std::string& folder) {
  const std::string mark = unfinished_restore_path(folder);
  const bool was_marked = std::filesystem::exists(mark);
  if (const auto marked = store::mark_unfinished(mark); !marked) return marked;
  // From here on nobody opens them; who did meanwhile keeps them.
  for (const store::Restoring& file : files) {
    if (!std::filesystem::exists(file.to)) continue;
    const auto present = store::generation_of(file.to, file);
    if (present || present.error().trouble != Trouble::kBusy) continue;
    if (const auto removed = was_marked ? Result<>() : store::remove_mark(mark); !removed) return removed;
    return fail(Trouble::kBusy, present.error().detail);
  }
  if (const auto placed = place_each(files); !placed)
    return fail(placed.error().trouble, placed.error().detail + "; no agent opens the files of " + folder +
                                            " until this restore is done again");
  return store::remove_mark(mark);
}

}  // namespace

int run_restore(const Config& config, const std::string& folder, std::uint32_t only_shard) {
  std::vector<store::Restoring> files = files_of(config, folder, only_shard);
  if (files.empty()) return 1;
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
  std::filesystem::create_directories(config.base().cluster().data_dir(), made);
  for (store::Restoring& file : files) {
    file.generation = generation + 1;
    const auto ready = store::prepare_restore(file);
    if (!ready) return refuse(ready.error());
  }
  const auto placed = only_shard != 0 ? place_each(files) : place_all(files, data_folder(config));
  if (!placed) return refuse(placed.error());
  if (only_shard != 0) {
    std::printf(
        "shard %u is as it was; generation %llu. It starts closed, and opens by itself once everything is done again\n"
        "that the other shards know of: `dure restore --status`\n",
        only_shard, static_cast<unsigned long long>(generation + 1));
    return 0;
  }
  std::printf("%u shards and the directory are as they were; generation %llu\n", config.base().cluster().shard_count(),
              static_cast<unsigned long long>(generation + 1));
  return 0;
}

}  // namespace dure

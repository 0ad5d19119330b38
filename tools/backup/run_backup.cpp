#include "tools/backup/run_backup.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "common/host/clock.h"
#include "common/proto/config.pb.h"
#include "tools/backup/backup_node.h"
#include "tools/backup/interrupts.h"
#include "tools/mesh/tool_mesh.h"

namespace dure {
namespace {

constexpr Duration kPatience = seconds(24 * 3600);

}  // namespace

Result<Copies> copy_at_one_cut(const Config& config, const std::string& folder, Interrupts& interrupts) {
  auto mesh = ToolMesh::open(config);
  if (!mesh) return fail(Trouble::kUnreachable, mesh.error().detail);
  BackupNode node((*mesh)->identity(), (*mesh)->routes(), (*mesh)->seams(), folder);
  const auto ended = [&] {
    if (interrupts.caught()) node.interrupt();
    return node.done();
  };
  const bool done = (*mesh)->run(node, ended, kPatience);
  if (!done || !node.answered())
    return fail(Trouble::kUnreachable,
                node.why().empty() ? "no answer from the cluster of " + config.path() : node.why());
  if (!node.whole()) return fail(Trouble::kRefused, node.why());
  return node.copies();
}

int run_backup(const Config& config, const std::string& folder) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  const std::string whole = std::filesystem::absolute(folder, error).lexically_normal().string();
  if (error || ::access(whole.c_str(), W_OK) != 0) {
    std::fprintf(stderr, "dure backup: %s cannot be written\n", folder.c_str());
    return 1;
  }
  if (!std::filesystem::is_empty(whole, error)) {
    std::fprintf(stderr, "dure backup: %s is not empty: a backup has a folder of its own\n", folder.c_str());
    return 1;
  }
  Interrupts interrupts;
  const auto copies = copy_at_one_cut(config, whole, interrupts);
  if (!copies) {
    if (made) std::filesystem::remove(whole, error);
    std::fprintf(stderr, "dure backup: %s\n", copies.error().detail.c_str());
    return copies.error().trouble == Trouble::kUnreachable ? 2 : 1;
  }
  std::printf("%zu shards and the directory, %.1f MiB, one cut; commits stood still for %lld ms\n", copies->shards,
              static_cast<double>(copies->pages) * 4096 / (1 << 20),
              static_cast<long long>(to_ms(copies->stood_still)));
  // Written last: a folder without it is no backup.
  std::ofstream note(whole + "/backup.txt");
  note << "cluster_id = " << config.base().cluster().cluster_id() << "\nshards = " << copies->shards
       << "\ntaken_unix_ms = " << copies->cut_unix_ms << "\n";
  if (!note.flush()) {
    std::fprintf(stderr, "dure backup: %s/backup.txt cannot be written\n", folder.c_str());
    return 1;
  }
  return 0;
}

}  // namespace dure

#include "tools/backup/run_backup.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "common/host/clock.h"
#include "common/proto/config.pb.h"
#include "tools/backup/backup_node.h"
#include "tools/mesh/tool_mesh.h"

namespace dure {
namespace {

constexpr Duration kPatience = seconds(24 * 3600);

}  // namespace

int run_backup(const Config& config, const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string whole = std::filesystem::absolute(folder, error).lexically_normal().string();
  if (error || ::access(whole.c_str(), W_OK) != 0) {
    std::fprintf(stderr, "dure backup: %s cannot be written\n", folder.c_str());
    return 1;
  }
  if (!std::filesystem::is_empty(whole, error)) {
    std::fprintf(stderr, "dure backup: %s is not empty: a backup has a folder of its own\n", folder.c_str());
    return 1;
  }
  auto mesh = ToolMesh::open(config);
  if (!mesh) {
    std::fprintf(stderr, "dure backup: %s\n", mesh.error().detail.c_str());
    return 2;
  }
  BackupNode node((*mesh)->identity(), (*mesh)->routes(), (*mesh)->seams(), whole);
  const bool done = (*mesh)->run(
      node, [&] { return node.done(); }, kPatience);
  if (!done) std::fprintf(stderr, "dure backup: no answer from the cluster of %s\n", config.path().c_str());
  if (!done || node.result() != 0) return done ? node.result() : 2;
  // Written last: a folder without it is no backup.
  std::ofstream note(whole + "/backup.txt");
  note << "cluster_id = " << config.base().cluster().cluster_id() << "\nshards = " << node.shards()
       << "\ntaken_unix_ms = " << node.cut_unix_ms() << "\n";
  if (!note.flush()) {
    std::fprintf(stderr, "dure backup: %s/backup.txt cannot be written\n", folder.c_str());
    return 1;
  }
  return 0;
}

}  // namespace dure

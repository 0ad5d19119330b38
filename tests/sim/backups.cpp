#include "tests/sim/backups.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "common/proto/operator.pb.h"
#include "dbagent/store/backup.h"

namespace dure::sim {
namespace {

constexpr std::uint64_t kFirstGeneration = 1;  // of a file that was never put back
constexpr int kStepsMost = 1000;

void must(const Result<>& result) {
  if (!result) throw std::runtime_error("a restore failed: " + result.error().detail);
}

}  // namespace

Backups::~Backups() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

std::string Backups::path(const std::string& name) {
  if (folder_.empty()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "dure-sim-XXXXXX").string();
    const char* made = mkdtemp(pattern.data());
    if (made == nullptr) throw std::runtime_error("no folder for backups: " + pattern);
    folder_ = made;
  }
  return (folder_ / name).string();
}

void Backups::take(std::uint32_t shard, store::Database& database) {
  const Disk::Calm calm(disk_);
  const std::string copy = path("backup-" + std::to_string(shard) + "-" + std::to_string(++number_));
  store::Backup backup(database);
  proto::BackupState state;
  for (int step = 0; step < kStepsMost && state.phase() != proto::BACKUP_DONE; ++step) {
    const bool finish = state.phase() == proto::BACKUP_NEARLY;
    backup.answer(1, number_, copy, finish, false);
    backup.between_commits(1);
    state = backup.answer(1, number_, copy, false, false);
    if (state.phase() == proto::BACKUP_BROKEN) throw std::runtime_error("a backup failed: " + state.detail());
  }
  taken_[shard] = copy;
}

void Backups::put_back(std::uint32_t shard, const std::string& file) {
  const store::Restoring restoring{taken_.at(shard),
                                   path("restored-" + std::to_string(++number_)),
                                   "shard",
                                   "dure",
                                   shard,
                                   kFirstGeneration + number_,
                                   true};
  must(store::prepare_restore(restoring));
  must(store::place_restored(restoring));
  std::ifstream in(restoring.to, std::ios::binary);
  std::ostringstream bytes;
  if (!(bytes << in.rdbuf())) throw std::runtime_error("a restored file cannot be read: " + restoring.to);
  disk_.replace(file, bytes.str());
}

}  // namespace dure::sim

#include "tools/config/data_files.h"

#include "common/proto/config.pb.h"

namespace dure {

const std::string& data_folder(const Config& config) { return config.base().cluster().data_dir(); }

std::string shard_path(const std::string& folder, std::uint32_t shard) {
  return folder + "/shard-" + std::to_string(shard) + ".db";
}

std::string directory_path(const std::string& folder) { return folder + "/directory.db"; }

std::string unfinished_restore_path(const std::string& folder) { return folder + "/restore.unfinished"; }

}  // namespace dure

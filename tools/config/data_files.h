// The names of a cluster's files: in its data folder, and in the folder of a backup. Pure.
#pragma once
#include <cstdint>
#include <string>

#include "tools/config/config.h"

namespace dure {

const std::string& data_folder(const Config& config);
std::string shard_path(const std::string& folder, std::uint32_t shard);
std::string directory_path(const std::string& folder);
// Is there while the files of a folder are put back to a backup one after the other.
std::string unfinished_restore_path(const std::string& folder);

}  // namespace dure

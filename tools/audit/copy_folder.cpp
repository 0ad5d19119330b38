#include "tools/audit/copy_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

namespace dure {
namespace {

constexpr const char* kPattern = "audit-XXXXXX";

// The descriptor that holds the lock; -1: somebody else does, or it is no folder.
int lock_of(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return -1;
}

bool fits_pattern(const std::string& name) {
  const std::string pattern = kPattern;
  return name.size() == pattern.size() && name.compare(0, 6, pattern, 0, 6) == 0;
}

}  // namespace

CopyFolder::CopyFolder(const std::string& beside) {
  std::error_code error;
  path_ = (std::filesystem::absolute(beside, error) / kPattern).string();
  if (error || mkdtemp(path_.data()) == nullptr) path_.clear();
  if (path_.empty()) return;
  lock_ = lock_of(path_);
  if (lock_ < 0) remove();
}

CopyFolder::~CopyFolder() { remove(); }

void CopyFolder::remove() {
  std::error_code error;
  if (!path_.empty()) std::filesystem::remove_all(path_, error);
  path_.clear();
  if (lock_ >= 0) ::close(std::exchange(lock_, -1));
}

void remove_left_copies(const std::string& beside) {
  std::error_code error;
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(beside, error))
    if (fits_pattern(entry.path().filename().string())) left.push_back(entry.path().string());
  for (const std::string& folder : left) {
    const int lock = lock_of(folder);
    if (lock < 0) continue;
    std::filesystem::remove_all(folder, error);
    ::close(lock);
  }
}

}  // namespace dure

#include "tools/launcher/up_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace dure {
namespace {
std::string path_in(const std::string& data_dir) { return data_dir + "/up.pid"; }
}  // namespace

UpLock::~UpLock() {
  if (fd_ >= 0) close(fd_);
}

bool UpLock::take(const std::string& data_dir) {
  const int fd = open(path_in(data_dir).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return false;
  const std::string pid = std::to_string(getpid()) + "\n";
  const bool mine = flock(fd, LOCK_EX | LOCK_NB) == 0 && ftruncate(fd, 0) == 0 &&
                    write(fd, pid.data(), pid.size()) == static_cast<ssize_t>(pid.size());
  if (mine)
    fd_ = fd;
  else
    close(fd);
  return mine;
}

pid_t holder_of_up_lock(const std::string& data_dir) {
  const int fd = open(path_in(data_dir).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[32] = {};
  const bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  const bool said = held && read(fd, text, sizeof text - 1) > 0;
  close(fd);
  return said ? static_cast<pid_t>(std::atoi(text)) : 0;
}

}  // namespace dure

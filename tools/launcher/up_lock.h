// Which `dure up` keeps a data folder's processes running: it holds a lock on <data_dir>/up.pid, which goes with the
// process however it ends; the number in the file counts only while the lock is held. Any thread.
#pragma once
#include <sys/types.h>

#include <string>

namespace dure {

class UpLock {
 public:
  UpLock() = default;
  ~UpLock();
  UpLock(const UpLock&) = delete;
  // False: another one holds it, or the file cannot be written.
  [[nodiscard]] bool take(const std::string& data_dir);

 private:
  int fd_ = -1;
};

// 0: nobody.
pid_t holder_of_up_lock(const std::string& data_dir);

}  // namespace dure

// A folder beside the files of a cluster, for copies of them; gone with this. What a process that was killed left
// behind is removed by the next one: a folder is in use as long as its maker's lock on it is held.
#pragma once
#include <string>

namespace dure {

class CopyFolder {
 public:
  explicit CopyFolder(const std::string& beside);
  ~CopyFolder();
  CopyFolder(const CopyFolder&) = delete;
  CopyFolder& operator=(const CopyFolder&) = delete;
  const std::string& path() const { return path_; }  // empty: there is none
  // Sooner than with this.
  void remove();

 private:
  std::string path_;
  int lock_ = -1;
};

// Those that nobody uses any more.
void remove_left_copies(const std::string& beside);

}  // namespace dure

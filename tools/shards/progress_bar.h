// "[#########...........] 45 % words", rewritten in place on a terminal, silent elsewhere. Main thread.
#pragma once
#include <string>

namespace dure {

class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();  // ends the line
  void show(double part, const std::string& words);

 private:
  bool terminal_ = false, shown_ = false;
};

}  // namespace dure

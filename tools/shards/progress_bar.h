// "[#########...........] 45 % words", rewritten in place on a terminal; elsewhere "45 % words", a line
// every ten seconds. Main thread.
#pragma once
#include <chrono>
#include <string>

namespace dure {

class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();  // ends the line
  void show(double part, const std::string& words);

 private:
  bool terminal_ = false, shown_ = false;
  std::chrono::steady_clock::time_point last_line_ = std::chrono::steady_clock::now();
};

}  // namespace dure

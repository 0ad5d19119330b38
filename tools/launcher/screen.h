// Where `dure up` prints: a table redrawn in place on a terminal (lines cut to its width), a plain block every five
// seconds elsewhere; lines about events go above it. Main thread.
#pragma once
#include <string>

#include "common/base/time.h"

namespace dure {

class Screen {
 public:
  Screen();
  void line(const std::string& text);
  // Every call draws on a terminal; elsewhere only if five seconds have passed since the last time.
  void table(const std::string& text, MonoTime now);
  // The last table stays where it is.
  void leave_table() { rows_ = 0; }

 private:
  void wipe();
  std::string fitting(const std::string& text) const;
  bool terminal_;
  int rows_ = 0;
  MonoTime drawn_ = MonoTime::min();
};

}  // namespace dure

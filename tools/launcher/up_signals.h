// What a person, another command or a child tells `dure up`, as a descriptor. Blocks the signals for the process while
// it lives; main thread.
#pragma once
#include <signal.h>

namespace dure {

class UpSignals {
 public:
  UpSignals();
  ~UpSignals();
  UpSignals(const UpSignals&) = delete;
  int fd() const { return fd_; }
  struct Asked {
    int stops = 0;  // INT, TERM, HUP
    // USR1: a cause has been mended, or the configuration extended.
    bool look_again = false;
  };
  // What was asked since the last call.
  Asked take();

 private:
  sigset_t before_{};
  int fd_ = -1;
};

}  // namespace dure

// INT and TERM as a question: a command that has something to undo asks between its steps. Blocks them in the thread
// that makes it and in those started from there while it lives; only that thread asks.
#pragma once
#include <signal.h>

namespace dure {

class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  // Whether one came. From then on another one ends the process as it does elsewhere.
  bool caught();

 private:
  sigset_t wanted_{}, before_{};
  bool caught_ = false;
};

}  // namespace dure

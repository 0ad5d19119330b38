// Signals as this program understands them. TERM, INT and HUP become readable events of the main thread (block them
// before any other thread starts); PIPE is ignored; a crash writes its stack, then takes its default course.
#pragma once

namespace dure {

// TERM, INT and HUP, one at a time. Construct on the main thread before any thread is started: threads inherit the
// mask.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  int fd() const { return fd_; }  // readable when one waits
  // How many came since the last call.
  int take();

 private:
  int fd_ = -1;
};

void use_all_descriptors();  // as many as the hard limit lets this process have
void ignore_broken_pipes();  // of the whole process, and what it starts; again is harmless
// SEGV, ABRT, BUS, FPE, ILL: the signal and the crashing thread's stack to standard error, as addresses at once, then
// as "function file:line" by a child of it: the process itself ends without waiting, so that its peers know. Call once.
void install_crash_report();

}  // namespace dure

// A bell one thread waits at (poll on fd()) and others ring: an eventfd. ring() from any thread, clear() from the
// waiting one.
#pragma once

namespace dure {

class Wake {
 public:
  Wake();
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  void ring();
  void clear();
  // Waits until rung, at most so many milliseconds; clears it. -1: for ever.
  void wait(int timeout_ms);
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace dure

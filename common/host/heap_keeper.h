// Gives memory back that a burst left behind: a thousand players who enter together leave the allocator with several
// times what they need afterwards, in pieces that it returns only when asked (malloc_trim, glibc). Main thread; other
// threads wait for their own arena meanwhile, some 0.1 ms for each MiB that goes.
#pragma once
#include <cstddef>

#include "common/base/time.h"

namespace dure {

// What the allocator has of the system's and what of it nobody uses.
struct HeapUse {
  std::size_t held_bytes = 0;
  std::size_t free_bytes = 0;
};

class HeapKeeper {
 public:
  // Worth it: at least so much is free, and as much again as is used; and not twice within the pause.
  static constexpr std::size_t kFreeBytesMin = 4 << 20;
  static constexpr Duration kPause = seconds(20);

  static HeapUse use();
  // True: it gave back what it could. Asks the allocator at most once a kPause.
  bool tend(MonoTime now);

 private:
  MonoTime next_{};
};

}  // namespace dure

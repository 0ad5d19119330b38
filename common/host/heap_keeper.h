// Gives memory back that a burst left behind: a thousand players who enter together leave the allocator with several
// times what they need afterwards, in pieces that it returns only when asked (malloc_trim, glibc). Main thread; other
// threads wait for their own arena meanwhile, some 0.1 ms for each MiB that goes.
#pragma once
#include <cstddef>

#include "common/base/time.h"

namespace dure {

// What the process keeps in memory of its own, and what of it somebody asked the allocator for.
struct HeapUse {
  std::size_t resident_bytes = 0;
  std::size_t used_bytes = 0;
};

class HeapKeeper {
 public:
  // Worth it: at least so much lies idle, as much as is used, and so much came since the last time; and not twice
  // within the pause.
  static constexpr std::size_t kIdleBytesMin = 8 << 20;
  static constexpr Duration kPause = seconds(20);

  static HeapUse use();
  // True: it gave back what it could. Looks at most once a kPause.
  bool tend(MonoTime now);

 private:
  MonoTime next_{};
  std::size_t left_bytes_ = 0;  // resident after the last time: in pages of which something is used
};

}  // namespace dure

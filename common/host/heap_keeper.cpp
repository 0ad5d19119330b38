#include "common/host/heap_keeper.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace dure {

HeapUse HeapKeeper::use() {
  std::size_t pages = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident >> shared;
  const struct mallinfo2 info = mallinfo2();
  return {(resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)), info.uordblks + info.hblkhd};
}

bool HeapKeeper::tend(MonoTime now) {
  if (now < next_) return false;
  next_ = now + kPause;
  const HeapUse heap = use();
  const std::size_t in_use = std::max(heap.used_bytes, left_bytes_);
  if (heap.resident_bytes < 2 * heap.used_bytes || heap.resident_bytes < in_use + kIdleBytesMin) return false;
  malloc_trim(0);
  left_bytes_ = use().resident_bytes;
  return true;
}

}  // namespace dure

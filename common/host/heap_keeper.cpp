#include "common/host/heap_keeper.h"

#include <malloc.h>

namespace dure {

HeapUse HeapKeeper::use() {
  const struct mallinfo2 info = mallinfo2();
  return {info.arena, info.fordblks};
}

bool HeapKeeper::tend(MonoTime now) {
  if (now < next_) return false;
  next_ = now + kPause;
  const HeapUse heap = use();
  if (heap.free_bytes < kFreeBytesMin || heap.free_bytes * 2 < heap.held_bytes) return false;
  malloc_trim(0);
  return true;
}

}  // namespace dure

#include "common/base/ordered_id.h"

namespace dure {

ItemId ordered_id(WallTime now, Entropy& entropy) {
  const std::uint64_t random = entropy.u64();
  return {static_cast<std::uint64_t>(unix_ms(now)) << 16 | random >> 48, entropy.u64() | 1};
}

}  // namespace dure

#include "tools/launcher/back_off.h"

#include <algorithm>

namespace dure {

Duration next_back_off(Duration last, Duration healthy) {
  if (last <= Duration::zero() || healthy >= kHealthyAfter) return kBackOffFirst;
  return std::min(2 * last, kBackOffMax);
}

}  // namespace dure

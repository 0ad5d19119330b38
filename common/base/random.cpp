#include "common/base/random.h"

#include <cstring>

#include "common/base/check.h"
#include "common/base/ids.h"

namespace dure {

Rng::Rng(std::uint64_t seed, std::uint64_t stream) : key_(mix64(seed ^ mix64(stream))) {}

std::uint64_t Rng::next() { return mix64(key_ ^ mix64(++counter_)); }

std::uint64_t Rng::below(std::uint64_t bound) {
  CHECK(bound > 0);
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next()) * bound;
  auto low = static_cast<std::uint64_t>(product);
  if (low < bound) {
    const std::uint64_t threshold = -bound % bound;
    while (low < threshold) {
      product = static_cast<Wide>(next()) * bound;
      low = static_cast<std::uint64_t>(product);
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double Rng::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::uint64_t Entropy::u64() {
  std::uint8_t bytes[8];
  fill(bytes);
  std::uint64_t value;
  std::memcpy(&value, bytes, 8);
  return value;
}

std::uint64_t Entropy::id63() {
  for (;;)
    if (const std::uint64_t value = u64() >> 1) return value;
}

void SeededEntropy::fill(std::span<std::uint8_t> out) {
  for (auto& byte : out) byte = static_cast<std::uint8_t>(rng_.next());
}

}  // namespace dure

#include "common/host/os_entropy.h"

#include <sodium.h>

#include "common/base/check.h"

namespace dure {

OsEntropy::OsEntropy() { CHECK(sodium_init() >= 0); }

void OsEntropy::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace dure

// Entropy from the operating system, through libsodium. Any thread. CHECKs that libsodium starts.
#pragma once
#include "common/base/random.h"

namespace dure {

class OsEntropy : public Entropy {
 public:
  OsEntropy();
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace dure

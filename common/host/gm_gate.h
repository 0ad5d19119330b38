// Who may speak as a game master: lets a signed command through if its key is known, its signature right, its audience
// this cluster and its time not over. Whether it was already done is the database's question, not this one. Not
// thread-safe; no state but its settings.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/logic/crossing.h"

namespace dure {

inline constexpr std::size_t kGmBytesMax = 64u << 10;
using GmPublicKey = std::array<std::uint8_t, 32>;  // ed25519

class GmGate {
 public:
  GmGate(std::map<std::string, GmPublicKey> keys, std::string cluster_id, std::string prefix);
  // `payload` is an encoded SignedGmCommand. The reply channel is "<prefix>gm:reply:<id>".
  [[nodiscard]] Result<GmCommandIn> admit(std::string_view payload, WallTime now) const;

 private:
  std::map<std::string, GmPublicKey> keys_;
  std::string cluster_id_, prefix_;
};

}  // namespace dure

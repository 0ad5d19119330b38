// Who may speak as a game master: lets a signed command through if its key is known, its signature right, its audience
// this cluster and its time not over, and says whether its issuer may do what it says. Whether it was already done is
// the database's question, not this one. Not thread-safe; no state but its settings.
//
// Two persons sign the same command as "anna+otto": that is the issuer and the key name, and the signature is Anna's 64
// bytes followed by Otto's.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/logic/crossing.h"

namespace dure {

inline constexpr std::size_t kGmBytesMax = 64u << 10;
using GmPublicKey = std::array<std::uint8_t, 32>;  // ed25519

struct GmRights {
  std::map<std::string, std::set<std::string>> verbs;                         // by key; a key without: every verb
  std::int64_t grant_limit_count = std::numeric_limits<std::int64_t>::max();  // more at once is given by two
};

class GmGate {
 public:
  GmGate(std::map<std::string, GmPublicKey> keys, std::string cluster_id, std::string prefix, GmRights rights = {});
  // `payload` is an encoded SignedGmCommand. The reply channel is "<prefix>gm:reply:<id>".
  [[nodiscard]] Result<GmCommandIn> admit(std::string_view payload, WallTime now) const;
  // Of an admitted command: the error is what its issuer is told.
  [[nodiscard]] Result<> allows(const GmCommandIn& admitted) const;

 private:
  [[nodiscard]] bool signed_by(const std::vector<std::string>& names, const std::string& command,
                               const std::string& signature) const;
  std::map<std::string, GmPublicKey> keys_;
  std::string cluster_id_, prefix_;
  GmRights rights_;
};

}  // namespace dure

// The ed25519 keys of game masters and of the account service: two small text files of 64 hex digits, the seed and the
// public key. The seed is made readable by its owner only; one that others may read is refused. Any thread.
#pragma once
#include <string>

#include "common/base/result.h"

namespace dure {

struct GmKey {
  std::string secret;  // 64 bytes
  std::string public_hex;
};

// Writes PATH (the seed, mode 0600) and PATH.pub. Refuses to overwrite either.
[[nodiscard]] Result<GmKey> make_gm_key(const std::string& path);
// `others_may_read`: a development key that comes with the source.
[[nodiscard]] Result<GmKey> read_gm_key(const std::string& path, bool others_may_read = false);

// `dure keygen PATH`: exit code.
int run_keygen(const std::string& path);

}  // namespace dure

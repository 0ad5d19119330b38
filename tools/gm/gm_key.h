// The ed25519 keys of game masters and of the account service: two small text files of hex digits. The secret one is
// made readable by its owner only; one that others may read is refused. Any thread.
#pragma once
#include <string>

#include "common/base/result.h"

namespace dure {

struct GmKey {
  std::string name;    // the file's name without directory and ending: names the key in a signed command
  std::string secret;  // 64 bytes
  std::string public_hex;
};

// Writes PATH (secret, mode 0600) and PATH.pub. Refuses to overwrite either.
[[nodiscard]] Result<GmKey> make_gm_key(const std::string& path);
[[nodiscard]] Result<GmKey> read_gm_key(const std::string& path);

// `dure keygen PATH`: exit code.
int run_keygen(const std::string& path);

}  // namespace dure

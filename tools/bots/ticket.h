// Mints login tickets as a platform's account service would: a Ticket signed with the developer's ed25519 key.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace dure {

class TicketMint {
 public:
  // `key`: a file, or the text itself: 32 bytes (seed) or 64 bytes (secret key) in hexadecimal digits.
  static Result<TicketMint> open(const std::string& key, std::string cluster_id);
  // A serialized SignedTicket.
  std::string mint(const std::string& account, std::int64_t not_after_unix_ms) const;

 private:
  std::array<unsigned char, 64> secret_{};
  std::string cluster_id_;
};

}  // namespace dure

// Password hashes (argon2id) and ticket signatures (ed25519): too slow for a logic thread. Pure functions of the
// request; salts come with it. The requests and replies are plain texts made and read by the functions below.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/logic/worker.h"

namespace dure {

struct PasswordCost {
  std::uint64_t operations = 2;
  std::size_t memory_bytes = 64u << 20;
};

struct TicketKeys {
  std::vector<std::string> trusted;  // ed25519 public keys, 32 bytes each
  std::string developer;             // one more, good on loopback; empty: none
};

inline constexpr std::size_t kPasswordSaltBytes = 16;

// → an encoded argon2id hash; empty: no memory.
std::string hash_request(std::string_view password, std::string_view salt);
// → "1" or "0". An empty hash costs as much as a real one and is always wrong.
std::string verify_request(std::string_view password, std::string_view hash);
// A SignedTicket → 't' or 'd' (the developer's key) and the ticket's bytes; empty: no good signature.
std::string ticket_request(std::string_view signed_ticket);

class PasswordWorker : public Worker {
 public:
  explicit PasswordWorker(TicketKeys keys, PasswordCost cost = {});
  std::string run(std::string_view request) override;

 private:
  std::string hash(std::string_view password, std::string_view salt) const;
  bool verify(std::string_view password, std::string_view encoded);
  std::string check_ticket(std::string_view signed_ticket) const;
  TicketKeys keys_;
  PasswordCost cost_;
  std::string dummy_;  // made at the first unknown account
};

}  // namespace dure

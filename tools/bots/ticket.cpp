#include "tools/bots/ticket.h"

#include <sodium.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "common/proto/gateway.pb.h"

namespace dure {

Result<TicketMint> TicketMint::open(const std::string& key, std::string cluster_id) {
  if (sodium_init() < 0) return fail(Trouble::kIo, "libsodium cannot start");
  std::string text = key;
  if (std::ifstream file(key); file) text.assign(std::istreambuf_iterator<char>(file), {});
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  TicketMint mint;
  mint.cluster_id_ = std::move(cluster_id);
  std::array<unsigned char, 64> bytes{};
  std::size_t size = 0;
  if (sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr) != 0 ||
      text.size() != 2 * size)
    return fail(Trouble::kInvalid, "the developer key is neither a file nor hexadecimal digits");
  if (size == crypto_sign_SECRETKEYBYTES) {
    mint.secret_ = bytes;
  } else if (size == crypto_sign_SEEDBYTES) {
    std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> ignored;
    crypto_sign_seed_keypair(ignored.data(), mint.secret_.data(), bytes.data());
  } else {
    return fail(Trouble::kInvalid, "the developer key must have 32 or 64 bytes");
  }
  return mint;
}

std::string TicketMint::mint(const std::string& account, std::int64_t not_after_unix_ms) const {
  proto::Ticket ticket;
  ticket.set_account(account);
  ticket.set_not_after_unix_ms(not_after_unix_ms);
  ticket.set_cluster_id(cluster_id_);
  std::uint64_t nonce = 0;
  randombytes_buf(&nonce, sizeof nonce);
  ticket.set_nonce(nonce);
  proto::SignedTicket signed_ticket;
  signed_ticket.set_ticket(ticket.SerializeAsString());
  std::array<unsigned char, crypto_sign_BYTES> signature;
  const std::string& body = signed_ticket.ticket();
  crypto_sign_detached(signature.data(), nullptr, reinterpret_cast<const unsigned char*>(body.data()), body.size(),
                       secret_.data());
  signed_ticket.set_signature(signature.data(), signature.size());
  return signed_ticket.SerializeAsString();
}

}  // namespace dure

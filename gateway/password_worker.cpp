#include "gateway/password_worker.h"

#include <sodium.h>

#include "common/base/bytes.h"
#include "common/base/check.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/routes.h"

namespace dure {
namespace {

constexpr char kHash = 'h', kVerify = 'v', kTicket = 't';

std::string request(char what, std::string_view first, std::string_view second) {
  std::string out(5, what);
  store_le<std::uint32_t>(out.data() + 1, static_cast<std::uint32_t>(first.size()));
  out += first;
  out += second;
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL_NO_PADDING), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
  out.resize(out.find('\0'));
  return out;
}

bool signed_by(const std::string& key, const proto::SignedTicket& ticket) {
  return key.size() == crypto_sign_PUBLICKEYBYTES && ticket.signature().size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(reinterpret_cast<const unsigned char*>(ticket.signature().data()),
                                     reinterpret_cast<const unsigned char*>(ticket.ticket().data()),
                                     ticket.ticket().size(), reinterpret_cast<const unsigned char*>(key.data())) == 0;
}

}  // namespace

std::string hash_request(std::string_view password, std::string_view salt) { return request(kHash, password, salt); }
std::string verify_request(std::string_view password, std::string_view hash) {
  return request(kVerify, password, hash);
}
std::string ticket_request(std::string_view signed_ticket) { return request(kTicket, signed_ticket, {}); }

PasswordWorker::PasswordWorker(TicketKeys keys, PasswordCost cost) : keys_(std::move(keys)), cost_(cost) {
  CHECK(sodium_init() >= 0);
}

std::string PasswordWorker::run(std::string_view bytes) {
  if (bytes.size() < 5) return {};
  const auto first_bytes = load_le<std::uint32_t>(bytes.data() + 1);
  if (first_bytes > bytes.size() - 5) return {};
  const std::string_view first = bytes.substr(5, first_bytes), second = bytes.substr(5 + first_bytes);
  switch (bytes[0]) {
    case kHash:
      return hash(first, second);
    case kVerify:
      return verify(first, second) ? "1" : "0";
    case kTicket:
      return check_ticket(first);
    default:
      return {};
  }
}

std::string PasswordWorker::hash(std::string_view password, std::string_view salt) const {
  static_assert(kPasswordSaltBytes == crypto_pwhash_SALTBYTES);
  if (salt.size() != kPasswordSaltBytes) return {};
  std::string raw(32, '\0');
  if (crypto_pwhash_argon2id(reinterpret_cast<unsigned char*>(raw.data()), raw.size(), password.data(), password.size(),
                             reinterpret_cast<const unsigned char*>(salt.data()), cost_.operations, cost_.memory_bytes,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
    return {};
  // The encoding of the argon2 reference, which crypto_pwhash_str_verify reads; libsodium's own draws the salt itself.
  return "$argon2id$v=19$m=" + std::to_string(cost_.memory_bytes / 1024) + ",t=" + std::to_string(cost_.operations) +
         ",p=1$" + base64(salt) + "$" + base64(raw);
}

bool PasswordWorker::verify(std::string_view password, std::string_view encoded) {
  const bool known = !encoded.empty();
  if (!known && dummy_.empty()) dummy_ = hash("nobody's", std::string(kPasswordSaltBytes, 's'));
  const std::string terminated(known ? encoded : std::string_view(dummy_));
  const bool right = crypto_pwhash_str_verify(terminated.c_str(), password.data(), password.size()) == 0;
  return right && known;
}

std::string PasswordWorker::check_ticket(std::string_view signed_ticket) const {
  proto::SignedTicket ticket;
  if (!parse_strict(signed_ticket, &ticket)) return {};
  for (const std::string& key : keys_.trusted)
    if (signed_by(key, ticket)) return "t" + ticket.ticket();
  if (!keys_.developer.empty() && signed_by(keys_.developer, ticket)) return "d" + ticket.ticket();
  return {};
}

}  // namespace dure

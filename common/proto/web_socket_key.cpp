#include "common/proto/web_socket_key.h"

#include <bit>

namespace dure {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kBlockBytes = 64;

std::uint32_t big_endian(std::string_view four) {
  std::uint32_t word = 0;
  for (const char byte : four) word = word << 8 | static_cast<std::uint8_t>(byte);
  return word;
}

void mix_block(std::string_view block, std::array<std::uint32_t, 5>* state) {
  std::array<std::uint32_t, 80> words{};
  for (std::size_t i = 0; i < 16; ++i) words[i] = big_endian(block.substr(i * 4, 4));
  for (std::size_t i = 16; i < 80; ++i)
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  auto [a, b, c, d, e] = *state;
  for (std::size_t i = 0; i < 80; ++i) {
    std::uint32_t f = 0, k = 0;
    if (i < 20)
      f = (b & c) | (~b & d), k = 0x5A827999;
    else if (i < 40)
      f = b ^ c ^ d, k = 0x6ED9EBA1;
    else if (i < 60)
      f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
    else
      f = b ^ c ^ d, k = 0xCA62C1D6;
    const std::uint32_t next = std::rotl(a, 5) + f + e + k + words[i];
    e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
  }
  const std::uint32_t mixed[] = {a, b, c, d, e};
  for (std::size_t i = 0; i < 5; ++i) (*state)[i] += mixed[i];
}

std::string base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view three = bytes.substr(i, 3);
    std::uint32_t bits = big_endian(three) << 8 * (3 - three.size());
    for (std::size_t digit = 0; digit < 4; ++digit, bits <<= 6)
      text += digit <= three.size() ? kDigits[bits >> 18 & 63] : '=';
  }
  return text;
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view bytes) {
  std::string padded(bytes);
  padded += '\x80';
  while (padded.size() % kBlockBytes != kBlockBytes - 8) padded += '\0';
  const std::uint64_t bits = bytes.size() * 8;
  for (int shift = 56; shift >= 0; shift -= 8) padded += static_cast<char>(bits >> shift);
  std::array<std::uint32_t, 5> state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  for (std::size_t at = 0; at < padded.size(); at += kBlockBytes)
    mix_block(std::string_view(padded).substr(at, kBlockBytes), &state);
  std::array<std::uint8_t, 20> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> 8 * (3 - i % 4));
  return digest;
}

bool is_web_socket_key(std::string_view key) {
  // 22 digits carry 16 bytes and four bits that are 0.
  return key.size() == 24 && key.substr(22) == "==" && key.substr(0, 22).find_first_not_of(kDigits) == key.npos &&
         kDigits.find(key[21]) % 16 == 0;
}

std::string web_socket_accept(std::string_view key) {
  std::string proven(key);
  proven += kGuid;
  const auto digest = sha1(proven);
  return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string web_socket_key(std::string_view sixteen_bytes) { return base64(sixteen_bytes); }

}  // namespace dure

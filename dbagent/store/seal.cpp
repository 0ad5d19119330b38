#include "dbagent/store/seal.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace dure::store {
namespace {

constexpr int kSealedBytes = kPageBytes - kSealBytes;
constexpr char kMagic[] = "SQLite format 3";  // with its 0

XXH64_canonical_t seal_of(const char* page, std::uint64_t number) {
  XXH64_canonical_t seal;
  XXH64_canonicalFromHash(&seal, XXH3_64bits_withSeed(page, kSealedBytes, number));
  return seal;
}

std::uint32_t application(const char* head) {
  std::uint32_t value;
  std::memcpy(&value, head + 68, sizeof value);
  return __builtin_bswap32(value);
}

}  // namespace

void seal(char* page, std::uint64_t number) {
  const auto made = seal_of(page, number);
  static_assert(sizeof made == kSealBytes);
  std::memcpy(page + kSealedBytes, &made, sizeof made);
}

bool fits_seal(const char* page, std::uint64_t number) {
  const auto made = seal_of(page, number);
  return std::memcmp(page + kSealedBytes, &made, sizeof made) == 0;
}

bool reserves_seal(const char* head) { return head[20] == kSealBytes; }

bool is_of_before_seals(const char* head) {
  return std::memcmp(head, kMagic, sizeof kMagic) == 0 && head[20] == 0 && application(head) != kSealedApplication;
}

std::uint64_t print_of(const char* page, bool sealed) {
  if (!sealed) return XXH3_64bits(page, kPageBytes);
  std::uint64_t print;
  std::memcpy(&print, page + kSealedBytes, sizeof print);
  return print;
}

}  // namespace dure::store

#include "common/proto/topic_key.h"

#include "common/base/bytes.h"
#include "common/base/ids.h"

namespace dure {

std::string encode_topic(const TopicKey& key) {
  std::string out(kTopicKeyBytes, '\0');
  char* p = out.data();
  store_le<std::uint8_t>(p, static_cast<std::uint8_t>(key.kind));
  store_le<std::uint8_t>(p + 1, key.layer);
  store_le<std::uint8_t>(p + 2, key.rate_tier);
  store_le<std::uint32_t>(p + 4, key.realm);
  store_le<std::uint64_t>(p + 8, key.place);
  store_le<std::uint32_t>(p + 16, key.channel);
  store_le<std::int32_t>(p + 20, key.cell_x);
  store_le<std::int32_t>(p + 24, key.cell_y);
  return out;
}

bool decode_topic(std::string_view bytes, TopicKey* key) {
  if (bytes.size() != kTopicKeyBytes) return false;
  const char* p = bytes.data();
  const auto kind = load_le<std::uint8_t>(p);
  if (kind < 1 || kind > static_cast<std::uint8_t>(TopicKind::kParty)) return false;
  key->kind = static_cast<TopicKind>(kind);
  key->layer = load_le<std::uint8_t>(p + 1);
  key->rate_tier = load_le<std::uint8_t>(p + 2);
  key->realm = load_le<std::uint32_t>(p + 4);
  key->place = load_le<std::uint64_t>(p + 8);
  key->channel = load_le<std::uint32_t>(p + 16);
  key->cell_x = load_le<std::int32_t>(p + 20);
  key->cell_y = load_le<std::int32_t>(p + 24);
  return true;
}

}  // namespace dure

std::size_t std::hash<dure::TopicKey>::operator()(const dure::TopicKey& key) const noexcept {
  const auto a = static_cast<std::uint64_t>(key.kind) | std::uint64_t{key.layer} << 8 |
                 std::uint64_t{key.rate_tier} << 16 | std::uint64_t{key.realm} << 32;
  const auto b =
      static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.cell_x)) << 32 | static_cast<std::uint32_t>(key.cell_y);
  return dure::mix64(dure::mix64(dure::mix64(a ^ dure::kHashSeed) ^ key.place) ^ b ^ key.channel);
}

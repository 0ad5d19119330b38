// The key of a topic, the one mechanism for every broadcast. 32 bytes, little-endian, comparable as bytes:
//
//    0 u8 kind   2 u8 rate tier   4 u32 realm   8 u64 place (hash of its name, or an id)   16 u32 channel
//    1 u8 layer  3 u8 0          20 i32 cell x  24 i32 cell y                              28 u32 0
//
// Plain value, any thread.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace dure {

enum class TopicKind : std::uint8_t { kCell = 1, kPlace = 2, kChat = 3, kInstance = 4, kGuild = 5, kParty = 6 };

struct TopicKey {
  TopicKind kind = TopicKind::kPlace;
  std::uint8_t layer = 0;      // stealth, phases, an invisible game master
  std::uint8_t rate_tier = 0;  // 0: full rate; near cells. 1: every fourth tick; far ones
  std::uint32_t realm = 1;
  std::uint64_t place = 0;
  std::uint32_t channel = 0;
  std::int32_t cell_x = 0, cell_y = 0;
  friend auto operator<=>(const TopicKey&, const TopicKey&) = default;
};

inline constexpr std::size_t kTopicKeyBytes = 32;
std::string encode_topic(const TopicKey& key);
[[nodiscard]] bool decode_topic(std::string_view bytes, TopicKey* key);

}  // namespace dure

template <>
struct std::hash<dure::TopicKey> {
  std::size_t operator()(const dure::TopicKey& key) const noexcept;
};

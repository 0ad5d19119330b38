// What crosses between a logic thread and the rest of its process, as bytes: for the journal. Field after field in the
// order of crossing.h, integers little-endian in their own width, texts and lists after a u32 count. Any thread.
#pragma once
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/logic/crossing.h"

namespace dure {

// Whoever changes a struct of crossing.h changes this number: bytes of another layout are refused, not guessed.
inline constexpr std::uint32_t kCrossingLayout = 2;

void encode(const Inbound& inbound, std::string* out);
void encode(const Outbound& outbound, std::string* out);
// Takes one from the front of `bytes`. kInvalid: they end too early, or name a kind that does not exist.
[[nodiscard]] Result<Inbound> decode_inbound(std::string_view* bytes);
// "BusSend", "FrameOut", …
std::string_view name_of(const Outbound& outbound);

}  // namespace dure

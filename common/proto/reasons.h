// Reasons that the engine itself gives to what it does with value. A game's own are the game's.
#pragma once
#include <string_view>

namespace dure {

// What a game master grants: created, with no reason of the content's.
inline constexpr std::string_view kGrantReason = "gm.give";

}  // namespace dure

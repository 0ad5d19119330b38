// What a player typed, as it is compared. The same word may be typed as different code points (é is one, or e and an
// accent), depending on the keyboard and the system. Pure functions, any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace dure {

// Canonical composition (Unicode NFC). Nothing: not UTF-8.
std::optional<std::string> composed(std::string_view text);
// A password as RFC 8265 (OpaqueString) prepares it: composed, and every space character the plain one. Nothing: not
// UTF-8, nothing left, or longer than this as typed.
inline constexpr std::size_t kPasswordBytesMax = 128;
std::optional<std::string> prepared_password(std::string_view typed);

}  // namespace dure

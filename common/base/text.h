// Text that came from outside: what may become a name or a chat line. Pure functions, any thread.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace dure {

// Well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
bool valid_utf8(std::string_view text);
// A line a player may show others: valid UTF-8, not only blanks, nothing that hides or reorders (controls, zero width,
// bidirectional overrides, fillers, tags), at most `points_max` code points, at most 3 combining marks in a row.
bool showable(std::string_view text, std::size_t points_max);
// A character's name: 2–16 letters or digits (ASCII, or Hangul syllables), a letter first.
bool valid_name(std::string_view name);
// What two names must not share: lower case, and look-alikes (0/o, 1/l/i) folded.
std::string name_skeleton(std::string_view name);

}  // namespace dure

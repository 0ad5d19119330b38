#include "common/base/text.h"

#include <cstdint>

namespace dure {
namespace {

// The next code point, or -1 where the bytes are not UTF-8 (table 3-7 of the Unicode standard).
std::int32_t next_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return at++, lead;
  const int extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  if (lead < 0xc2 || lead > 0xf4 || at + extra >= text.size()) return -1;
  std::int32_t point = lead & (0x3f >> extra);
  for (int i = 1; i <= extra; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return -1;
    point = point << 6 | (byte(at + i) & 0x3f);
  }
  if ((extra == 2 && point < 0x800) || (extra == 3 && (point < 0x10000 || point > 0x10ffff))) return -1;
  if (point >= 0xd800 && point <= 0xdfff) return -1;
  at += extra + 1;
  return point;
}

bool combining(std::int32_t p) {
  return (p >= 0x300 && p <= 0x36f) || (p >= 0x483 && p <= 0x489) || (p >= 0x1ab0 && p <= 0x1aff) ||
         (p >= 0x1dc0 && p <= 0x1dff) || (p >= 0x20d0 && p <= 0x20ff) || (p >= 0xfe20 && p <= 0xfe2f);
}

// Controls, zero width, bidirectional marks, overrides and isolates, fillers, tags, noncharacters.
bool hidden(std::int32_t p) {
  return p < 0x20 || (p >= 0x7f && p < 0xa0) || p == 0xad || p == 0x61c || p == 0x115f || p == 0x1160 || p == 0x180e ||
         (p >= 0x200b && p <= 0x200f) || (p >= 0x2028 && p <= 0x202e) || (p >= 0x2060 && p <= 0x206f) || p == 0x3164 ||
         p == 0xfeff || p == 0xffa0 || (p >= 0xfff0 && p <= 0xfffb) || (p & 0xfffe) == 0xfffe ||
         (p >= 0xfdd0 && p <= 0xfdef) || (p >= 0xe0000 && p <= 0xe0fff);
}
bool blank(std::int32_t p) {
  return p == ' ' || p == 0xa0 || p == 0x1680 || (p >= 0x2000 && p <= 0x200a) || p == 0x202f || p == 0x205f ||
         p == 0x2800 || p == 0x3000;
}

bool ascii_letter(std::int32_t p) { return (p >= 'a' && p <= 'z') || (p >= 'A' && p <= 'Z'); }
bool hangul(std::int32_t p) { return p >= 0xac00 && p <= 0xd7a3; }

}  // namespace

bool valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();)
    if (next_point(text, at) < 0) return false;
  return true;
}

bool showable(std::string_view text, std::size_t points_max) {
  std::size_t points = 0, marks = 0;
  bool ink = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::int32_t point = next_point(text, at);
    if (point < 0 || hidden(point) || ++points > points_max) return false;
    marks = combining(point) ? marks + 1 : 0;
    if (marks > 3) return false;
    ink |= !blank(point);
  }
  return ink;
}

bool valid_name(std::string_view name) {
  std::size_t points = 0;
  for (std::size_t at = 0; at < name.size();) {
    const std::int32_t point = next_point(name, at);
    const bool letter = ascii_letter(point) || hangul(point);
    if (!letter && !(point >= '0' && point <= '9' && points > 0)) return false;
    ++points;
  }
  return points >= 2 && points <= 16;
}

std::string name_skeleton(std::string_view name) {
  std::string folded;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    folded += c == '0' ? 'o' : c == '1' || c == 'i' ? 'l' : c;
  }
  return folded;
}

}  // namespace dure

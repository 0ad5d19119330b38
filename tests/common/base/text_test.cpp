#include "common/base/text.h"

#include <gtest/gtest.h>

#include <string>

namespace dure {
namespace {

TEST(Text, AcceptsWellFormedUtf8) {
  EXPECT_TRUE(valid_utf8(""));
  EXPECT_TRUE(valid_utf8("plain"));
  EXPECT_TRUE(valid_utf8("두레"));
  EXPECT_TRUE(valid_utf8("\xC2\x80"));              // U+0080
  EXPECT_TRUE(valid_utf8("\xEF\xBF\xBF"));          // U+FFFF
  EXPECT_TRUE(valid_utf8("\xF0\x90\x80\x80"));      // U+10000
  EXPECT_TRUE(valid_utf8("\xF4\x8F\xBF\xBF"));      // U+10FFFF
  EXPECT_TRUE(valid_utf8(std::string("a\0b", 3)));  // NUL is UTF-8, but not showable
}

TEST(Text, RefusesEverythingThatIsNotUtf8) {
  for (const char* bad : {
           "\x80",              // a continuation alone
           "\xC0\xAF",          // overlong slash
           "\xC1\xBF",          // overlong
           "\xE0\x80\xAF",      // overlong, three bytes
           "\xE0\x9F\xBF",      // overlong, the last of them
           "\xF0\x80\x80\xAF",  // overlong, four bytes
           "\xF0\x8F\xBF\xBF",  // overlong, the last of them
           "\xED\xA0\x80",      // a surrogate
           "\xED\xBF\xBF",      // the last surrogate
           "\xF4\x90\x80\x80",  // U+110000
           "\xF5\x80\x80\x80",
           "\xFE",
           "\xFF",
           "\xC2",            // cut short
           "\xE2\x82",        // cut short
           "\xF0\x9F\x98",    // cut short
           "a\xE2\x28\xA1z",  // a continuation missing
           "\xC2\xC2\x80",
       })
    EXPECT_FALSE(valid_utf8(bad)) << testing::PrintToString(std::string(bad));
}

TEST(Text, RefusesEveryCutOfALongCharacterInsideALine) {
  const std::string whole = "a\xF0\x9F\x98\x80";
  EXPECT_TRUE(showable(whole, 10));
  for (std::size_t length = 2; length < whole.size(); ++length) EXPECT_FALSE(showable(whole.substr(0, length), 10));
}

TEST(Text, CountsCodePointsNotBytes) {
  EXPECT_TRUE(showable("두레두레", 4));
  EXPECT_FALSE(showable("두레두레", 3));
  EXPECT_FALSE(showable("", 10));
}

TEST(Text, HiddenCharactersAreNotShowable) {
  for (const char* bad : {
           "a\nb", "a\rb", "\t", "\x1b[31m", "\x7f", "\xC2\x85",  // controls, C1 too
           "abc\xE2\x80\xAE"
           "def",                                                // right-to-left override
           "\xE2\x81\xA6x", "\xE2\x81\xA9x",                     // isolates
           "x\xE2\x80\x8Bx", "x\xE2\x80\x8Dx", "\xEF\xBB\xBFx",  // zero width, byte order mark
           "x\xE2\x80\xA8", "x\xE2\x80\xA9",                     // line and paragraph separators
       })
    EXPECT_FALSE(showable(bad, 100)) << testing::PrintToString(std::string(bad));
  EXPECT_FALSE(showable(std::string("a\0b", 3), 100));
}

TEST(Text, MoreHiddenCharactersThatHideOrReorderAreNotShowable) {
  for (const char* bad : {
           "a\xD8\x9C"
           "b",  // U+061C Arabic letter mark
           "a\xC2\xAD"
           "b",  // U+00AD soft hyphen
           "a\xE1\xA0\x8E"
           "b",  // U+180E Mongolian vowel separator
           "a\xE3\x85\xA4"
           "b",  // U+3164 Hangul filler
           "a\xEF\xBF\xB9"
           "b",  // U+FFF9 interlinear annotation
           "a\xF3\xA0\x81\x81"
           "b",              // U+E0041 tag character
           "a\xEF\xBF\xBE",  // U+FFFE noncharacter
       })
    EXPECT_FALSE(showable(bad, 100)) << testing::PrintToString(std::string(bad));
}

// The first and the last of every run of code points that a rule names, and what stands beside them.
std::string utf8(std::uint32_t point) {
  const auto tail = [point](int shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
}

TEST(Text, EveryRunOfHiddenCharactersEndsWhereItShould) {
  for (const std::uint32_t hidden :
       {0x1fu,   0x7fu,   0x9fu,   0xadu,    0x61cu,    0x115fu, 0x1160u, 0x180eu,  0x200bu,
        0x200fu, 0x2028u, 0x202eu, 0x2060u,  0x206fu,   0x3164u, 0xfeffu, 0xffa0u,  0xfff0u,
        0xfffbu, 0xfffeu, 0xffffu, 0x1fffeu, 0x10ffffu, 0xfdd0u, 0xfdefu, 0xe0000u, 0xe0fffu})
    EXPECT_FALSE(showable("a" + utf8(hidden), 9)) << std::hex << hidden;
  for (const std::uint32_t shown :
       {0x20u,   0x7eu,   0xa0u,   0xacu,   0xaeu,   0x61bu,  0x61du,   0x115eu,  0x1161u,  0x180du,  0x180fu,
        0x200au, 0x2010u, 0x2027u, 0x202fu, 0x205fu, 0x2070u, 0x3163u,  0x3165u,  0xfefeu,  0xff00u,  0xff9fu,
        0xffa1u, 0xffefu, 0xfffcu, 0xfffdu, 0xfdcfu, 0xfdf0u, 0x1fffdu, 0xdfffdu, 0xe1000u, 0x10fffdu})
    EXPECT_TRUE(showable("a" + utf8(shown), 9)) << std::hex << shown;
}

TEST(Text, EveryRunOfCombiningMarksEndsWhereItShould) {
  const auto pile = [](std::uint32_t point) {
    std::string text = "e";
    for (int i = 0; i < 4; ++i) text += utf8(point);
    return text;
  };
  for (const std::uint32_t mark :
       {0x300u, 0x36fu, 0x483u, 0x489u, 0x1ab0u, 0x1affu, 0x1dc0u, 0x1dffu, 0x20d0u, 0x20ffu, 0xfe20u, 0xfe2fu})
    EXPECT_FALSE(showable(pile(mark), 100)) << std::hex << mark;
  for (const std::uint32_t other :
       {0x2ffu, 0x370u, 0x482u, 0x48au, 0x1aafu, 0x1b00u, 0x1dbfu, 0x1e00u, 0x20cfu, 0x2100u, 0xfe1fu, 0xfe30u})
    EXPECT_TRUE(showable(pile(other), 100)) << std::hex << other;
}

TEST(Text, BlanksOfEveryKindShowNothingAlone) {
  for (const std::uint32_t blank : {0x20u, 0xa0u, 0x1680u, 0x2000u, 0x200au, 0x202fu, 0x205fu, 0x2800u, 0x3000u}) {
    EXPECT_FALSE(showable(utf8(blank) + utf8(blank), 9)) << std::hex << blank;
    EXPECT_TRUE(showable(utf8(blank) + "a", 9)) << std::hex << blank;
  }
  for (const std::uint32_t other : {0x1fffu, 0x2010u, 0x2801u, 0x3001u})
    EXPECT_TRUE(showable(utf8(other), 9)) << std::hex << other;
}

TEST(Text, NamesAreOfTheSyllablesThatHangulHas) {
  EXPECT_TRUE(valid_name(utf8(0xac00) + utf8(0xd7a3)));
  EXPECT_FALSE(valid_name(utf8(0xac00) + utf8(0xabff)));
  EXPECT_FALSE(valid_name(utf8(0xac00) + utf8(0xd7a4)));
}

TEST(Text, ALineOfSpacesShowsNothing) { EXPECT_FALSE(showable("   ", 100)); }

TEST(Text, ThreeCombiningMarksPassAndAPileDoesNot) {
  const std::string mark = "\xCC\x81";
  EXPECT_TRUE(showable("e" + mark + mark + mark, 100));
  EXPECT_FALSE(showable("e" + mark + mark + mark + mark, 100));
  EXPECT_TRUE(showable("e" + mark + mark + mark + "e" + mark, 100));
}

TEST(Text, NamesAreShortPlainAndBeginWithALetter) {
  for (const char* good : {"ab", "Abcdefghijklmnop", "a1", "두레", "한글이름열여섯자까지만가능하다고"})
    EXPECT_TRUE(valid_name(good)) << good;
  for (const char* bad : {"", "a", "1a", "Abcdefghijklmnopq", "a b", "a-b", "a'b", "ab;", "ab\n", "é2", "аб",
                          "\xFF\xFE", "ab\xE2\x80\xAE", "a\xCC\x81x", "ab%s", "ab\xED\x9E", "../etc"})
    EXPECT_FALSE(valid_name(bad)) << bad;
  EXPECT_FALSE(valid_name(std::string("ab\0c", 4)));
  EXPECT_FALSE(valid_name(std::string(64 * 1024, 'a')));
}

TEST(Text, LookAlikeNamesShareASkeleton) {
  EXPECT_EQ(name_skeleton("Bill"), name_skeleton("BI11"));
  EXPECT_EQ(name_skeleton("Root"), name_skeleton("r00t"));
  EXPECT_EQ(name_skeleton("두레"), "두레");
  EXPECT_NE(name_skeleton("anna"), name_skeleton("anne"));
}

}  // namespace
}  // namespace dure

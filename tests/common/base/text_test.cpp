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

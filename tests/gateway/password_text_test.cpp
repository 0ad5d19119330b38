#include "gateway/password_text.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

TEST(PasswordText, TheSameWordInAnotherFormIsTheSamePassword) {
  const std::string one_point = "caf\xc3\xa9", two_points = "cafe\xcc\x81";
  EXPECT_EQ(prepared_password(two_points), one_point);
  EXPECT_EQ(prepared_password(one_point), one_point);
  EXPECT_EQ(prepared_password("\xe1\x84\x83\xe1\x85\xae"), "\xeb\x91\x90") << "jamo and syllable";
  EXPECT_EQ(prepared_password("a\xe2\x84\xab"), "a\xc3\x85") << "the angstrom sign is the letter";
  // Marks in another order are the same, too.
  EXPECT_EQ(prepared_password("q\xcc\x87\xcc\xa3"), prepared_password("q\xcc\xa3\xcc\x87"));
}

TEST(PasswordText, ASpaceIsASpaceAndNothingElseIsFolded) {
  EXPECT_EQ(prepared_password("my\xc2\xa0word\xe3\x80\x80x"), "my word x");
  EXPECT_NE(prepared_password("Word"), prepared_password("word"));
  EXPECT_NE(prepared_password("\xef\xbc\xa1"), prepared_password("A")) << "full width: RFC 8265 keeps it apart";
  EXPECT_EQ(prepared_password(std::string("a\0b", 3)), std::string("a\0b", 3));
}

TEST(PasswordText, WhatIsNotUtf8OrNothingIsNoPassword) {
  for (const std::string bad : {"", "\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf"}) EXPECT_FALSE(prepared_password(bad));
  EXPECT_FALSE(composed("\xff"));
  EXPECT_EQ(composed(""), "");
}

}  // namespace
}  // namespace dure

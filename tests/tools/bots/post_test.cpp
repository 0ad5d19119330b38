// What the bots' books of letters, lots and gains notice.
#include "tools/bots/post.h"

#include <gtest/gtest.h>

#include "tools/bots/gains.h"
#include "tools/bots/market.h"

namespace dure {
namespace {

const MonoTime kStart{};

Post::Letter from_anna_to_bert() {
  Post::Letter letter;
  letter.from = "Anna";
  letter.to = "Bert";
  letter.attached.balances["gold"] = 5;
  return letter;
}

TEST(Post, ALetterThatIsToldTwiceOrToAnotherOrWithLessIsNoticed) {
  Post post;
  std::uint64_t number = 0;
  const std::string text = post.write(from_anna_to_bert(), &number);
  bool known = false;
  EXPECT_NE(post.heard("Cleo", text, from_anna_to_bert().attached, &known), "");
  EXPECT_EQ(post.heard("Bert", text, from_anna_to_bert().attached, &known), "");
  EXPECT_NE(post.heard("Bert", text, from_anna_to_bert().attached, &known), "") << "twice";
  const std::string second = post.write(from_anna_to_bert(), &number);
  EXPECT_NE(post.heard("Bert", second, Change(), &known), "") << "the gold is missing";
  EXPECT_EQ(post.heard("Bert", "hello", Change(), &known), "") << "none of ours";
}

TEST(Post, ASavedLetterThatNeverComesIsMissingAndOneThatIsReadIsNot) {
  Post post;
  std::uint64_t first = 0, second = 0;
  const std::string text = post.write(from_anna_to_bert(), &first);
  post.write(from_anna_to_bert(), &second);
  post.saved(first, kStart);
  EXPECT_TRUE(post.missing("Bert", kStart).empty()) << "just now";
  EXPECT_EQ(post.missing("Bert", kStart + seconds(1)).size(), 1u) << "what is not SAVED is not owed";
  std::optional<Change> unheard;
  EXPECT_EQ(post.read("Bert", text, &unheard), "");
  EXPECT_TRUE(unheard.has_value());
  EXPECT_TRUE(post.missing("Bert", kStart + seconds(1)).empty());
  bool known = false;
  EXPECT_EQ(post.heard("Bert", text, from_anna_to_bert().attached, &known), "");
  EXPECT_TRUE(known);
}

TEST(Market, ALotEndsOnceAndItsPriceIsItsSellers) {
  Market market;
  market.listed(7, "Anna", 20);
  EXPECT_EQ(market.bought(7), "");
  EXPECT_NE(market.bought(7), "");
  EXPECT_EQ(market.sold(7, "Anna", 20), "");
  EXPECT_NE(market.sold(7, "Anna", 20), "");
  EXPECT_NE(market.returned(7, "Anna"), "");
  market.listed(8, "Anna", 20);
  EXPECT_NE(market.sold(8, "Anna", 19), "");
  market.listed(9, "Anna", 20);
  EXPECT_NE(market.returned(9, "Bert"), "");
}

TEST(Gains, WhatCameAndWasNotAnnouncedIsLeft) {
  Gains gains;
  Change five;
  five.balances["gold"] = 5;
  gains.came(five);
  gains.start();
  gains.came(five);
  EXPECT_EQ(gains.left().size(), 1u);
  gains.announced(five);
  EXPECT_TRUE(gains.left().empty());
  gains.announced(five);
  EXPECT_EQ(gains.left().size(), 1u) << "announced, and it never came";
}

}  // namespace
}  // namespace dure

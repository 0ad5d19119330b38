// That a story is told step by step, that a step which was lost ends it, and that what is believed of a rogue's own
// character is what a grant must say.
#include <gtest/gtest.h>

#include "tests/sim/rogue/rogue_dealer.h"

namespace dure::sim {
namespace {

using proto::STORED;

std::string answer(proto::StoreCode code) {
  proto::StoreReply reply;
  reply.set_code(code);
  return reply.SerializeAsString();
}

class TalkTest : public ::testing::Test {
 protected:
  Task<void> story() {
    try {
      for (;;) {
        co_await ask<proto::StoreReply>(talk_, "shard-0", Asking("first"), proto::OutboxSent());
        told_ += "first ";
        co_await ask<proto::StoreReply>(talk_, "shard-1", Asking("second").refused(proto::REJECTED),
                                        proto::OutboxSent());
        told_ += "second ";
        co_await talk_.turn();
      }
    } catch (const Unheard&) {
      told_ += "unheard";
    }
  }
  std::string taken(const std::string& queue) {
    const auto step = talk_.take(queue);
    return step ? step->rule : "";
  }
  Talk talk_;
  std::string told_;
  Scope scope_;
};

TEST_F(TalkTest, AStepIsThoughtOfWhenTheOneBeforeIsAnswered) {
  scope_.spawn(story());
  EXPECT_EQ(taken("shard-1"), "") << "the first goes elsewhere";
  EXPECT_EQ(taken("shard-0"), "first");
  EXPECT_TRUE(talk_.is_out("shard-0"));
  EXPECT_EQ(taken("shard-0"), "") << "it is on its way";
  talk_.answer(answer(STORED));
  EXPECT_EQ(taken("shard-1"), "second");
  talk_.answer(answer(proto::REJECTED));
  EXPECT_TRUE(talk_.idle());
  EXPECT_EQ(told_, "first second ");
  talk_.go_on();
  EXPECT_EQ(taken("shard-0"), "first");
}

TEST_F(TalkTest, AStepThatIsLostEndsTheStory) {
  scope_.spawn(story());
  EXPECT_EQ(taken("shard-0"), "first");
  talk_.lose();
  EXPECT_EQ(told_, "unheard");
}

TEST_F(TalkTest, AnAnswerThatIsNotAllowedEndsTheStory) {
  scope_.spawn(story());
  EXPECT_EQ(taken("shard-0"), "first");
  talk_.answer(answer(proto::RETRY));
  EXPECT_EQ(told_, "unheard");
}

class PairTest : public ::testing::Test {
 protected:
  PairTest() {
    pair_.contents = {{0, 1}, {1, 1}};
    pair_.first.balances = {{"gold", 100}, {"bread", 10}};
    pair_.second.balances = {{"gold", 50}};
  }
  proto::AcquireReply grant(const Character& character) {
    proto::AcquireReply grant;
    grant.set_epoch(character.epoch);
    grant.set_last_pseq(character.pseq);
    grant.set_settle_seq(character.settle_seq);
    grant.set_last_creq(character.creq);
    grant.set_last_creq_hash(character.creq_hash);
    grant.set_last_creq_result(character.creq_aborted ? 1 : 0);
    auto* row = grant.mutable_aggregate();
    for (const auto& [currency, amount] : character.balances) {
      auto* balance = row->add_balances();
      balance->set_name(currency);
      balance->set_value(amount);
    }
    return grant;
  }
  void hold(Deal& deal) {
    const std::uint32_t side = side_of(deal, pair_.first);
    proto::Operation leg = pair_.next_leg(deal, side);
    leg.set_creq(7);
    pair_.first.hold(leg, deal.parts[side].goods);
  }
  Pair pair_{Rng(1)};
};

TEST_F(PairTest, AGrantThatForgetsAHoldIsNotWhatIsBelieved) {
  EXPECT_EQ(Character::told(grant(pair_.first)), pair_.first.believed());
  Deal& deal = pair_.deal(pair_.first, nullptr, 0, true);
  hold(deal);
  proto::AcquireReply told = grant(pair_.first);
  EXPECT_NE(Character::told(told), pair_.first.believed());
  auto* open = told.mutable_aggregate()->add_holds();
  *open->mutable_terms() = deal.terms;
  open->set_side(side_of(deal, pair_.first));
  open->set_creq(7);
  open->set_creq_hash(pair_.first.creq_hash);
  EXPECT_NE(Character::told(told), pair_.first.believed()) << "what is reserved is missing";
  for (const char* currency : {"bread", "gold"})
    if (const std::int64_t kept = pair_.first.reserved(currency); kept != 0) {
      auto* amount = told.mutable_aggregate()->add_reserved();
      amount->set_name(currency);
      amount->set_value(kept);
    }
  EXPECT_EQ(Character::told(told), pair_.first.believed());
}

TEST_F(PairTest, WhatIsHeldIsBackAfterAnAbort) {
  const auto before = pair_.first.balances;
  Deal& deal = pair_.deal(pair_.first, nullptr, 0, true);
  hold(deal);
  EXPECT_LT(pair_.first.balance("gold"), before.at("gold"));
  pair_.first.finish(deal.terms, false, {});
  EXPECT_EQ(pair_.first.balances, before);
  EXPECT_TRUE(pair_.first.creq_aborted);
  EXPECT_EQ(pair_.first.settle_seq, 1u);
}

TEST_F(PairTest, CapsAreJustMet) {
  Deal& deal = pair_.deal(pair_.first, &pair_.second, 0, false);
  const std::uint32_t side = side_of(deal, pair_.first);
  const auto gold = [&](std::uint32_t of) {
    for (const auto& amount : deal.terms.sides(static_cast<int>(of)).give())
      if (amount.name() == "gold") return amount.value();
    return std::int64_t{0};
  };
  for (const auto& cap : deal.terms.sides(static_cast<int>(side)).caps())
    if (cap.name() == "gold") {
      EXPECT_EQ(cap.value(), 100 - gold(side) + gold(1 - side));
    }
}

TEST_F(PairTest, WhatIsNotSoIsReportedAndEndsTheStory) {
  pair_.rule = "deal.swap";
  pair_.must(true, "fine");
  EXPECT_THROW(pair_.must(false, "both have 9 gold of 10"), Unheard);
  ASSERT_EQ(pair_.broken().size(), 1u);
  EXPECT_EQ(pair_.broken()[0].law, std::string("a-rogues-deals-are-whole"));
  EXPECT_EQ(pair_.broken()[0].detail, "deal.swap: both have 9 gold of 10");
}

TEST(Dealer, EveryTrickHasANameOfItsOwn) {
  const auto rules = Dealer::rules();
  EXPECT_EQ(std::set<std::string>(rules.begin(), rules.end()).size(), rules.size());
}

}  // namespace
}  // namespace dure::sim

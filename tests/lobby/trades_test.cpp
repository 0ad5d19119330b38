#include "tests/lobby/trades_fixture.h"

namespace dure::test {
namespace {

TEST_F(TradesTest, GoldAndAnItemChangeHandsWhenTheDatabaseHasWrittenIt) {
  ASSERT_NO_FATAL_FAILURE(sit());
  EXPECT_EQ(offer(1, 0, {kSword}), proto::OK);
  EXPECT_EQ(offer(2, 200), proto::OK);
  lock_both();
  const std::uint64_t at = revision();
  EXPECT_EQ(confirm(1, 5, at), proto::OK);
  EXPECT_TRUE(legs_.empty()) << "one alone moves nothing";
  EXPECT_EQ(confirm(2, 6, at), proto::OK);
  cluster_->turn();
  ASSERT_EQ(legs_.size(), 2u);
  EXPECT_EQ(legs_[1].creq(), 5u);
  EXPECT_EQ(legs_[2].creq(), 6u);
  EXPECT_EQ(legs_[1].reason(), "trade");
  EXPECT_EQ(player(1).mirror.item(kSword), nullptr);
  EXPECT_EQ(gold(2), 300);
  EXPECT_EQ(gold(1), 500) << "arriving, not there";
  auto settling = last_word();
  ASSERT_TRUE(settling.has_value());
  EXPECT_EQ(settling->phase(), TradeTable::SETTLING);
  ASSERT_EQ(settling->touched().balances_size(), 1);
  EXPECT_EQ(settling->touched().balances(0).value(), 300);
  EXPECT_FALSE(told<proto::SettledNotice>().has_value());
  EXPECT_EQ(cancel(1), proto::WRONG_STATE) << "too late";
  end(true);
  EXPECT_EQ(gold(1), 700);
  EXPECT_NE(player(2).mirror.item(kSword), nullptr);
  const auto first = told<proto::SettledNotice>();
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->committed());
  EXPECT_EQ(first->creq(), 5u);
  EXPECT_EQ(last_word()->phase(), TradeTable::CLOSED);
  EXPECT_EQ(invite(1, 2), proto::OK) << "the table is free again";
}

TEST_F(TradesTest, AnAbortGivesEverythingBackAndItsConfirmSaysAborted) {
  const std::uint64_t at = agree_first(50, {kSword});
  EXPECT_EQ(confirm(2, 6, at), proto::OK);
  EXPECT_EQ(confirm(1, 5, at), proto::OK) << "a repeat: APPLIED";
  cluster_->turn();
  end(false);
  EXPECT_EQ(gold(1), 500);
  EXPECT_NE(player(1).mirror.item(kSword), nullptr);
  EXPECT_EQ(confirm(1, 5, at), proto::ABORTED);
  EXPECT_EQ(confirm(2, 6, at), proto::ABORTED);
  EXPECT_EQ(confirm(1, 5, at + 1), proto::CONFLICT);
}

TEST_F(TradesTest, WhatBecameOfItIsToldAgainToWhoAsksAgain) {
  const std::uint64_t at = agree_first(50);
  EXPECT_EQ(confirm(2, 6, at), proto::OK);
  cluster_->turn();
  end(true);
  cluster_->forget_sent();
  EXPECT_EQ(confirm(1, 5, at), proto::OK);
  const auto again = told<proto::SettledNotice>();
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->committed());
  EXPECT_EQ(gold(1), 450);
}

TEST_F(TradesTest, NonsenseIsNotLaidOnTheTable) {
  EXPECT_EQ(offer(1, 10), proto::NOT_FOUND) << "there is no table";
  EXPECT_EQ(invite(1, 2), proto::OK);
  EXPECT_EQ(offer(1, 10), proto::WRONG_STATE) << "nobody has accepted";
  EXPECT_EQ(accept(2), proto::OK);
  EXPECT_EQ(offer(1, -1), proto::INVALID);
  EXPECT_EQ(offer(1, 501), proto::NOT_ENOUGH);
  EXPECT_EQ(offer(1, std::numeric_limits<std::int64_t>::max()), proto::INVALID);
  EXPECT_EQ(offer(1, 0, {kSword, kSword}), proto::INVALID);
  EXPECT_EQ(offer(2, 0, {kSword}), proto::NOT_FOUND) << "it is another's";
  EXPECT_EQ(offer(3, 10), proto::NOT_FOUND);
  sample::TradeOfferRequest request;
  request.set_table(table_);
  request.add_amounts()->set_name("gold");
  EXPECT_EQ(code<sample::TradeOfferReply>(1, request), proto::INVALID) << "nothing of it";
  request.mutable_amounts(0)->set_value(10);
  *request.add_amounts() = request.amounts(0);
  EXPECT_EQ(code<sample::TradeOfferReply>(1, request), proto::INVALID) << "a name twice";
  request.mutable_amounts(1)->set_name("moon");
  EXPECT_EQ(code<sample::TradeOfferReply>(1, request), proto::NOT_FOUND);
  request.mutable_amounts(1)->set_name("experience");
  EXPECT_EQ(code<sample::TradeOfferReply>(1, request), proto::NOT_FOUND);
  EXPECT_EQ(gold(1), 500);
}

TEST_F(TradesTest, NobodyAgreesToWhatWasChangedAMomentAgo) {
  ASSERT_NO_FATAL_FAILURE(sit());
  const std::uint64_t empty = revision();
  EXPECT_EQ(lock(1, empty), proto::WRONG_STATE) << "nothing lies there";
  EXPECT_EQ(offer(1, 100), proto::OK);
  const std::uint64_t seen = revision();
  EXPECT_EQ(lock(1, empty), proto::WRONG_STATE);
  EXPECT_EQ(lock(1, seen), proto::OK);
  EXPECT_EQ(confirm(1, 5, seen), proto::WRONG_STATE) << "the other has not locked";
  EXPECT_EQ(lock(2, seen), proto::OK);
  EXPECT_EQ(confirm(2, 5, seen), proto::OK);
  EXPECT_EQ(offer(1, 1), proto::OK);
  EXPECT_EQ(confirm(1, 6, seen), proto::WRONG_STATE);
  EXPECT_EQ(confirm(1, 7, revision()), proto::WRONG_STATE) << "a change unlocks both";
  EXPECT_EQ(confirm(2, 5, seen), proto::ABORTED) << "its confirm came to nothing";
  EXPECT_TRUE(legs_.empty());
  EXPECT_EQ(gold(1), 500);
}

TEST_F(TradesTest, WhatLiesOnTheTableIsKeptForIt) {
  ASSERT_NO_FATAL_FAILURE(sit());
  EXPECT_EQ(offer(1, 0, {kSword}), proto::OK);
  player(1).position = {14000, 12400};
  player(2).position = {14000, 12400};
  sample::SellRequest sell;
  sell.set_creq(1);
  sell.set_npc("Borun");
  *sell.mutable_item() = uid_of(kSword);
  sell.set_count(1);
  EXPECT_EQ(ask<sample::SellReply>(1, sell)->code(), proto::BUSY);
  EXPECT_EQ(offer(1, 10), proto::OK) << "taken back";
  sell.set_creq(2);
  EXPECT_EQ(ask<sample::SellReply>(1, sell)->code(), proto::OK);
}

// Gold on the table is not kept: it is counted when both have agreed.
TEST_F(TradesTest, GoldThatWasSpentMeanwhileIsNotThere) {
  const std::uint64_t at = agree_first(500, {kSword});
  EXPECT_EQ(buy_potions(1), proto::OK);
  EXPECT_EQ(confirm(2, 6, at), proto::NOT_ENOUGH);
  EXPECT_TRUE(legs_.empty());
  EXPECT_EQ(gold(1), 475);
  EXPECT_EQ(gold(2), 500);
  EXPECT_NE(player(1).mirror.item(kSword), nullptr);
  EXPECT_EQ(offer(1, 0, {kSword}), proto::OK) << "it is still kept for this table";
}

TEST_F(TradesTest, ARequestThatWasOvertakenLeavesNoNumberInTheRow) {
  const std::uint64_t at = agree_first(100);
  EXPECT_EQ(buy_potions(1), proto::OK);
  EXPECT_EQ(confirm(2, 9, at), proto::OK);
  cluster_->turn();
  EXPECT_EQ(legs_[1].creq(), 0u) << "numbers in the row only rise";
  EXPECT_EQ(legs_[2].creq(), 9u);
  end(true);
  EXPECT_EQ(told<proto::SettledNotice>()->creq(), 5u);
}

TEST_F(TradesTest, ARequestThatWasOnlyRefusedOvertakesNothing) {
  const std::uint64_t at = agree_first(100);
  EXPECT_EQ(buy_potions(30), proto::NOT_ENOUGH);
  EXPECT_EQ(confirm(2, 9, at), proto::OK);
  cluster_->turn();
  EXPECT_EQ(legs_[1].creq(), 5u) << "whoever has the player next knows that it was done";
}

TEST_F(TradesTest, AFullBagTakesNothing) {
  for (std::uint64_t i = 0; player(2).mirror.items().size() < sample_.items.bag_slots; ++i) {
    proto::Operation mint;
    *mint.add_effects()->mutable_mint()->mutable_item()->mutable_id() = uid_of({9, 1000 + i});
    ASSERT_EQ(player(2).mirror.apply(mint), Mirror::Guard::kOk);
  }
  const std::uint64_t at = agree_first(0, {kSword});
  EXPECT_EQ(confirm(2, 1, at), proto::FULL);
  EXPECT_NE(player(1).mirror.item(kSword), nullptr);
}

TEST_F(TradesTest, AFullPurseTakesNothing) {
  proto::Operation rich;
  rich.add_effects()->mutable_balance()->set_currency("gold");
  rich.mutable_effects(0)->mutable_balance()->set_delta(sample_.items.gold_max - 500);
  ASSERT_EQ(player(2).mirror.apply(rich), Mirror::Guard::kOk);
  const std::uint64_t at = agree_first(1);
  EXPECT_EQ(confirm(2, 1, at), proto::FULL);
  EXPECT_EQ(gold(1), 500);
}

TEST_F(TradesTest, WhoWalksAwayOrLosesItsSocketEndsIt) {
  ASSERT_NO_FATAL_FAILURE(sit());
  EXPECT_EQ(offer(1, 0, {kSword}), proto::OK);
  player(2).position = {20000, 20000};
  cluster_->run(milliseconds(300));
  EXPECT_EQ(last_word()->why(), proto::TOO_FAR);
  EXPECT_TRUE(player(1).mirror.item(kSword)->reserved.empty());
  player(2).position = player(1).position;

  ASSERT_NO_FATAL_FAILURE(sit());
  proto::SessionLost lost;
  lost.set_player_id(2);
  lost.set_session_id(20);
  cluster_->say(kGateway, lost);
  cluster_->run(milliseconds(300));
  EXPECT_EQ(last_word()->why(), proto::NOT_FOUND);
  player(2).session.linked = true;

  ASSERT_NO_FATAL_FAILURE(sit());
  player(1).hit_points = 0;
  cluster_->run(milliseconds(300));
  EXPECT_EQ(last_word()->why(), proto::WRONG_STATE);
  player(1).hit_points = 10;

  ASSERT_NO_FATAL_FAILURE(sit());
  EXPECT_EQ(cancel(2), proto::OK);
  EXPECT_EQ(last_word()->why(), proto::ABORTED);
  EXPECT_EQ(cancel(2), proto::NOT_FOUND);
}

TEST_F(TradesTest, WhoLeavesTheZoneEndsIt) {
  ASSERT_NO_FATAL_FAILURE(sit());
  EXPECT_EQ(offer(1, 0, {kSword}), proto::OK);
  proto::ChangeZoneRequest change;
  change.set_zone(lobby_->content().zone("town")->portals.at(0));
  EXPECT_EQ(ask<proto::ChangeZoneReply>(2, change)->code(), proto::OK);
  cluster_->run(milliseconds(300));
  EXPECT_EQ(last_word()->phase(), TradeTable::CLOSED);
  EXPECT_TRUE(player(1).mirror.item(kSword)->reserved.empty());
  EXPECT_EQ(offer(1, 10), proto::NOT_FOUND);
}

TEST_F(TradesTest, TheSwitchClosesIt) {
  ASSERT_NO_FATAL_FAILURE(sit());
  proto::SwitchesNotice notice;
  notice.add_switches()->set_name("trade");
  cluster_->say(kAgent, notice);
  cluster_->turn();
  EXPECT_EQ(offer(1, 10), proto::CLOSED);
  cluster_->run(milliseconds(300));
  EXPECT_EQ(invite(1, 2), proto::CLOSED);
}

// Beyond 30 s nothing is accepted but what has no value: walking, an echo. When the agent is back all goes on.
TEST_F(TradesTest, WhoCannotBeSavedIsLeftInPeaceAndRelieved) {
  bool answers = false;
  cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
      kAgent, [&answers](auto&, const auto& request) -> std::optional<proto::ApplyReply> {
        if (!answers) return std::nullopt;
        proto::ApplyReply saved;
        saved.set_saved_pseq(request.operations(request.operations_size() - 1).pseq());
        return saved;
      });
  sample::UseItemRequest use;
  use.set_creq(1);
  use.set_stack("potion");
  EXPECT_EQ(ask<sample::UseItemReply>(1, use)->code(), proto::OK);
  cluster_->run(seconds(32), milliseconds(100));
  cluster_->forget_sent();
  EXPECT_TRUE(player(1).stranded);
  sample::TradeInviteRequest invitation;
  invitation.set_player(2);
  client(1, invitation);
  const auto refused = told<proto::ErrorReply>();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->code(), proto::BUSY);
  EXPECT_EQ(ask<proto::EchoReply>(1, proto::Echo())->code(), proto::OK);
  answers = true;
  cluster_->run(seconds(8), milliseconds(100));
  EXPECT_FALSE(player(1).stranded);
  EXPECT_TRUE(player(1).window.empty());
  EXPECT_EQ(invite(1, 2), proto::OK);
}

TEST_F(TradesTest, WhileTheAgentIsSilentNobodyAgreesToAnything) {
  ASSERT_NO_FATAL_FAILURE(sit());
  EXPECT_EQ(offer(1, 10), proto::OK);
  lock_both();
  const std::uint64_t at = revision();
  cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
      kAgent, [](auto&, const auto&) { return std::optional<proto::ApplyReply>(); });
  sample::UseItemRequest use;
  use.set_creq(1);
  use.set_stack("potion");
  EXPECT_EQ(ask<sample::UseItemReply>(1, use)->code(), proto::OK);
  cluster_->run(seconds(6));
  EXPECT_EQ(confirm(1, 5, at), proto::BUSY);
  EXPECT_EQ(confirm(2, 5, at), proto::BUSY) << "its shard's agent is the same";
}

TEST_F(TradesTest, WhatLiesOnTheTableIsRefusedByEveryOtherFeature) {
  ASSERT_EQ(invite(1, 2), proto::OK);
  ASSERT_EQ(accept(2), proto::OK);
  ASSERT_EQ(offer(1, 0, {kSword}), proto::OK);
  applied_.clear();
  sample::MailSendRequest mail;
  mail.set_creq(101);
  mail.set_to_name("P3");
  mail.set_text("take it");
  *mail.add_items() = uid_of(kSword);
  EXPECT_EQ((code<sample::MailSendReply>(1, mail)), proto::BUSY);
  sample::AuctionListRequest auction;
  auction.set_creq(102);
  *auction.mutable_item() = uid_of(kSword);
  auction.set_price(10);
  auction.set_duration_s(60);
  EXPECT_EQ((code<sample::AuctionListReply>(1, auction)), proto::BUSY);
  sample::UseItemRequest use;
  use.set_creq(103);
  *use.mutable_item() = uid_of(kSword);
  EXPECT_NE((code<sample::UseItemReply>(1, use)), proto::OK);
  cluster_->run(milliseconds(100));
  for (const auto& operation : applied_)
    for (const auto& effect : operation.effects()) EXPECT_FALSE(effect.has_burn() || effect.has_send());
  EXPECT_NE(player(1).mirror.item(kSword), nullptr);
  sample::TradeInviteRequest second;
  second.set_player(3);
  EXPECT_EQ((code<sample::TradeInviteReply>(1, second)), proto::WRONG_STATE) << "one table at a time";
}

}  // namespace
}  // namespace dure::test

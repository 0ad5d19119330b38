#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

class ShopsTest : public LobbyTest {
 protected:
  ShopsTest() {
    hints_[1].set_zone("town");
    hints_[1].set_x_cm(12800);
    hints_[1].set_y_cm(13000);
    EXPECT_EQ(admit(1).code(), proto::OK);
    cluster_->run(milliseconds(100));
    cluster_->forget_sent();
  }
  sample::BuyRequest buy(std::uint64_t creq, const std::string& what, std::uint32_t count, const std::string& npc) {
    sample::BuyRequest request;
    request.set_creq(creq);
    request.set_npc(npc);
    request.set_template_(what);
    request.set_count(count);
    return request;
  }
  proto::Code try_buy(std::uint64_t creq, const std::string& what, std::uint32_t count,
                      const std::string& npc = "Mira") {
    return ask<sample::BuyReply>(1, buy(creq, what, count, npc))->code();
  }
};

TEST_F(ShopsTest, AFreshCharacterHasTheStarterKitOnce) {
  EXPECT_EQ(player(1).mirror.balance("gold"), 500);
  EXPECT_EQ(player(1).mirror.balance("potion"), 3);
  EXPECT_EQ(player(1).hit_points, player(1).hit_points_max);
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(applied_[0].reason(), "starter");
  admit(1);
  cluster_->run(milliseconds(100));
  EXPECT_EQ(player(1).mirror.balance("gold"), 500);
}

TEST_F(ShopsTest, APurchaseIsAppliedAtOnceAndSavedAfterwards) {
  const auto reply = ask<sample::BuyReply>(1, buy(5, "potion", 2, "Mira"));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->code(), proto::OK);
  EXPECT_EQ(reply->creq(), 5u);
  ASSERT_EQ(reply->touched().balances_size(), 2);
  EXPECT_EQ(reply->touched().balances(0).name(), "gold");
  EXPECT_EQ(reply->touched().balances(0).value(), 450);
  EXPECT_EQ(reply->touched().balances(1).value(), 5);
  cluster_->run(milliseconds(50));
  ASSERT_EQ(applied_.size(), 2u);
  EXPECT_EQ(applied_[1].reason(), "shop.buy");
  EXPECT_EQ(applied_[1].creq(), 5u);
  const auto saved = told<proto::SavedNotice>();
  ASSERT_TRUE(saved.has_value());
  EXPECT_EQ(saved->creq(), 5u);
}

TEST_F(ShopsTest, NothingIsSaidToBeSavedBeforeTheDatabaseSaysSo) {
  database_saves_ = false;
  EXPECT_EQ(try_buy(5, "potion", 1), proto::OK);
  cluster_->run(seconds(1));
  EXPECT_FALSE(told<proto::SavedNotice>().has_value());
}

TEST_F(ShopsTest, TheSameRequestAgainHasTheSameAnswerAndNoSecondEffect) {
  const auto first = ask<sample::BuyReply>(1, buy(5, "potion", 2, "Mira"));
  const auto second = ask<sample::BuyReply>(1, buy(5, "potion", 2, "Mira"));
  EXPECT_EQ(first->SerializeAsString(), second->SerializeAsString());
  EXPECT_EQ(player(1).mirror.balance("gold"), 450);
  EXPECT_EQ(try_buy(5, "potion", 3), proto::CONFLICT);
  EXPECT_EQ(try_buy(4, "potion", 1), proto::SUPERSEDED);
  EXPECT_EQ(player(1).mirror.balance("gold"), 450);
}

TEST_F(ShopsTest, ItemsComeWithIdsAndAreSoldByThem) {
  player(1).position = {14000, 12400};
  const auto bought = ask<sample::BuyReply>(1, buy(1, "rusty_sword", 2, "Borun"));
  ASSERT_EQ(bought->code(), proto::OK);
  ASSERT_EQ(bought->touched().items_added_size(), 2);
  EXPECT_EQ(bought->touched().balances(0).value(), 380);
  sample::SellRequest sell;
  sell.set_creq(2);
  sell.set_npc("Borun");
  *sell.mutable_item() = bought->touched().items_added(0).id();
  sell.set_count(1);
  const auto sold = ask<sample::SellReply>(1, sell);
  ASSERT_EQ(sold->code(), proto::OK);
  EXPECT_EQ(sold->touched().items_removed_size(), 1);
  EXPECT_EQ(sold->touched().balances(0).value(), 395);
  sell.set_creq(3);
  EXPECT_EQ(ask<sample::SellReply>(1, sell)->code(), proto::NOT_FOUND) << "it is gone";
}

TEST_F(ShopsTest, NonsenseIsRefusedAndChangesNothing) {
  std::uint64_t creq = 0;
  EXPECT_EQ(try_buy(++creq, "potion", 0), proto::INVALID);
  EXPECT_EQ(try_buy(++creq, "potion", 100), proto::INVALID);
  EXPECT_EQ(try_buy(++creq, "potion", 4294967295u), proto::INVALID);
  EXPECT_EQ(try_buy(++creq, "moon", 1), proto::NOT_FOUND);
  EXPECT_EQ(try_buy(++creq, "iron_sword", 1), proto::NOT_FOUND) << "Mira sells none";
  EXPECT_EQ(try_buy(++creq, "potion", 1, "Nobody"), proto::NOT_FOUND);
  EXPECT_EQ(try_buy(++creq, "potion", 99), proto::NOT_ENOUGH);
  EXPECT_EQ(try_buy(0, "potion", 1), proto::INVALID) << "without a number";
  EXPECT_EQ(player(1).mirror.balance("gold"), 500);
  EXPECT_EQ(player(1).mirror.balance("potion"), 3);
}

TEST_F(ShopsTest, OneMustStandNear) {
  player(1).position = {100, 100};
  EXPECT_EQ(try_buy(1, "potion", 1), proto::TOO_FAR);
  sample::ShopListRequest list;
  list.set_npc("Mira");
  EXPECT_EQ(ask<sample::ShopListReply>(1, list)->code(), proto::TOO_FAR);
}

TEST_F(ShopsTest, TheSwitchClosesTheShop) {
  proto::SwitchesNotice notice;
  auto* off = notice.add_switches();
  off->set_name("shop");
  off->set_on(false);
  cluster_->say(kAgent, notice);
  cluster_->turn();
  EXPECT_EQ(try_buy(1, "potion", 1), proto::CLOSED);
}

TEST_F(ShopsTest, AReasonThatIsSwitchedOffIsClosedAndTheOthersAreNot) {
  proto::SwitchesNotice notice;
  auto* off = notice.add_switches();
  off->set_name("reason:shop.buy");
  off->set_on(false);
  cluster_->say(kAgent, notice);
  cluster_->turn();
  EXPECT_EQ(try_buy(1, "potion", 1), proto::CLOSED);
  EXPECT_EQ(player(1).mirror.balance("gold"), 500);
  off->set_on(true);
  cluster_->say(kAgent, notice);
  cluster_->turn();
  EXPECT_EQ(try_buy(2, "potion", 1), proto::OK);
}

TEST_F(ShopsTest, TheListHasWhatIsSoldAndWhatIsTaken) {
  sample::ShopListRequest list;
  list.set_npc("Mira");
  const auto reply = ask<sample::ShopListReply>(1, list);
  ASSERT_EQ(reply->code(), proto::OK);
  std::map<std::string, sample::ShopOffer> offers;
  for (const auto& offer : reply->offers()) offers[offer.template_()] = offer;
  EXPECT_EQ(offers.at("potion").buy_price(), 25);
  EXPECT_TRUE(offers.at("potion").stack());
  EXPECT_EQ(offers.at("iron_sword").buy_price(), 0);
  EXPECT_GT(offers.at("iron_sword").sell_price(), 0);
}

TEST_F(ShopsTest, APotionHealsAndIsGone) {
  player(1).hit_points = 50;
  sample::UseItemRequest use;
  use.set_creq(1);
  use.set_stack("potion");
  const auto reply = ask<sample::UseItemReply>(1, use);
  ASSERT_EQ(reply->code(), proto::OK);
  EXPECT_EQ(reply->hit_points(), 90u);
  EXPECT_EQ(player(1).mirror.balance("potion"), 2);
}

TEST_F(ShopsTest, NothingIsFoughtInAZone) {
  EXPECT_EQ(ask<sample::AttackReply>(1, sample::AttackRequest())->code(), proto::WRONG_STATE);
  EXPECT_EQ(ask<sample::SkillReply>(1, sample::SkillRequest())->code(), proto::WRONG_STATE);
}

}  // namespace
}  // namespace dure::test

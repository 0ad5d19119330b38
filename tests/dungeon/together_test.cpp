// Parties and trades in a run.
#include "common/proto/client_frame.h"
#include "tests/dungeon/rewards_fixture.h"

namespace dure::test {
namespace {

class TogetherTest : public RewardsTest {
 protected:
  void party(std::vector<std::uint64_t> members) {
    for (const auto member : members) {
      proto::PartyHeld held;
      held.set_player_id(member);
      held.mutable_party()->set_party(7);
      held.mutable_party()->set_version(1);
      for (const auto other : members) held.mutable_party()->add_members()->set_player(other);
      cluster_->say(kGeneral, held);  // behind the player, from its owner before
    }
    cluster_->turn();
  }
  proto::Code invite(std::uint64_t host, std::uint64_t guest) {
    sample::TradeInviteRequest request;
    request.set_player(guest);
    cluster_->forget_sent();
    client(host, request);
    const auto reply = cluster_->take<sample::TradeInviteReply>(kGateway);
    return reply ? reply->second.code() : proto::INTERNAL;
  }
};

TEST_F(TogetherTest, APartySharesItsLootAmongItselfAndTheOthersAmongThemselves) {
  content_.runs.runs.at("cellar").loot = sample::Split::kRoll;
  open(77, {1, 2, 3});
  party({1, 2});
  ASSERT_TRUE(dungeon_->parties().together(PlayerId(1), PlayerId(2)));
  cluster_->forget_sent();
  fight(1);
  cluster_->run(milliseconds(200));
  std::optional<sample::LootRolled> rolled;
  for (const auto& sent : cluster_->sent(kGateway)) {
    proto::Publish publish;
    if (sent.header.message_id != route_id(proto::Publish::descriptor()) || !publish.ParseFromString(sent.body))
      continue;
    sample::LootRolled one;
    const FrameCut cut = cut_frame(publish.frame(), 1 << 20);
    if (cut.state == FrameState::kWhole && cut.frame.message_id == route_id(sample::LootRolled::descriptor()) &&
        one.ParseFromString(std::string(cut.frame.body)))
      rolled = one;
  }
  ASSERT_TRUE(rolled);
  ASSERT_EQ(rolled->rolls_size(), 2);
  EXPECT_EQ(rolled->rolls(0).player() + rolled->rolls(1).player(), 3u);
  ASSERT_EQ(applied("loot").size(), 1u);
  EXPECT_TRUE(dungeon_->find(PlayerId(3))->mirror.items().empty());
}

TEST_F(TogetherTest, TwoInOneRunTradeAndAcrossRunsTheyDoNot) {
  open(77, {1, 2});
  open(78, {3});
  cluster_->run(milliseconds(100));
  EXPECT_EQ(invite(1, 1), proto::INVALID);
  EXPECT_EQ(invite(1, 3), proto::NOT_FOUND) << "another instance, in this very process";
  EXPECT_EQ(invite(1, 99), proto::NOT_FOUND);
  dungeon_->find(PlayerId(2))->position = {100, 6000};
  EXPECT_EQ(invite(1, 2), proto::TOO_FAR);
  dungeon_->find(PlayerId(2))->position = dungeon_->find(PlayerId(1))->position;
  ASSERT_EQ(invite(1, 2), proto::OK);
  // Whoever leaves the run ends it.
  cluster_->forget_sent();
  client(2, proto::LeaveInstanceRequest());
  cluster_->run(milliseconds(300));
  std::optional<sample::TradeTable> last;
  while (auto table = cluster_->take<sample::TradeTable>(kGateway)) last = table->second;
  ASSERT_TRUE(last);
  EXPECT_EQ(last->phase(), sample::TradeTable::CLOSED);
}

TEST_F(TogetherTest, TwoInOneRunTradeAsInAZone) {
  auto* gold = rows_[1].add_balances();
  gold->set_name("gold");
  gold->set_value(50);
  auto* sword = rows_[2].add_items();
  sword->mutable_id()->set_low(9);
  sword->set_template_("sword");
  sword->set_version(1);
  open(77, {1, 2});
  cluster_->run(milliseconds(100));
  dungeon_->find(PlayerId(2))->position = dungeon_->find(PlayerId(1))->position;
  ASSERT_EQ(invite(1, 2), proto::OK);
  std::optional<sample::TradeTable> table;
  const auto look = [&] {
    while (auto told = cluster_->take<sample::TradeTable>(kGateway)) table = told->second;
  };
  sample::TradeAnswerRequest accept;
  accept.set_table(1);
  accept.set_accept(true);
  client(2, accept);
  sample::TradeOfferRequest pay, give;
  pay.set_table(1);
  pay.add_amounts()->set_name("gold");
  pay.mutable_amounts(0)->set_value(20);
  give.set_table(1);
  give.add_items()->set_low(9);
  client(1, pay);
  client(2, give);
  look();
  ASSERT_TRUE(table);
  for (const std::uint64_t player : {1, 2}) {
    sample::TradeLockRequest lock;
    lock.set_table(1);
    lock.set_revision(table->revision());
    client(player, lock);
  }
  look();
  for (const std::uint64_t player : {1, 2}) {
    sample::TradeConfirmRequest confirm;
    confirm.set_creq(1);
    confirm.set_table(1);
    confirm.set_revision(table->revision());
    client(player, confirm);
  }
  cluster_->run(milliseconds(100));
  look();
  EXPECT_EQ(table->phase(), sample::TradeTable::SETTLING);
  EXPECT_EQ(dungeon_->find(PlayerId(1))->mirror.balance("gold"), 30);
  EXPECT_TRUE(dungeon_->find(PlayerId(2))->mirror.items().empty());
  const auto legs = applied("trade");
  ASSERT_EQ(legs.size(), 2u);
  EXPECT_EQ(legs[0].trade().terms().SerializeAsString(), legs[1].trade().terms().SerializeAsString());
}

TEST_F(TogetherTest, InARunWhoIsBlockedIsNotTradedWith) {
  counter(2, "block:01", 1);
  open(77, {1, 2});
  cluster_->run(milliseconds(100));
  dungeon_->find(PlayerId(2))->position = dungeon_->find(PlayerId(1))->position;
  EXPECT_EQ(invite(1, 2), proto::REFUSED);
}

}  // namespace
}  // namespace dure::test

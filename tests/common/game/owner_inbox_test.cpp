// What an owner makes of the inboxes of its players when there is no room, or somebody goes meanwhile.
#include "tests/common/game/owner_fixture.h"

namespace dure {
namespace {

const ItemId kSword{1, 2}, kShield{1, 3};

OwnerNode::Options small_bags() {
  OwnerNode::Options options;
  options.items_max = 1;
  return options;
}

class OwnerInboxTest : public test::OwnerTest {
 protected:
  OwnerInboxTest() : OwnerTest(small_bags()) {}
  // That message, with ten pieces of gold and perhaps an item, is in everybody's inbox once somebody looks.
  void deliver(std::uint64_t player_id, std::uint64_t message, const ItemId& item = {}) {
    on_inbox_ = [message, item] {
      proto::InboxReply reply;
      auto* entry = reply.add_entries();
      entry->set_message_id(message);
      entry->set_reason("gift");
      auto* gold = entry->add_balances();
      gold->set_name("gold");
      gold->set_value(10);
      if (item) *entry->add_items()->mutable_id() = uid_of(item);
      return reply;
    };
    proto::InboxNotice notice;
    notice.set_player_id(player_id);
    cluster_->say(kAgent, notice);
    cluster_->turn();
  }
  void lose(std::uint64_t id, const ItemId& item) {
    proto::Operation operation;
    operation.set_reason("drop");
    auto* burn = operation.add_effects()->mutable_burn();
    *burn->mutable_item() = uid_of(item);
    burn->set_version(1);
    now_do([&] { ASSERT_EQ(inn_->commit(player(id), operation, {}), Mirror::Guard::kOk); });
  }
};

TEST_F(OwnerInboxTest, AnItemWaitsForRoomInTheBag) {
  deliver(1, 7, kSword);
  ASSERT_NE(player(1).mirror.item(kSword), nullptr);
  deliver(1, 8, kShield);
  cluster_->run(seconds(3));
  EXPECT_EQ(player(1).mirror.item(kShield), nullptr);
  EXPECT_EQ(player(1).mirror.balance("gold"), 10) << "what came with it waits, too";
  EXPECT_EQ(player(1).mirror.inbox().size(), 1u);
  lose(1, kSword);
  cluster_->run(seconds(3));
  EXPECT_NE(player(1).mirror.item(kShield), nullptr);
  EXPECT_EQ(player(1).mirror.balance("gold"), 20);
}

TEST_F(OwnerInboxTest, OfWhatFindsNoRoomAClientIsToldTheFirstAndCanComeIn) {
  deliver(1, 7, kSword);
  on_inbox_ = [] {
    proto::InboxReply reply;
    for (std::uint64_t letter = 100; letter < 1100; ++letter) {
      auto* entry = reply.add_entries();
      entry->set_message_id(letter);
      entry->set_memo(std::string(160, 'x'));
      *entry->add_items()->mutable_id() = uid_of({1, letter});
    }
    return reply;
  };
  proto::InboxNotice notice;
  notice.set_player_id(1);
  cluster_->say(kAgent, notice);
  cluster_->turn();
  ASSERT_EQ(player(1).mirror.inbox().size(), 1000u);
  cluster_->forget_sent();
  cluster_->ask(kGateway, attach_of(kGateway, 2));
  cluster_->turn();
  const auto state = cluster_->take<proto::PlayerState>(kGateway);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->second.aggregate().inbox_size(), 50);
  EXPECT_LT(state->second.ByteSizeLong(), 64u * 1024);
}

TEST_F(OwnerInboxTest, WhatIsUsedUpBeforeItsClaimIsSavedIsNotToldAsHad) {
  saves_ = false;
  deliver(1, 7, kSword);
  on_inbox_ = {};
  lose(1, kSword);
  EXPECT_FALSE(cluster_->take<proto::AggregateChanged>(kGateway));
  saves_ = true;
  cluster_->run(seconds(7));
  const auto told = cluster_->take<proto::AggregateChanged>(kGateway);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->second.aggregate().items_size(), 0);
  ASSERT_EQ(told->second.aggregate().balances_size(), 1);
  EXPECT_EQ(told->second.aggregate().balances(0).value(), 10);
}

TEST_F(OwnerInboxTest, WhoIsKickedByTheFirstThatHearsOfAClaimIsNotToldToTheNext) {
  std::vector<std::string> heard;
  inn_->on_claimed([&](Player& whose, const proto::InboxEntry&) {
    heard.push_back("first");
    if (whose.id == PlayerId(1)) inn_->kick(whose, proto::NOT_ALLOWED, "a test");
  });
  inn_->on_claimed([&](Player&, const proto::InboxEntry&) { heard.push_back("second"); });
  deliver(1, 7);
  EXPECT_EQ(heard, (std::vector<std::string>{"first"}));
  EXPECT_FALSE(here(1));
  heard.clear();
  deliver(2, 8);
  EXPECT_EQ(heard, (std::vector<std::string>{"first", "second"}));
}

TEST_F(OwnerInboxTest, WhoGoesWhileItsShardIsSoughtIsNotAskedForAgain) {
  cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(
      kAgent, [](auto&, auto&) -> std::optional<proto::PlayerLocateReply> { return std::nullopt; });
  inbox_asked_ = 0;
  on_inbox_ = [] {
    proto::InboxReply elsewhere;
    elsewhere.set_code(proto::WRONG_SHARD);
    return elsewhere;
  };
  proto::InboxNotice notice;
  notice.set_player_id(1);
  cluster_->say(kAgent, notice);
  cluster_->turn();
  const auto asked = cluster_->take<proto::PlayerLocate>(kAgent);
  ASSERT_TRUE(asked);
  kick(1);
  cluster_->answer(kAgent, asked->first, proto::PlayerLocateReply());
  cluster_->run(seconds(3));
  EXPECT_EQ(inbox_asked_, 1);
  EXPECT_TRUE(here(2));
}

}  // namespace
}  // namespace dure

// Whom one does not want to hear: saved with the character, told to the chat, and refused by trades and mail.
#include "common/game/blocks.h"
#include "common/game/sample/block.pb.h"
#include "common/game/sample/block_list.h"
#include "common/proto/chat.pb.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

const NodeId kChat(Role::kChat, 1);

class BlockTest : public LobbyTest {
 protected:
  BlockTest() {
    cluster_->up(kChat);
    cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(kAgent, [this](auto&, const auto& query) {
      proto::PlayerLocateReply reply;
      const std::uint64_t id = query.player_id() != 0        ? query.player_id()
                               : query.name().front() == 'P' ? std::stoull(query.name().substr(1))
                                                             : 0;
      reply.set_player_id(id);
      reply.set_name("P" + std::to_string(id));
      const bool gone = gone_.count(id) != 0 && !query.any_state();
      if (id == 0 || gone) reply.set_code(proto::NO_SUCH);
      return reply;
    });
    for (const std::uint64_t id : {1, 2}) {
      proto::Admit request;
      request.set_zone("town");
      request.set_channel(1);
      EXPECT_EQ(admit(id, request).code(), proto::OK);
      player(id).position = {12800, 13000};
    }
    cluster_->run(milliseconds(100));
    cluster_->forget_sent();
    applied_.clear();
  }
  proto::Code block(std::uint64_t id, const std::string& name, bool unblock = false) {
    sample::BlockRequest request;
    request.set_creq(++creq_);
    request.set_name(name);
    request.set_unblock(unblock);
    client(id, request);
    cluster_->turn();
    const auto reply = told<sample::BlockReply>();
    return reply ? reply->code() : proto::INTERNAL;
  }
  proto::Code mail(std::uint64_t from, const std::string& to) {
    sample::MailSendRequest request;
    request.set_creq(++creq_);
    request.set_to_name(to);
    request.set_text("hello");
    client(from, request);
    cluster_->turn();
    const auto reply = told<sample::MailSendReply>();
    return reply ? reply->code() : proto::INTERNAL;
  }
  std::uint64_t creq_ = 0;
  std::set<std::uint64_t> gone_;  // was purged
};

TEST_F(BlockTest, ABlockIsSavedWithTheCharacterAndTheChatHearsOfIt) {
  ASSERT_EQ(block(2, "P1"), proto::OK);
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(applied_[0].reason(), "block");
  EXPECT_EQ(applied_[0].effects(0).count().counter(), "block:01");
  EXPECT_TRUE(blocks(player(2).mirror, PlayerId(1)));
  const auto presence = cluster_->take<proto::Presence>(kChat);
  ASSERT_TRUE(presence);
  ASSERT_EQ(presence->second.blocked_size(), 1);
  EXPECT_EQ(presence->second.blocked(0), 1u);
  EXPECT_EQ(block(2, "P1"), proto::WRONG_STATE) << "twice is once";
  ASSERT_EQ(block(2, "P1", true), proto::OK);
  EXPECT_FALSE(blocks(player(2).mirror, PlayerId(1)));
  EXPECT_EQ(cluster_->take<proto::Presence>(kChat)->second.blocked_size(), 0);
  EXPECT_EQ(block(2, "P1", true), proto::WRONG_STATE);
}

TEST_F(BlockTest, NonsenseIsRefused) {
  EXPECT_EQ(block(2, "P2"), proto::INVALID) << "oneself";
  EXPECT_EQ(block(2, "Nobody"), proto::NOT_FOUND);
  EXPECT_EQ(block(2, std::string(5000, 'x')), proto::NOT_FOUND);
  EXPECT_TRUE(applied_.empty());
}

TEST_F(BlockTest, TheListHasFiftySlotsAndUsesThemAgain) {
  for (int other = 100; other < 100 + kBlocksMost; ++other) ASSERT_EQ(block(2, "P" + std::to_string(other)), proto::OK);
  EXPECT_EQ(block(2, "P1"), proto::FULL);
  ASSERT_EQ(block(2, "P120", true), proto::OK);
  ASSERT_EQ(block(2, "P1"), proto::OK);
  EXPECT_EQ(blocked_by(player(2).mirror).size(), static_cast<std::size_t>(kBlocksMost));
  client(2, sample::BlockListRequest());
  cluster_->turn();
  const auto list = told<sample::BlockListReply>();
  ASSERT_TRUE(list);
  ASSERT_EQ(list->players_size(), kBlocksMost);
  EXPECT_EQ(list->players(20).player(), 1u);
  EXPECT_EQ(list->players(20).name(), "P1");
}

TEST_F(BlockTest, ABlockOnWhoIsNoMoreIsLifted) {
  ASSERT_EQ(block(2, "P77"), proto::OK);
  gone_.insert(77);
  EXPECT_EQ(block(2, "P77"), proto::NOT_FOUND) << "nobody of that name is blocked any more";
  EXPECT_EQ(block(2, "P77", true), proto::OK);
  EXPECT_TRUE(blocked_by(player(2).mirror).empty());
}

TEST_F(BlockTest, WhoIsBlockedIsNotTradedWith) {
  ASSERT_EQ(block(2, "P1"), proto::OK);
  sample::TradeInviteRequest invite;
  invite.set_player(2);
  EXPECT_EQ((ask<sample::TradeInviteReply>(1, invite))->code(), proto::REFUSED);
  invite.set_player(1);
  EXPECT_EQ((ask<sample::TradeInviteReply>(2, invite))->code(), proto::OK) << "the one who blocked may ask";
}

TEST_F(BlockTest, WhoIsBlockedSendsNoMailWhetherTheReceiverPlaysOrNot) {
  player(1).mirror = [] {
    Mirror rich;
    proto::Aggregate aggregate;
    auto* gold = aggregate.add_balances();
    gold->set_name("gold");
    gold->set_value(1000);
    rich.load(aggregate);
    return rich;
  }();
  ASSERT_EQ(mail(1, "P2"), proto::OK);
  ASSERT_EQ(block(2, "P1"), proto::OK);
  applied_.clear();
  EXPECT_EQ(mail(1, "P2"), proto::REFUSED);
  EXPECT_TRUE(applied_.empty()) << "and nothing is taken for it";
  cluster_->answers<proto::OwnerQuery, proto::AcquireReply>(kAgent, [](auto&, const auto& query) {
    proto::AcquireReply row;
    row.set_code(proto::EXPECTED_OTHER);
    EXPECT_EQ(query.counters(), "block:");
    auto* one = row.mutable_aggregate()->add_counters();
    one->set_name("block:03");
    one->set_value(query.player_id() == 77 ? 1 : 9);
    return row;
  });
  EXPECT_EQ(mail(1, "P77"), proto::REFUSED) << "who is offline has blocked it";
  EXPECT_EQ(mail(1, "P78"), proto::OK);
}

}  // namespace
}  // namespace dure::test

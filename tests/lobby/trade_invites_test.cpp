// Who may invite whom to a trade, and how an invitation ends.
#include "tests/lobby/trades_fixture.h"

namespace dure::test {
namespace {

TEST_F(TradesTest, OnlyWhoStandsNearIsInvited) {
  EXPECT_EQ(invite(1, 1), proto::INVALID);
  EXPECT_EQ(invite(1, 99), proto::NOT_FOUND);
  player(2).position = {20000, 20000};
  EXPECT_EQ(invite(1, 2), proto::TOO_FAR);
  player(2).position = player(1).position;
  player(2).hit_points = 0;
  EXPECT_EQ(invite(1, 2), proto::WRONG_STATE);
  player(2).hit_points = 10;
  player(2).session.linked = false;
  EXPECT_EQ(invite(1, 2), proto::NOT_FOUND);
  player(2).session.linked = true;
  EXPECT_EQ(invite(1, 2), proto::OK);
  EXPECT_EQ(invite(1, 3), proto::WRONG_STATE) << "one table at a time";
  EXPECT_EQ(accept(1), proto::WRONG_STATE) << "the host has invited";
  EXPECT_EQ(accept(3), proto::NOT_FOUND) << "another's table";
  EXPECT_EQ(accept(2, false), proto::OK);
  EXPECT_EQ(last_word()->why(), proto::REFUSED);
  EXPECT_EQ(invite(3, 2), proto::OK);
}

TEST_F(TradesTest, WhoIsOnlyInvitedMayInviteAndBeInvitedByOthers) {
  ASSERT_EQ(invite(1, 2), proto::OK);
  const std::uint64_t first = table_;
  EXPECT_EQ(invite(3, 2), proto::OK);
  EXPECT_EQ(accept(2), proto::OK);
  const std::uint64_t taken = table_;
  cluster_->turn();
  table_ = first;
  EXPECT_EQ(accept(2), proto::NOT_FOUND) << "it sits elsewhere";
  EXPECT_EQ(invite(1, 2), proto::BUSY);
  table_ = taken;
  EXPECT_EQ(offer(2, 10), proto::OK) << "the end of what was declined took no seat away";
  EXPECT_EQ(cancel(2), proto::OK);
  cluster_->run(seconds(6));
  ASSERT_EQ(invite(1, 2), proto::OK);
  const std::uint64_t second = table_;
  EXPECT_EQ(invite(2, 3), proto::OK);
  table_ = second;
  EXPECT_EQ(accept(2), proto::NOT_FOUND);
}

TEST_F(TradesTest, WhoDidNotAcceptIsLeftInPeaceForSomeSeconds) {
  ASSERT_EQ(invite(1, 2), proto::OK);
  ASSERT_EQ(accept(2, false), proto::OK);
  EXPECT_EQ(invite(1, 2), proto::TOO_FAST);
  EXPECT_EQ(invite(1, 3), proto::OK) << "another guest";
  EXPECT_EQ(cancel(1), proto::OK);
  EXPECT_EQ(invite(1, 3), proto::TOO_FAST);
  EXPECT_EQ(invite(2, 1), proto::OK) << "another host";
  EXPECT_EQ(cancel(1), proto::OK);
  cluster_->run(seconds(6));
  EXPECT_EQ(invite(1, 2), proto::OK);
}

TEST_F(TradesTest, WhoLeavesIsInvitedNoMore) {
  ASSERT_EQ(invite(1, 2), proto::OK);
  proto::ChangeZoneRequest change;
  change.set_zone(lobby_->content().zone("town")->portals.at(0));
  EXPECT_EQ(ask<proto::ChangeZoneReply>(2, change)->code(), proto::OK);
  EXPECT_EQ(invite(1, 3), proto::OK) << "its host sits there no more";
}

TEST_F(TradesTest, AnotherPlaceIsAnotherPlace) {
  proto::Admit elsewhere;
  elsewhere.set_zone("town");
  elsewhere.set_channel(2);
  EXPECT_EQ(admit(4, elsewhere).code(), proto::OK);
  player(4).position = player(1).position;
  EXPECT_EQ(invite(1, 4), proto::NOT_FOUND);
}

TEST_F(TradesTest, AnInvitationEndsByItself) {
  EXPECT_EQ(invite(1, 2), proto::OK);
  cluster_->run(seconds(31), milliseconds(200));
  EXPECT_EQ(accept(2), proto::NOT_FOUND);
  EXPECT_EQ(invite(3, 2), proto::OK);
}

TEST_F(TradesTest, WhoTradesDoesNotQueueButWhoIsOnlyInvitedMay) {
  proto::QueueRequest request;
  request.set_dungeon("cellar");
  ASSERT_EQ(invite(1, 2), proto::OK);
  EXPECT_EQ(code<proto::QueueReply>(2, request), proto::OK) << "anybody may invite anybody";
  request.set_leave(true);
  EXPECT_EQ(code<proto::QueueReply>(2, request), proto::OK);
  request.clear_leave();
  ASSERT_EQ(accept(2), proto::OK);
  EXPECT_EQ(code<proto::QueueReply>(2, request), proto::BUSY);
}

}  // namespace
}  // namespace dure::test

// Parties in the queue: the leader asks for all; who is in the way is named; whoever leaves or is lost takes the party
// out.
#include "common/proto/chat.pb.h"
#include "common/proto/dungeon.pb.h"
#include "common/proto/party.pb.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

const NodeId kChat(Role::kChat, 1);

class PartyQueueTest : public LobbyTest {
 protected:
  PartyQueueTest() {
    cluster_->up(kChat);
    cluster_->up(kDungeon);
    cluster_->answers<proto::OpenInstance, proto::OpenInstanceReply>(kDungeon, [this](auto&, const auto& open) {
      opened_.push_back(open);
      return proto::OpenInstanceReply();
    });
    cluster_->answers<proto::Admit, proto::AdmitReply>(kDungeon, [this](auto&, const auto& request) {
      admitted_.push_back(request);
      proto::AdmitReply reply;
      reply.set_owner(kDungeon.value);
      return reply;
    });
  }
  // The chat's word to this owner.
  void held(std::uint64_t player, std::vector<std::uint64_t> members, std::uint64_t version = 1) {
    proto::PartyHeld held;
    held.set_player_id(player);
    held.mutable_party()->set_party(7);
    held.mutable_party()->set_version(version);
    if (!members.empty()) held.mutable_party()->set_leader(members.front());
    for (const auto member : members) held.mutable_party()->add_members()->set_player(member);
    cluster_->say(kChat, held);
    cluster_->turn();
  }
  void party(const std::vector<std::uint64_t>& members) {
    for (const auto member : members)
      if (lobby_->find(PlayerId(member)) != nullptr) held(member, members);
  }
  void come(std::uint64_t from, std::uint64_t to) {
    proto::Admit here;
    here.set_zone("town");
    here.set_channel(1);
    for (; from <= to; ++from) ASSERT_EQ(admit(from, here).code(), proto::OK);
  }
  proto::Code queue(std::uint64_t player, bool leave = false) {
    proto::QueueRequest request;
    request.set_dungeon("cellar");
    request.set_leave(leave);
    client(player, request);
    cluster_->turn();
    const auto reply = told<proto::QueueReply>();
    return reply ? reply->code() : proto::INTERNAL;
  }
  // Another general has these of the party.
  void others(std::map<std::uint64_t, proto::Code> there) {
    if (!lobby_->peer_up(kOther)) cluster_->up(kOther);
    cluster_->answers<proto::PartyMuster, proto::PartyMusterReply>(kOther, [there](auto&, const auto&) {
      proto::PartyMusterReply reply;
      for (const auto& [player, code] : there) {
        auto* here = reply.add_here();
        here->set_player_id(player);
        here->set_code(code);
        here->set_player_epoch(3);
      }
      return reply;
    });
  }
  std::map<std::uint64_t, proto::Code> hindrances() {
    std::map<std::uint64_t, proto::Code> all;
    if (const auto notice = told<proto::PartyQueueNotice>())
      for (const auto& one : notice->hindrances()) all[one.player_id()] = one.code();
    return all;
  }
  std::vector<proto::OpenInstance> opened_;
  std::vector<proto::Admit> admitted_;
};

using Hindrances = std::map<std::uint64_t, proto::Code>;

TEST_F(PartyQueueTest, TheLeaderQueuesAndAllGoIntoTheSameRunFilledUpWithOthers) {
  come(1, 4);
  party({1, 2});
  ASSERT_EQ(queue(3), proto::OK);
  ASSERT_EQ(queue(1), proto::OK);
  EXPECT_EQ(told<proto::PartyQueueNotice>()->code(), proto::OK);
  EXPECT_EQ(told<proto::PartyQueueNotice>()->code(), proto::OK) << "each is told";
  EXPECT_EQ(lobby_->queue_waiting(), 3u);
  ASSERT_EQ(queue(4), proto::OK);
  cluster_->run(milliseconds(300));
  ASSERT_EQ(opened_.size(), 1u);
  EXPECT_EQ(opened_[0].players_size(), 4);
  ASSERT_EQ(admitted_.size(), 4u);
  // The value follows each member to the dungeon.
  const auto one = cluster_->take<proto::PartyHeld>(kDungeon), other = cluster_->take<proto::PartyHeld>(kDungeon);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->second.player_id() + other->second.player_id(), 3u);
  EXPECT_EQ(one->second.party().members_size(), 2);
  EXPECT_FALSE(cluster_->take<proto::PartyHeld>(kDungeon));
}

TEST_F(PartyQueueTest, WithNobodyToFillUpItGoesAfterThreeSeconds) {
  come(1, 2);
  party({1, 2});
  ASSERT_EQ(queue(1), proto::OK);
  cluster_->run(milliseconds(2500));
  EXPECT_TRUE(opened_.empty());
  cluster_->run(seconds(1));
  ASSERT_EQ(opened_.size(), 1u);
  EXPECT_EQ(opened_[0].players_size(), 2);
}

TEST_F(PartyQueueTest, OnlyTheLeaderAsksAndOnlyForThoseWhoFit) {
  come(1, 5);
  party({1, 2});
  EXPECT_EQ(queue(2), proto::NOT_ALLOWED);
  for (std::uint64_t member = 1; member <= 5; ++member) held(member, {1, 2, 3, 4, 5}, 2);
  EXPECT_EQ(queue(1), proto::FULL);
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
}

TEST_F(PartyQueueTest, WhoIsOfflineOrElsewhereIsNamedToTheLeader) {
  come(1, 2);
  others({});
  party({1, 2, 3});
  EXPECT_EQ(queue(1), proto::WRONG_STATE);
  EXPECT_EQ(hindrances(), (Hindrances{{3, proto::NOT_FOUND}}));
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
}

TEST_F(PartyQueueTest, WhoTradesOrWaitsAloneOrIsLinkDeadIsNamedToTheLeader) {
  come(1, 4);
  party({1, 2, 3, 4});
  player(1).position = player(2).position = {1000, 1000};
  come(5, 5);
  player(5).position = {1000, 1000};
  sample::TradeInviteRequest invite;
  invite.set_player(5);
  const auto invited = ask<sample::TradeInviteReply>(2, invite);
  ASSERT_TRUE(invited);
  sample::TradeAnswerRequest yes;
  yes.set_table(invited->table());
  yes.set_accept(true);
  ASSERT_EQ((ask<sample::TradeAnswerReply>(5, yes))->code(), proto::OK);
  held(3, {}, 2);  // waits alone before it came into the party
  ASSERT_EQ(queue(3), proto::OK);
  for (std::uint64_t member = 1; member <= 4; ++member) held(member, {1, 2, 3, 4}, 3);
  proto::SessionLost lost;
  lost.set_session_id(40);
  lost.set_player_id(4);
  cluster_->say(kGateway, lost);
  EXPECT_EQ(queue(1), proto::WRONG_STATE);
  EXPECT_EQ(hindrances(), (Hindrances{{2, proto::BUSY}, {3, proto::WRONG_STATE}, {4, proto::NOT_FOUND}}));
  EXPECT_EQ(lobby_->queue_waiting(), 1u);
}

TEST_F(PartyQueueTest, AMemberOnAnotherGeneralGoesAlongAndItsOwnerIsToldFirst) {
  come(1, 1);
  others({{2, proto::OK}});
  party({1, 2});
  ASSERT_EQ(queue(1), proto::OK);
  const auto queued = cluster_->take<proto::PartyQueued>(kOther);
  ASSERT_TRUE(queued);
  EXPECT_EQ(queued->second.members_size(), 2);
  EXPECT_EQ(queued->second.code(), proto::OK);
  cluster_->run(seconds(4));
  ASSERT_EQ(opened_.size(), 1u);
  EXPECT_EQ(cluster_->take<proto::MatchFound>(kOther)->second.players_size(), 2);
}

TEST_F(PartyQueueTest, WhoeverCancelsTakesThePartyOutAndTheOthersHearOfIt) {
  come(1, 3);
  party({1, 2});
  ASSERT_EQ(queue(1), proto::OK);
  cluster_->forget_sent();
  ASSERT_EQ(queue(2, true), proto::OK);
  const auto notice = told<proto::PartyQueueNotice>();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->code(), proto::ABORTED);
  EXPECT_EQ(notice->hindrances(0).player_id(), 2u);
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
  cluster_->run(seconds(4));
  EXPECT_TRUE(opened_.empty());
}

TEST_F(PartyQueueTest, AMemberWhoLogsOutOrWhosePartyChangesIsLost) {
  come(1, 3);
  party({1, 2});
  ASSERT_EQ(queue(1), proto::OK);
  proto::LeavePlayer leave;
  leave.set_player_id(2);
  cluster_->ask(kGateway, leave);
  cluster_->run(milliseconds(300));
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
  held(1, {1, 3}, 2);
  held(3, {1, 3}, 2);
  ASSERT_EQ(queue(1), proto::OK);
  EXPECT_EQ(lobby_->queue_waiting(), 2u);
  held(3, {}, 3);
  cluster_->run(milliseconds(300));
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
}

TEST_F(PartyQueueTest, AMemberWhoIsLeavingWhenTheOthersAreMatchedIsToldThatItWaitsNoMore) {
  come(1, 2);
  party({1, 2});
  ASSERT_EQ(queue(1), proto::OK);
  player(2).state = Player::State::kLeaving;  // read again, say
  cluster_->run(seconds(4));
  player(2).state = Player::State::kActive;
  ASSERT_EQ(opened_.size(), 1u);
  EXPECT_EQ(admitted_.size(), 1u);
  EXPECT_EQ(told<proto::MatchNotice>()->code(), proto::OK);
  EXPECT_EQ(told<proto::MatchNotice>()->code(), proto::ABORTED);
  cluster_->run(seconds(4));
  EXPECT_EQ(opened_.size(), 1u);
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
}

TEST_F(PartyQueueTest, WhoseGeneralStopsMeanwhileDoesNotJoinWithTheOthers) {
  come(1, 2);
  party({1, 2});
  cluster_->up(kOther);
  cluster_->answers<proto::Admit, proto::AdmitReply>(kOther, [](auto&, auto&) -> std::optional<proto::AdmitReply> {
    return std::nullopt;  // nobody takes them over yet
  });
  cluster_->in(StopRequested{});
  cluster_->turn();
  proto::PartyQueued queued;
  queued.set_party(7);
  queued.set_dungeon("cellar");
  for (const std::uint64_t member : {1, 2}) {
    auto* named = queued.add_members();
    named->set_player_id(member);
    named->set_owner(lobby_->id().value);
    named->set_player_epoch(player(member).epoch);
  }
  cluster_->say(kOther, queued);
  cluster_->turn();
  EXPECT_FALSE(told<proto::PartyQueueNotice>());
}

TEST_F(PartyQueueTest, TheDeathOfAMembersOwnerTakesThePartyOut) {
  come(1, 1);
  others({{2, proto::OK}});
  party({1, 2});
  ASSERT_EQ(queue(1), proto::OK);
  EXPECT_EQ(told<proto::PartyQueueNotice>()->code(), proto::OK);
  cluster_->down(kOther);
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
  EXPECT_EQ(told<proto::PartyQueueNotice>()->code(), proto::ABORTED);
}

TEST_F(PartyQueueTest, ALateWordOfAMembersFormerOwnerChangesNothing) {
  const NodeId former(Role::kGeneral, 3);
  cluster_->up(former);
  cluster_->answers<proto::PartyMuster, proto::PartyMusterReply>(
      former, [](auto&, auto&) { return proto::PartyMusterReply(); });
  come(1, 1);
  others({{2, proto::OK}});
  party({1, 2});
  ASSERT_EQ(queue(1), proto::OK);
  proto::QueueJoin leave;
  leave.set_player_id(2);
  leave.set_leave(true);
  leave.set_player_epoch(2);
  cluster_->say(former, leave);
  proto::PartyQueueJoin join;
  join.set_party(7);
  join.set_dungeon("cellar");
  for (const NodeId owner : {lobby_->id(), former}) {
    auto* member = join.add_members();
    member->set_player_id(owner == former ? 2 : 1);
    member->set_owner(owner.value);
    member->set_player_epoch(owner == former ? 2 : 1);
  }
  cluster_->say(former, join);
  cluster_->run(seconds(4));
  ASSERT_EQ(opened_.size(), 1u);
  EXPECT_EQ(opened_[0].players_size(), 2);
  EXPECT_TRUE(cluster_->take<proto::MatchFound>(kOther));
  EXPECT_FALSE(cluster_->take<proto::MatchFound>(former));
}

TEST_F(PartyQueueTest, ANewHolderOfTheQueueHasThePartyFromAnyOwner) {
  come(1, 2);
  party({1, 2});
  other_holds(kMatchPlace);
  others({});
  cluster_->answers<proto::PartyQueueJoin, proto::PartyQueueJoinReply>(
      kOther, [this](const auto& header, const auto& join) -> std::optional<proto::PartyQueueJoinReply> {
        proto::PartyQueued queued;
        queued.set_party(join.party());
        queued.set_dungeon(join.dungeon());
        *queued.mutable_members() = join.members();
        cluster_->say(kOther, queued);
        return header.call ? std::optional(proto::PartyQueueJoinReply()) : std::nullopt;
      });
  cluster_->run(milliseconds(200));
  ASSERT_EQ(queue(1), proto::OK);
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
  cluster_->down(kOther);
  cluster_->run(seconds(2));
  EXPECT_TRUE(lobby_->places().mine(kMatchPlace));
  EXPECT_EQ(lobby_->queue_waiting(), 2u);
}

// ── the value at its owner ──────────────────────────────────────────────────────────────────────────────────

TEST_F(PartyQueueTest, TheOwnerKeepsThePartyWhileThereIsNoChatAndGivesItBackWhole) {
  come(1, 2);
  party({1, 2});
  cluster_->down(kChat);
  ASSERT_NE(lobby_->parties().of(PlayerId(1)), nullptr);
  EXPECT_TRUE(lobby_->parties().together(PlayerId(1), PlayerId(2)));
  cluster_->forget_sent();
  cluster_->up(kChat);
  cluster_->turn();
  const auto one = cluster_->take<proto::PartyHeld>(kChat), other = cluster_->take<proto::PartyHeld>(kChat);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->second.party().version(), 1u);
  EXPECT_TRUE(cluster_->take<proto::Presence>(kChat));
}

TEST_F(PartyQueueTest, AnOlderVersionOrALateWordOfAFormerPartyChangesNothing) {
  come(1, 2);
  held(1, {1, 2}, 5);
  held(1, {1, 2, 3}, 4);
  EXPECT_EQ(lobby_->parties().of(PlayerId(1))->members.size(), 2u);
  proto::PartyHeld other;
  other.set_player_id(1);
  other.mutable_party()->set_party(8);
  other.mutable_party()->set_version(9);
  other.mutable_party()->add_members()->set_player(1);
  cluster_->say(kOther, other);  // of the owner before: the chat's word is newer, whatever the numbers are
  cluster_->turn();
  EXPECT_EQ(lobby_->parties().of(PlayerId(1))->id, 7u);
  held(1, {}, 6);
  EXPECT_EQ(lobby_->parties().of(PlayerId(1)), nullptr);
  held(1, {1, 2}, 5);
  EXPECT_EQ(lobby_->parties().of(PlayerId(1)), nullptr);
}

TEST_F(PartyQueueTest, WhatComesWithAPlayerFromItsFormerOwnerIsShownToTheChat) {
  come(1, 1);
  cluster_->up(kOther);
  proto::PartyHeld behind;
  behind.set_player_id(1);
  behind.mutable_party()->set_party(7);
  behind.mutable_party()->set_version(3);
  behind.mutable_party()->add_members()->set_player(1);
  behind.mutable_party()->add_members()->set_player(2);
  cluster_->say(kOther, behind);
  cluster_->turn();
  EXPECT_EQ(lobby_->parties().of(PlayerId(1))->version, 3u);
  EXPECT_TRUE(cluster_->take<proto::PartyHeld>(kChat)) << "it may know better";
}

}  // namespace
}  // namespace dure::test

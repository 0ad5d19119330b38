#include "chat/party.h"

#include <gtest/gtest.h>

#include "chat/chat.h"
#include "common/proto/chat.pb.h"
#include "common/proto/cluster.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure {
namespace {

const PlayerId kAnna(1), kBert(2), kCarl(3);
const MonoTime kNow = MonoTime{} + seconds(100);

// Anna leads Bert and Carl.
Party three(Parties* parties) {
  Party party = parties->invite(kAnna, kBert, kNow).party;
  EXPECT_EQ(parties->invite(kAnna, kCarl, kNow).code, proto::OK);
  EXPECT_EQ(parties->answer(kBert, party.id, true, kNow).code, proto::OK);
  const auto joined = parties->answer(kCarl, party.id, true, kNow);
  EXPECT_EQ(joined.party.members, (std::vector<PlayerId>{kAnna, kBert, kCarl}));
  parties->check_invariants();
  return joined.party;
}

TEST(Parties, BeginWithAnInvitationThatIsAccepted) {
  Parties parties;
  const auto invited = parties.invite(kAnna, kBert, kNow);
  EXPECT_EQ(parties.of(kAnna), nullptr) << "one alone is no party";
  const auto joined = parties.answer(kBert, invited.party.id, true, kNow);
  EXPECT_EQ(joined.told.size(), 2u);
  EXPECT_EQ(parties.of(kBert)->leader, kAnna);
}

TEST(Parties, NonsenseIsRefused) {
  Parties parties;
  EXPECT_EQ(parties.invite(kAnna, kAnna, kNow).code, proto::INVALID);
  EXPECT_EQ(parties.size(), 0u);
  EXPECT_EQ(parties.leave(kAnna).code, proto::WRONG_STATE);
  EXPECT_EQ(parties.answer(kBert, 77, true, kNow).code, proto::NOT_FOUND);
  const Party party = three(&parties);
  EXPECT_EQ(parties.invite(PlayerId(9), kBert, kNow).code, proto::TAKEN);
  EXPECT_EQ(parties.invite(kBert, PlayerId(9), kNow).code, proto::NOT_ALLOWED);
  EXPECT_EQ(parties.answer(kBert, party.id, true, kNow).code, proto::NOT_FOUND) << "answered already";
  EXPECT_EQ(parties.kick(kBert, kCarl, party.version).code, proto::NOT_ALLOWED);
  EXPECT_EQ(parties.kick(kAnna, kCarl, party.version - 1).code, proto::WRONG_STATE) << "a stale version";
  EXPECT_EQ(parties.kick(kAnna, kAnna, party.version).code, proto::INVALID);
  EXPECT_EQ(parties.lead(kAnna, PlayerId(9), party.version).code, proto::NOT_FOUND);
  EXPECT_EQ(parties.lead(PlayerId(9), kAnna, party.version).code, proto::WRONG_STATE);
  EXPECT_EQ(parties.of(kAnna)->version, party.version) << "nothing was changed";
}

TEST(Parties, HaveFiveSeatsInvitationsCounted) {
  Parties parties;
  for (std::uint64_t whom = 2; whom <= 5; ++whom)
    EXPECT_EQ(parties.invite(kAnna, PlayerId(whom), kNow).code, proto::OK);
  EXPECT_EQ(parties.invite(kAnna, PlayerId(6), kNow).code, proto::FULL);
  EXPECT_EQ(parties.invite(kAnna, kBert, kNow).code, proto::TAKEN);
  parties.check_invariants();
}

TEST(Parties, WhoJoinedAnotherCannotAcceptAnyMore) {
  Parties parties;
  const auto first = parties.invite(kAnna, kBert, kNow), second = parties.invite(kCarl, kBert, kNow);
  EXPECT_EQ(parties.answer(kBert, first.party.id, true, kNow).code, proto::OK);
  EXPECT_EQ(parties.answer(kBert, second.party.id, true, kNow).code, proto::WRONG_STATE);
  EXPECT_EQ(parties.answer(kBert, second.party.id, false, kNow).code, proto::OK);
  EXPECT_EQ(parties.size(), 1u);
  parties.check_invariants();
}

TEST(Parties, TheLeadPassesOnAndOneAloneIsTheEnd) {
  Parties parties;
  Party party = three(&parties);
  party = parties.lead(kAnna, kCarl, party.version).party;
  EXPECT_EQ(party.leader, kCarl);
  party = parties.leave(kCarl).party;
  EXPECT_EQ(party.leader, kAnna);
  const auto end = parties.kick(kAnna, kBert, party.version);
  EXPECT_TRUE(end.party.members.empty());
  EXPECT_EQ(end.told.size(), 2u) << "both are told";
  EXPECT_EQ(parties.size(), 0u);
  EXPECT_EQ(parties.of(kAnna), nullptr);
  parties.check_invariants();
}

TEST(Parties, WhoIsAwayKeepsTheSeatForAMinute) {
  Parties parties;
  three(&parties);
  ASSERT_TRUE(parties.away(kAnna, kNow));
  EXPECT_FALSE(parties.away(kAnna, kNow + seconds(50))) << "still the first time";
  EXPECT_TRUE(parties.review(kNow + kPartySeat - milliseconds(1)).empty());
  ASSERT_TRUE(parties.back(kAnna));
  EXPECT_TRUE(parties.review(kNow + kPartySeat).empty());
  ASSERT_TRUE(parties.away(kAnna, kNow));
  ASSERT_EQ(parties.review(kNow + kPartySeat).size(), 1u);
  EXPECT_EQ(parties.of(kAnna), nullptr);
  EXPECT_EQ(parties.of(kBert)->leader, kBert);
  parties.check_invariants();
}

TEST(Parties, InvitationsLapse) {
  Parties parties;
  const auto invited = parties.invite(kAnna, kBert, kNow);
  const MonoTime late = kNow + kPartyInvite + milliseconds(1);
  EXPECT_EQ(parties.answer(kBert, invited.party.id, true, late).code, proto::NOT_FOUND);
  EXPECT_EQ(parties.review(late).size(), 1u);
  EXPECT_EQ(parties.size(), 0u);
}

// ── the role ────────────────────────────────────────────────────────────────────────────────────────────────

class ChatPartyTest : public testing::Test {
 protected:
  ChatPartyTest() {
    NodeIdentity identity;
    identity.id = NodeId(Role::kChat, 1);
    identity.name = "chat-1";
    identity.incarnation = {3, 3};
    chat_ = std::make_unique<Chat>(identity, routes_, Seams{&log_, &entropy_, nullptr, nullptr}, ChatOptions());
    cluster_ = std::make_unique<test::FakeCluster>(*chat_, routes_);
    for (const NodeId peer : {gateway(1), gateway(2), NodeId(Role::kGeneral, 1), NodeId(Role::kGeneral, 2)})
      cluster_->up(peer);
    present(1, "Anna", "town/1");
    present(2, "Bert", "field/1");
  }
  // The odd ones are on one gateway and general, the even ones on the other.
  static NodeId gateway(std::uint64_t player) {
    return NodeId(Role::kGateway, static_cast<std::uint16_t>(2 - player % 2));
  }
  void present(std::uint64_t player, const std::string& name, const std::string& place) {
    proto::Presence presence;
    presence.set_player_id(player);
    presence.set_name(name);
    presence.set_session_id(player * 10);
    presence.set_session_epoch(1);
    presence.set_gateway(gateway(player).value);
    presence.set_player_epoch(1);
    presence.set_place(place);
    cluster_->say(NodeId(Role::kGeneral, static_cast<std::uint16_t>(2 - player % 2)), presence);
    cluster_->turn();
  }
  template <class Reply, class Request>
  proto::Code client(std::uint64_t player, const Request& request) {
    MeshHeader header;
    header.kind = MeshKind::kFromClient;
    header.message_id = route_id(Request::descriptor());
    header.session = SessionId(player * 10);
    header.player = PlayerId(player);
    header.client_seq = ++seq_;
    cluster_->raw(gateway(player), header, request.SerializeAsString());
    cluster_->turn();
    const auto reply = cluster_->take<Reply>(gateway(player));
    EXPECT_TRUE(reply);
    return reply ? reply->second.code() : proto::INTERNAL;
  }
  proto::Code invite(std::uint64_t by, const std::string& name) {
    proto::PartyInviteRequest request;
    request.set_name(name);
    return client<proto::PartyInviteReply>(by, request);
  }
  proto::Code change(std::uint64_t by, proto::PartyChangeRequest::What what) {
    proto::PartyChangeRequest request;
    request.set_what(what);
    return client<proto::PartyChangeReply>(by, request);
  }
  void together() {
    ASSERT_EQ(invite(1, "Bert"), proto::OK);
    const auto invited = cluster_->take<proto::PartyInvited>(gateway(2));
    ASSERT_TRUE(invited);
    EXPECT_EQ(invited->second.from(), "Anna");
    proto::PartyAnswerRequest answer;
    answer.set_party(invited->second.party());
    answer.set_accept(true);
    ASSERT_EQ(client<proto::PartyAnswerReply>(2, answer), proto::OK);
  }
  proto::Code say(std::uint64_t player) {
    proto::SayRequest request;
    request.set_channel(proto::PARTY_CHANNEL);
    request.set_text("hello");
    return client<proto::SayReply>(player, request);
  }
  Routes routes_ = std::move(*Routes::build(engine_files()));
  test::MemoryLog log_;
  SeededEntropy entropy_{1};
  std::unique_ptr<Chat> chat_;
  std::unique_ptr<test::FakeCluster> cluster_;
  std::uint32_t seq_ = 0;
};

TEST_F(ChatPartyTest, TwoOnDifferentGeneralsAndGatewaysAreToldTheSameAndHearEachOther) {
  EXPECT_EQ(say(1), proto::WRONG_STATE);
  together();
  const auto anna = cluster_->take<proto::PartyState>(gateway(1)), bert = cluster_->take<proto::PartyState>(gateway(2));
  ASSERT_TRUE(anna && bert);
  EXPECT_EQ(anna->second.SerializeAsString(), bert->second.SerializeAsString());
  EXPECT_EQ(anna->second.members_size(), 2);
  EXPECT_EQ(anna->second.leader(), 1u);
  EXPECT_EQ(anna->second.members(1).name(), "Bert");
  cluster_->forget_sent();
  EXPECT_EQ(say(2), proto::OK);
  for (const std::uint64_t player : {1, 2}) {
    const auto line = cluster_->take<proto::Publish>(gateway(player));
    ASSERT_TRUE(line);
    TopicKey topic;
    ASSERT_TRUE(decode_topic(line->second.topic(), &topic));
    EXPECT_EQ(topic.kind, TopicKind::kParty);
  }
}

TEST_F(ChatPartyTest, NonsenseIsAnsweredWithACode) {
  EXPECT_EQ(invite(1, "Anna"), proto::INVALID);
  EXPECT_EQ(invite(1, "Nobody"), proto::NOT_FOUND);
  EXPECT_EQ(invite(1, std::string(5000, 'x')), proto::NOT_FOUND);
  EXPECT_EQ(invite(9, "Bert"), proto::BUSY) << "the chat does not know it yet";
  EXPECT_EQ(change(1, proto::PartyChangeRequest::LEAVE), proto::WRONG_STATE);
  EXPECT_EQ(change(1, proto::PartyChangeRequest::NOTHING), proto::INVALID);
  EXPECT_EQ(change(1, static_cast<proto::PartyChangeRequest::What>(77)), proto::INVALID);
  together();
  EXPECT_EQ(change(2, proto::PartyChangeRequest::KICK), proto::NOT_ALLOWED);
  EXPECT_EQ(change(1, proto::PartyChangeRequest::KICK), proto::WRONG_STATE) << "no version";
}

TEST_F(ChatPartyTest, WhoLeavesHearsNothingMoreAndTheLastOneIsTold) {
  together();
  cluster_->forget_sent();
  EXPECT_EQ(change(2, proto::PartyChangeRequest::LEAVE), proto::OK);
  for (const std::uint64_t player : {1, 2}) {
    const auto state = cluster_->take<proto::PartyState>(gateway(player));
    ASSERT_TRUE(state);
    EXPECT_EQ(state->second.members_size(), 0);
  }
  EXPECT_EQ(say(1), proto::WRONG_STATE);
  EXPECT_EQ(chat_->parties().size(), 0u);
}

TEST_F(ChatPartyTest, WhoseGatewayDiesKeepsTheSeatAndComesBackToIt) {
  together();
  cluster_->forget_sent();
  cluster_->down(gateway(2));
  cluster_->turn();
  auto state = cluster_->take<proto::PartyState>(gateway(1));
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->second.members(1).away());
  EXPECT_EQ(state->second.members(1).name(), "Bert");
  cluster_->up(gateway(2));
  present(2, "Bert", "town/1");
  state = cluster_->take<proto::PartyState>(gateway(1));
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->second.members(1).away());
  EXPECT_EQ(say(2), proto::OK);
}

TEST_F(ChatPartyTest, WhoStaysAwayLosesTheSeat) {
  together();
  cluster_->down(gateway(2));
  cluster_->run(kPartySeat + seconds(1), seconds(1));
  EXPECT_EQ(chat_->parties().size(), 0u);
  EXPECT_EQ(chat_->parties().of(PlayerId(1)), nullptr);
}

}  // namespace
}  // namespace dure

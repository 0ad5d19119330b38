#include "chat/party.h"

#include "tests/chat/chat_fixture.h"

namespace dure::test {
namespace {

const PlayerId kAnna(1), kBert(2), kCarl(3);
const MonoTime kNow = MonoTime{} + seconds(100);

struct CountedParties : Parties {
  CountedParties() : Parties([this] { return ++drawn; }) {}
  std::uint64_t drawn = 0;
};

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
  CountedParties parties;
  const auto invited = parties.invite(kAnna, kBert, kNow);
  EXPECT_EQ(parties.of(kAnna), nullptr) << "one alone is no party";
  const auto joined = parties.answer(kBert, invited.party.id, true, kNow);
  EXPECT_EQ(joined.told.size(), 2u);
  EXPECT_EQ(parties.of(kBert)->leader, kAnna);
}

TEST(Parties, NonsenseIsRefused) {
  CountedParties parties;
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
  CountedParties parties;
  for (std::uint64_t whom = 2; whom <= 5; ++whom)
    EXPECT_EQ(parties.invite(kAnna, PlayerId(whom), kNow).code, proto::OK);
  EXPECT_EQ(parties.invite(kAnna, PlayerId(6), kNow).code, proto::FULL);
  EXPECT_EQ(parties.invite(kAnna, kBert, kNow).code, proto::TAKEN);
  parties.check_invariants();
}

TEST(Parties, WhoJoinedAnotherCannotAcceptAnyMore) {
  CountedParties parties;
  const auto first = parties.invite(kAnna, kBert, kNow), second = parties.invite(kCarl, kBert, kNow);
  EXPECT_EQ(parties.answer(kBert, first.party.id, true, kNow).code, proto::OK);
  EXPECT_EQ(parties.answer(kBert, second.party.id, true, kNow).code, proto::WRONG_STATE);
  EXPECT_EQ(parties.answer(kBert, second.party.id, false, kNow).code, proto::OK);
  EXPECT_EQ(parties.size(), 1u);
  parties.check_invariants();
}

TEST(Parties, TheLeadPassesOnAndOneAloneIsTheEnd) {
  CountedParties parties;
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
  CountedParties parties;
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
  CountedParties parties;
  const auto invited = parties.invite(kAnna, kBert, kNow);
  const MonoTime late = kNow + kPartyInvite + milliseconds(1);
  EXPECT_EQ(parties.answer(kBert, invited.party.id, true, late).code, proto::NOT_FOUND);
  EXPECT_EQ(parties.review(late).size(), 1u);
  EXPECT_EQ(parties.size(), 0u);
}

// ── what the owners hold ────────────────────────────────────────────────────────────────────────────────────

const auto kAllHere = [](PlayerId) { return true; };

Party value(std::uint64_t version, std::vector<PlayerId> members, std::uint64_t id = 77) {
  Party party;
  party.id = id;
  party.version = version;
  if (!members.empty()) party.leader = members.front();
  party.members = std::move(members);
  return party;
}

TEST(Parties, AreBroughtBackByWhoeverHoldsThem) {
  CountedParties parties;
  const auto whole = parties.merge(kAnna, value(5, {kAnna, kBert}), kAllHere, kNow);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->party.version, 5u) << "it has not changed";
  EXPECT_EQ(whole->told.size(), 2u);
  EXPECT_FALSE(parties.merge(kBert, value(5, {kAnna, kBert}), kAllHere, kNow)) << "the same again";
  EXPECT_EQ(parties.of(kBert)->leader, kAnna);
  parties.check_invariants();
}

TEST(Parties, TheHigherVersionWinsInAnyOrder) {
  for (const bool newer_first : {true, false}) {
    CountedParties parties;
    const auto older = [&] { return parties.merge(kAnna, value(5, {kAnna, kBert}), kAllHere, kNow); };
    const auto newer = [&] { return parties.merge(kBert, value(6, {kBert, kAnna, kCarl}), kAllHere, kNow); };
    if (newer_first) {
      newer();
      const auto answer = older();
      ASSERT_TRUE(answer) << "who knows less is told";
      EXPECT_EQ(answer->told, std::vector<PlayerId>{kAnna});
    } else {
      older();
      newer();
    }
    EXPECT_EQ(parties.of(kCarl)->leader, kBert);
    EXPECT_EQ(parties.of(kCarl)->version, 6u);
    parties.check_invariants();
  }
}

TEST(Parties, WhoHasLeftIsNotBroughtBackByAnOwnerThatMissedIt) {
  for (const bool end_first : {true, false}) {
    CountedParties parties;
    const auto end = [&] { parties.merge(kCarl, value(6, {}), kAllHere, kNow); };
    if (end_first) end();
    parties.merge(kAnna, value(5, {kAnna, kBert, kCarl}), kAllHere, kNow);
    if (!end_first) end();
    EXPECT_EQ(parties.of(kCarl), nullptr);
    EXPECT_EQ(parties.of(kAnna)->members, (std::vector<PlayerId>{kAnna, kBert}));
    EXPECT_GT(parties.of(kAnna)->version, 6u) << "above whatever anybody holds";
    parties.check_invariants();
  }
}

TEST(Parties, WhatIsOverIsNotBroughtBack) {
  CountedParties parties;
  const Party party = three(&parties);
  parties.leave(kAnna);
  parties.leave(kBert);
  const auto answer = parties.merge(kCarl, value(party.version, {kAnna, kBert, kCarl}, party.id), kAllHere, kNow);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->party.members.empty());
  EXPECT_GT(answer->party.version, party.version);
  EXPECT_EQ(parties.size(), 0u);
}

TEST(Parties, NobodySitsInTwo) {
  CountedParties parties;
  parties.merge(kBert, value(5, {kBert, kCarl}, 77), kAllHere, kNow);
  const auto late = parties.merge(kAnna, value(9, {kAnna, kBert, PlayerId(4)}, 78), kAllHere, kNow);
  ASSERT_TRUE(late);
  EXPECT_EQ(parties.of(kBert)->id, 77u);
  EXPECT_EQ(parties.of(kAnna)->members, (std::vector<PlayerId>{kAnna, PlayerId(4)}));
  EXPECT_EQ(parties.of(kAnna)->version, 10u);
  parties.check_invariants();
}

TEST(Parties, WhoIsBroughtBackWithoutBeingHereIsAway) {
  CountedParties parties;
  parties.merge(
      kAnna, value(5, {kAnna, kBert, kCarl}), [](PlayerId who) { return who != kBert; }, kNow);
  EXPECT_EQ(parties.of(kAnna)->away.size(), 1u);
  EXPECT_EQ(parties.review(kNow + kPartySeat).size(), 1u);
  EXPECT_EQ(parties.of(kBert), nullptr);
  parties.check_invariants();
}

// ── the role ────────────────────────────────────────────────────────────────────────────────────────────────

class ChatPartyTest : public ChatFixture {
 protected:
  ChatPartyTest() {
    present(1, "Anna", "town/1");
    present(2, "Bert", "field/1");
  }
  void present(std::uint64_t player, const std::string& name, const std::string& place,
               const std::vector<std::uint64_t>& blocked = {}) {
    proto::Presence presence;
    for (const auto other : blocked) presence.add_blocked(other);
    ChatFixture::present(player, name, gateway(player), place, presence);
  }
  // Its owner says what it holds.
  void held(std::uint64_t player, std::uint64_t version, const std::vector<std::uint64_t>& members) {
    proto::PartyHeld held;
    held.set_player_id(player);
    held.mutable_party()->set_party(77);
    held.mutable_party()->set_version(version);
    held.mutable_party()->set_leader(members.front());
    for (const auto member : members) held.mutable_party()->add_members()->set_player(member);
    cluster_->say(owner(player), held);
    cluster_->turn();
  }
  template <class Reply, class Request>
  proto::Code client(std::uint64_t player, const Request& request) {
    return ChatFixture::client<Reply>(player, gateway(player), request).code();
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

TEST_F(ChatPartyTest, WhoInvitesAgainAndAgainIsTooFast) {
  int asked = 0;
  for (int i = 0; i < 20; ++i) {
    const proto::Code code = invite(1, "Bert");
    EXPECT_EQ(code, i < 5 ? proto::OK : proto::TOO_FAST) << i;
    while (const auto invited = cluster_->take<proto::PartyInvited>(gateway(2))) {
      ++asked;
      proto::PartyAnswerRequest answer;
      answer.set_party(invited->second.party());
      client<proto::PartyAnswerReply>(2, answer);
    }
  }
  EXPECT_EQ(asked, 5);
  EXPECT_EQ(invite(2, "Anna"), proto::OK) << "nobody else pays";
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

TEST_F(ChatPartyTest, WhoseGatewayWasOnlyCutOffKeepsTheSeatAndIsToldOnce) {
  together();
  cluster_->down(gateway(2));
  cluster_->run(seconds(10), seconds(1));
  cluster_->forget_sent();
  cluster_->again(gateway(2));
  for (const std::uint64_t player : {1, 2}) {
    const auto state = cluster_->take<proto::PartyState>(gateway(player));
    ASSERT_TRUE(state);
    EXPECT_FALSE(state->second.members(1).away());
    EXPECT_FALSE(cluster_->take<proto::PartyState>(gateway(player)));
  }
  cluster_->run(kPartySeat + seconds(1), seconds(1));
  EXPECT_EQ(chat_->parties().size(), 1u);
  EXPECT_EQ(say(2), proto::OK);
}

TEST_F(ChatPartyTest, WhoseGatewayIsFoundLastIsToldThen) {
  cluster_->down(gateway(2));
  present(2, "Bert", "field/1");
  held(1, 5, {1, 2});
  cluster_->forget_sent();
  cluster_->up(gateway(2));
  cluster_->turn();
  const auto state = cluster_->take<proto::PartyState>(gateway(2));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->second.version(), chat_->parties().of(PlayerId(2))->version);
  EXPECT_FALSE(cluster_->take<proto::PartyState>(gateway(1)));
}

TEST_F(ChatPartyTest, WhoStaysAwayLosesTheSeat) {
  together();
  cluster_->down(gateway(2));
  cluster_->run(kPartySeat + seconds(1), seconds(1));
  EXPECT_EQ(chat_->parties().size(), 0u);
  EXPECT_EQ(chat_->parties().of(PlayerId(1)), nullptr);
}

// ── the owners hold it ──────────────────────────────────────────────────────────────────────────────────────

TEST_F(ChatPartyTest, EachMembersOwnerHoldsTheValueAndIsToldOfItsEnd) {
  together();
  const auto anna = cluster_->take<proto::PartyHeld>(owner(1)), bert = cluster_->take<proto::PartyHeld>(owner(2));
  ASSERT_TRUE(anna && bert);
  EXPECT_EQ(anna->second.player_id(), 1u);
  EXPECT_EQ(bert->second.player_id(), 2u);
  EXPECT_EQ(anna->second.party().SerializeAsString(), bert->second.party().SerializeAsString());
  EXPECT_EQ(change(2, proto::PartyChangeRequest::LEAVE), proto::OK);
  const auto over = cluster_->take<proto::PartyHeld>(owner(1));
  ASSERT_TRUE(over);
  EXPECT_EQ(over->second.party().members_size(), 0);
  EXPECT_GT(over->second.party().version(), anna->second.party().version());
}

TEST_F(ChatPartyTest, ANewOwnerIsToldHowThePartyOfWhoArrivesStands) {
  together();
  cluster_->forget_sent();
  present(1, "Anna", "run/77");
  const auto held = cluster_->take<proto::PartyHeld>(owner(1));
  ASSERT_TRUE(held);
  EXPECT_EQ(held->second.party().members_size(), 2);
}

TEST_F(ChatPartyTest, AChatThatWasStartedAnewHasThePartyFromTheOwnersAndItsClientsHearIt) {
  held(1, 5, {1, 2});
  held(2, 5, {1, 2});
  EXPECT_EQ(chat_->parties().size(), 1u);
  const auto state = cluster_->take<proto::PartyState>(gateway(2));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->second.version(), 5u);
  EXPECT_EQ(state->second.members(0).name(), "Anna");
  EXPECT_EQ(say(1), proto::OK);
  EXPECT_EQ(change(2, proto::PartyChangeRequest::LEAVE), proto::OK) << "and goes on from there";
}

TEST_F(ChatPartyTest, AnOwnerWithAnOldVersionIsToldTheNewOne) {
  together();
  const auto old = cluster_->take<proto::PartyHeld>(owner(1));
  ASSERT_TRUE(old);
  present(3, "Carl", "town/1");
  ASSERT_EQ(invite(1, "Carl"), proto::OK);
  proto::PartyAnswerRequest answer;
  answer.set_party(old->second.party().party());
  answer.set_accept(true);
  ASSERT_EQ(client<proto::PartyAnswerReply>(3, answer), proto::OK);
  cluster_->forget_sent();
  cluster_->say(owner(1), old->second);
  cluster_->turn();
  const auto now = cluster_->take<proto::PartyHeld>(owner(1));
  ASSERT_TRUE(now);
  EXPECT_EQ(now->second.party().members_size(), 3);
  EXPECT_FALSE(cluster_->take<proto::PartyState>(gateway(2))) << "nobody else needs to hear";
}

TEST_F(ChatPartyTest, AnOldOwnersWordOfOneWhoLeftLeavesThePartysLines) {
  present(3, "Carl", "town/1");
  held(1, 5, {1, 2, 3});
  ASSERT_EQ(change(3, proto::PartyChangeRequest::LEAVE), proto::OK);
  ASSERT_EQ(say(1), proto::OK);
  held(3, 5, {1, 2, 3});
  ASSERT_NE(chat_->parties().of(PlayerId(1)), nullptr);
  EXPECT_EQ(chat_->channels(), 1u);
  ASSERT_EQ(change(1, proto::PartyChangeRequest::LEAVE), proto::OK);
  EXPECT_EQ(chat_->channels(), 0u) << "they end with the party";
}

TEST_F(ChatPartyTest, AnUnsoundValueIsNotTaken) {
  held(1, 5, {1});
  held(1, 5, {2, 3});
  held(1, 5, {1, 1});
  held(1, 5, {1, 2, 3, 4, 5, 6});
  held(1, 0, {1, 2});
  held(1, 5, {1, 0});
  EXPECT_EQ(chat_->parties().size(), 0u);
}

TEST_F(ChatPartyTest, OfTwoChatsOneOrdersTheParties) {
  together();
  cluster_->forget_sent();
  // Until one of them is it that the gateways ask, who was up alone orders.
  for (std::uint16_t other = 2; chat_->rendezvous(Role::kChat, 1) == chat_->id() && other < 40; ++other)
    cluster_->up(NodeId(Role::kChat, other));
  EXPECT_EQ(chat_->parties().size(), 0u);
  for (const std::uint64_t player : {1, 2}) {
    const auto left = cluster_->take<proto::Unsubscribe>(gateway(player));
    ASSERT_TRUE(left) << "who hears a party is the other one's to say";
    ASSERT_EQ(left->second.topics_size(), 1);
    TopicKey topic;
    ASSERT_TRUE(decode_topic(left->second.topics(0), &topic));
    EXPECT_EQ(topic.kind, TopicKind::kParty);
  }
  held(1, 5, {1, 2});
  EXPECT_EQ(chat_->parties().size(), 0u);
}

// ── who is blocked ──────────────────────────────────────────────────────────────────────────────────────────

TEST_F(ChatPartyTest, WhoIsBlockedIsRefusedPolitely) {
  present(2, "Bert", "field/1", {1});
  EXPECT_EQ(invite(1, "Bert"), proto::REFUSED);
  proto::WhisperRequest whisper;
  whisper.set_to("Bert");
  whisper.set_text("hello");
  EXPECT_EQ(client<proto::WhisperReply>(1, whisper), proto::REFUSED);
  EXPECT_FALSE(cluster_->take<proto::ChatLine>(gateway(2)));
  present(2, "Bert", "field/1");
  EXPECT_EQ(client<proto::WhisperReply>(1, whisper), proto::OK);
  EXPECT_EQ(invite(1, "Bert"), proto::OK);
}

}  // namespace
}  // namespace dure::test

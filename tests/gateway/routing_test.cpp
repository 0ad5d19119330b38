// Words of owners and of chat, and what of them changes a session.
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

TEST_F(GatewayTest, WordsOfAnotherOwnerEpochOrTopicChangeNothing) {
  enter(kMina);
  cluster_.up(kDungeon);
  TopicKey topic;
  topic.place = 3;
  const auto topics_after = [&](NodeId from, std::uint64_t epoch, auto words, const std::string& bytes,
                                SessionId session) {
    words.set_session_id(session.value);
    words.add_topics(bytes);
    MeshHeader header;
    header.player_epoch = epoch;
    cluster_.say(from, words, header);
    settle();
    return gateway_.session(session_)->topics.size();
  };
  const auto subscribed = [&](NodeId from, std::uint64_t epoch, const std::string& bytes, SessionId session) {
    return topics_after(from, epoch, proto::Subscribe(), bytes, session);
  };
  const auto unsubscribed = [&](NodeId from, std::uint64_t epoch, const std::string& bytes) {
    return topics_after(from, epoch, proto::Unsubscribe(), bytes, session_);
  };
  const std::string key = encode_topic(topic);
  EXPECT_EQ(subscribed(kDungeon, 7, key, session_), 0u) << "not its owner";
  EXPECT_EQ(subscribed(kGeneral, 6, key, session_), 0u) << "of an earlier epoch";
  EXPECT_EQ(subscribed(kGeneral, 7, "no topic", session_), 0u);
  EXPECT_EQ(subscribed(kGeneral, 7, key, SessionId(999)), 0u);
  EXPECT_EQ(subscribed(kGeneral, 7, key, session_), 1u);
  EXPECT_EQ(unsubscribed(kGeneral, 6, key), 1u);
  EXPECT_EQ(unsubscribed(kDungeon, 7, key), 1u) << "not its publisher";
  EXPECT_EQ(unsubscribed(kGeneral, 7, "no topic"), 1u);
  proto::Publish publish;
  publish.set_topic("no topic");
  publish.set_frame(encode_frame(212, 0, ""));
  cluster_.say(kGeneral, publish);
  cluster_.in(TopicGapped{kMina, SessionId(999), topic});
  settle();
  EXPECT_TRUE(seen(kMina).empty());
  EXPECT_FALSE(cluster_.take<proto::TopicGap>(kGeneral));
  EXPECT_EQ(unsubscribed(kGeneral, 7, key), 0u);
  gateway_.check_invariants();
}

TEST_F(GatewayTest, OfATopicThatTwoPublishEachIsHeardUntilItGoes) {
  enter(kMina);
  TopicKey topic;
  topic.place = 3;
  const auto tell = [&](NodeId from, auto words) {
    words.set_session_id(session_.value);
    words.add_topics(encode_topic(topic));
    cluster_.say(from, words);
    settle();
  };
  const auto heard = [&](NodeId from) {
    proto::Publish publish;
    publish.set_topic(encode_topic(topic));
    publish.set_frame(encode_frame(212, 0, ""));
    cluster_.say(from, publish);
    settle();
    return seen(kMina).size();
  };
  for (const NodeId chat : {kChat, kChat2}) {
    cluster_.up(chat);
    tell(chat, proto::Subscribe());
  }
  EXPECT_EQ(heard(kChat), 1u);
  EXPECT_EQ(heard(kChat2), 1u);
  tell(kChat2, proto::Unsubscribe());
  EXPECT_EQ(heard(kChat2), 0u);
  EXPECT_EQ(heard(kChat), 1u);
  tell(kChat2, proto::Subscribe());
  tell(kChat2, proto::Subscribe());
  EXPECT_EQ(heard(kChat2), 1u) << "once, however often it says so";
  cluster_.down(kChat2);
  EXPECT_EQ(heard(kChat), 1u);
  tell(kChat, proto::Unsubscribe());
  EXPECT_EQ(heard(kChat), 0u);
  EXPECT_TRUE(gateway_.session(session_)->topics.empty());
}

TEST_F(GatewayTest, AnOwnerThatNobodyWaitsForIsToldSo) {
  enter(kMina);
  const auto told = [&](const auto& change) {
    proto::RouteSet set;
    set.set_session_id(session_.value);
    set.set_session_epoch(session_epoch_);
    set.set_player_id(50);
    set.set_player_epoch(9);
    change(set);
    cluster_.forget_sent();
    cluster_.up(kDungeon);
    cluster_.say(kDungeon, set);
    settle();
    return cluster_.take<proto::SessionLost>(kDungeon).has_value();
  };
  EXPECT_TRUE(told([](auto& set) { set.set_session_id(999); }));
  EXPECT_TRUE(told([](auto& set) { set.set_player_id(51); }));
  EXPECT_TRUE(told([&](auto& set) { set.set_session_epoch(session_epoch_ + 1); }));
  EXPECT_EQ(gateway_.session(session_)->route.owner, kGeneral);
  EXPECT_FALSE(told([](auto&) {}));
  EXPECT_EQ(gateway_.session(session_)->route.owner, kDungeon);
}

TEST_F(GatewayTest, AnOwnerThatLetsAPlayerGoForGoodEndsItsSession) {
  enter(kMina);
  proto::RouteDrop drop;
  drop.set_session_id(session_.value);
  drop.set_player_epoch(7);
  drop.set_code(proto::NOT_ALLOWED);
  drop.set_reason("banned");
  drop.set_player_epoch(6);
  cluster_.say(kGeneral, drop);
  settle();
  EXPECT_NE(gateway_.session(session_), nullptr) << "of an earlier epoch";
  drop.set_player_epoch(7);
  cluster_.say(kGeneral, drop);
  settle();
  EXPECT_EQ(gateway_.session(session_), nullptr);
  EXPECT_EQ(pick<proto::CloseNotice>(seen(kMina))->reason(), "banned");
}

TEST_F(GatewayTest, WhoWantedToLeaveAndIsDroppedIsNotWalkedBack) {
  enter(kMina);
  send(kMina, proto::LeaveWorldRequest());
  proto::RouteDrop drop;
  drop.set_session_id(session_.value);
  drop.set_player_epoch(7);
  drop.set_ask_lobby(true);
  cluster_.say(kGeneral, drop);
  settle();
  EXPECT_EQ(gateway_.session(session_), nullptr);
}

TEST_F(GatewayTest, WhoLeavesIsTakenInByNobodyMeanwhile) {
  enter(kMina);
  cluster_.up(kDungeon);
  send(kMina, proto::LeaveWorldRequest());
  cluster_.forget_sent();
  route(kDungeon, 9);
  settle();
  EXPECT_TRUE(cluster_.take<proto::SessionLost>(kDungeon));
  EXPECT_EQ(gateway_.session(session_)->route.owner, kGeneral);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kLeaving);
}

TEST_F(GatewayTest, WordsOfASessionThatIsOverAreNothing) {
  enter(kMina);
  proto::RouteHold hold;
  hold.set_session_id(999);
  hold.set_player_epoch(7);
  cluster_.say(kGeneral, hold);
  proto::RouteDrop drop;
  drop.set_session_id(999);
  drop.set_player_epoch(7);
  cluster_.say(kGeneral, drop);
  proto::Unsubscribe words;
  words.set_session_id(999);
  cluster_.say(kGeneral, words);
  settle();
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
  EXPECT_TRUE(seen(kMina).empty());
}

TEST_F(GatewayTest, AHoldOfWhoIsNotInTheWorldIsNone) {
  enter(kMina);
  send(kMina, proto::LeaveWorldRequest());
  hold(kGeneral, 7);
  settle();
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kLeaving);
}

TEST_F(GatewayTest, WhoIsSoughtAndKnownToNobodyIsSentAway) {
  enter(kMina);
  cluster_.up(kDungeon);
  route(kDungeon, 8, "run/1");
  settle();
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [](const MeshHeader&, const proto::Admit&) {
    proto::AdmitReply gone;
    gone.set_code(proto::NOT_FOUND);
    return std::optional(gone);
  });
  cluster_.down(kDungeon);
  settle();
  EXPECT_EQ(gateway_.session(session_), nullptr);
  EXPECT_EQ(pick<proto::CloseNotice>(seen(kMina))->reason(), "the character is gone");
}

TEST_F(GatewayTest, AGatewayThatStopsSeeksNobody) {
  enter(kMina);
  int asked = 0;
  cluster_.answers<proto::Attach, proto::AttachReply>(kGeneral, [&](const MeshHeader&, const proto::Attach&) {
    proto::AttachReply answer;
    answer.set_code(++asked == 1 ? proto::BUSY : proto::NOT_FOUND);
    return std::optional(answer);
  });
  int sought = 0;
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [&](const MeshHeader&, const proto::Admit&) {
    ++sought;
    return std::optional(proto::AdmitReply());
  });
  hold(kGeneral, 7);
  for (int tries = 0; asked == 0 && tries < 1000; ++tries) cluster_.run(milliseconds(10));
  cluster_.in(StopRequested{});
  for (int tries = 0; asked == 1 && tries < 1000; ++tries) cluster_.run(milliseconds(10));
  ASSERT_EQ(asked, 2) << "what was under way goes on";
  cluster_.run(milliseconds(500));
  EXPECT_EQ(sought, 0);
}

TEST_F(GatewayTest, AnOwnerThatIsAskedAfterAHoldAndStillHasThePlayerKeepsIt) {
  enter(kMina);
  int asked = 0;
  cluster_.answers<proto::Attach, proto::AttachReply>(kGeneral, [&](const MeshHeader&, const proto::Attach&) {
    ++asked;
    return std::optional(proto::AttachReply());
  });
  hold(kGeneral, 7);
  cluster_.run(seconds(4));
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(gateway_.session(session_)->route.owner, kGeneral);
  send(kMina, proto::Echo());
  EXPECT_TRUE(cluster_.take<proto::Echo>(kGeneral));
}

class ImpatientTest : public GatewayTest {
 protected:
  ImpatientTest() : GatewayTest(identity(), options()) {}
  static GatewayOptions options() {
    GatewayOptions options;
    options.walk_back_deadline = seconds(3);
    return options;
  }
};

TEST_F(ImpatientTest, WhomNoPlaceTakesBackIsSentAwayInTheEnd) {
  enter(kMina);
  cluster_.up(kDungeon);
  route(kDungeon, 8, "run/1");
  settle();
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [](const MeshHeader&, const proto::Admit&) {
    proto::AdmitReply busy;
    busy.set_code(proto::BUSY);
    return std::optional(busy);
  });
  cluster_.down(kDungeon);
  cluster_.run(seconds(2));
  EXPECT_NE(gateway_.session(session_), nullptr);
  (void)seen(kMina);
  cluster_.run(seconds(3));
  EXPECT_EQ(gateway_.session(session_), nullptr);
  const auto closed = pick<proto::CloseNotice>(seen(kMina));
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->code(), proto::BUSY);
  EXPECT_EQ(closed->reason(), "no place takes you back");
}

TEST_F(ImpatientTest, AnOwnerThatNeverKnowsIsNotAskedForEver) {
  enter(kMina);
  int asked = 0;
  cluster_.answers<proto::Attach, proto::AttachReply>(kGeneral, [&](const MeshHeader&, const proto::Attach&) {
    ++asked;
    proto::AttachReply busy;
    busy.set_code(proto::BUSY);
    return std::optional(busy);
  });
  hold(kGeneral, 7);
  cluster_.run(seconds(6));
  const int before = asked;
  EXPECT_GT(before, 5);
  cluster_.run(seconds(2));
  EXPECT_EQ(asked, before);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

}  // namespace
}  // namespace dure::test

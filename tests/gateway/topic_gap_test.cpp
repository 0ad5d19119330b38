// What happens to a subscriber that does not keep up: which frames it misses, and how it gets the state again.
#include "common/proto/client_frame.h"
#include "common/proto/cluster.pb.h"
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

class TopicGapTest : public GatewayTest {
 protected:
  // In the world, and its owner has it subscribe.
  void SetUp() override {
    enter(kMina);
    topic_.kind = TopicKind::kCell;
    topic_.cell_x = 3;
    proto::Subscribe subscribe;
    subscribe.set_session_id(session_.value);
    subscribe.add_topics(encode_topic(topic_));
    MeshHeader header;
    header.player_epoch = 7;
    cluster_.say(kGeneral, subscribe, header);
    settle();
  }
  void publish(std::size_t bytes, bool latest = false) {
    proto::Publish publish;
    publish.set_topic(encode_topic(topic_));
    publish.set_frame(encode_frame(latest ? 212 : 213, 0, std::string(bytes, latest ? 'l' : 'r')));
    publish.set_latest(latest);
    cluster_.say(kGeneral, publish);
    settle();
  }
  // Until frames of the topic find no room: how many did.
  std::size_t publish_until_full() {
    for (std::size_t i = 0; i < 30; ++i) publish(10000);
    return count(213, seen_all());
  }
  std::vector<Seen> seen_all() {
    const auto frames = seen(kMina);
    settle();
    return frames;
  }
  static std::size_t count(std::uint16_t message, const std::vector<Seen>& frames) {
    std::size_t n = 0;
    for (const auto& frame : frames) n += frame.message_id == message ? 1 : 0;
    return n;
  }
  std::optional<proto::TopicGap> asked() {
    auto gap = cluster_.take<proto::TopicGap>(kGeneral);
    return gap ? std::optional(gap->second) : std::nullopt;
  }
  void later(Duration duration) {
    cluster_.run(duration);
    port_.tick(cluster_.now);
    settle();
  }

  TopicKey topic_;
};

TEST_F(TopicGapTest, ATopicThatFindsNoRoomIsAskedForOnceThereIsRoomAndNobodyIsClosed) {
  for (int i = 0; i < 30; ++i) publish(10000);
  EXPECT_FALSE(port_.closing(kMina)) << "only a session's own frames may close it";
  EXPECT_FALSE(asked()) << "there is no room for a state yet";
  EXPECT_EQ(count(213, seen_all()), 19u) << "three quarters of 256 KiB";
  const auto gap = asked();
  ASSERT_TRUE(gap);
  EXPECT_EQ(gap->session_id(), session_.value);
  EXPECT_EQ(gap->topic(), encode_topic(topic_));
  publish(100);
  EXPECT_EQ(count(213, seen_all()), 1u) << "it goes on";
  EXPECT_FALSE(asked()) << "asked once";
}

TEST_F(TopicGapTest, AGappedTopicSaysNothingReliableBeforeItsPublisherWasAsked) {
  for (int i = 0; i < 30; ++i) publish(10000);
  // Half of it leaves; a change that builds on what was left out would be wrong.
  std::vector<std::string_view> pieces;
  port_.gather(kMina, 10, &pieces);
  std::size_t bytes = 0;
  for (const auto piece : pieces) bytes += piece.size();
  port_.wrote(kMina, bytes, cluster_.now);
  publish(50);
  publish(50, true);
  const auto frames = seen_all();
  for (const auto& frame : frames) EXPECT_TRUE(frame.message_id != 213 || frame.body.size() == 10000);
  EXPECT_EQ(count(212, frames), 1u) << "positions go on";
}

TEST_F(TopicGapTest, WhoReadsSlowlyHasTheStateSentOnceASecondAtMost) {
  publish_until_full();
  ASSERT_TRUE(asked());
  publish_until_full();
  EXPECT_FALSE(asked());
  later(milliseconds(900));
  EXPECT_FALSE(asked());
  later(milliseconds(200));
  EXPECT_TRUE(asked());
}

TEST_F(TopicGapTest, PositionsThatWereLeftOutAreAskedForToo) {
  for (int i = 0; i < 100; ++i) publish(10, true);
  const auto frames = seen_all();
  EXPECT_LE(count(212, frames), SendQueue::kBackedUp + 1);
  EXPECT_TRUE(asked()) << "who stood still since is not in the newest";
}

TEST_F(TopicGapTest, LeftOutFramesAreNotCountedAndAGappedSessionIsResumedWithFullState) {
  for (int i = 0; i < 30; ++i) publish(10000);
  port_.closed(kMina, cluster_.now);
  settle();
  open(kAgain);
  proto::ResumeRequest resume;
  resume.set_protocol_version(kProtocolVersion);
  resume.set_content_version(1);
  resume.set_session_id(session_.value);
  resume.set_resume_token(token_);
  resume.set_reliable_received(2 + 19);
  send(kAgain, resume);
  const auto reply = pick<proto::ResumeReply>(seen(kAgain));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::OK);
  EXPECT_FALSE(reply->replayed());
}

TEST_F(TopicGapTest, PositionsThatPassedWhileItWasAwayAreAskedForAfterTheReplay) {
  publish(10);
  const std::size_t received = 2 + 1;  // RouteNotice and SelectCharacterReply before
  seen_all();
  port_.closed(kMina, cluster_.now);
  settle();
  publish(10);
  publish(10, true);
  cluster_.answers<proto::Attach, proto::AttachReply>(
      kGeneral, [](const MeshHeader&, const proto::Attach&) { return std::optional(proto::AttachReply()); });
  open(kAgain);
  proto::ResumeRequest resume;
  resume.set_protocol_version(kProtocolVersion);
  resume.set_content_version(1);
  resume.set_session_id(session_.value);
  resume.set_resume_token(token_);
  resume.set_reliable_received(received);
  send(kAgain, resume);
  const auto frames = seen(kAgain);
  settle();
  EXPECT_TRUE(pick<proto::ResumeReply>(frames)->replayed());
  EXPECT_EQ(count(213, frames), 1u) << "what it missed";
  EXPECT_TRUE(asked());
}

TEST_F(TopicGapTest, EveryPublisherOfATopicIsAskedAlsoOneThatJoinedWhenOthersFramesWereLeftOutAlready) {
  for (int i = 0; i < 30; ++i) publish(10000);
  cluster_.up(kChat);
  proto::Subscribe subscribe;
  subscribe.set_session_id(session_.value);
  subscribe.add_topics(encode_topic(topic_));
  cluster_.say(kChat, subscribe);
  settle();
  seen_all();
  EXPECT_TRUE(asked());
  EXPECT_TRUE(cluster_.take<proto::TopicGap>(kChat));
}

TEST_F(TopicGapTest, AGapOfATopicItLeftIsNobodysBusiness) {
  for (int i = 0; i < 30; ++i) publish(10000);
  proto::Unsubscribe unsubscribe;
  unsubscribe.set_session_id(session_.value);
  unsubscribe.add_topics(encode_topic(topic_));
  cluster_.say(kGeneral, unsubscribe);
  settle();
  seen_all();
  EXPECT_FALSE(asked());
}

}  // namespace
}  // namespace dure::test

#include "gateway/client_port.h"

#include <gtest/gtest.h>

#include "common/proto/client_frame.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"

namespace dure {
namespace {

const ClientId kClient(1), kOther(2);
const SessionId kSession(77);

class ClientPortTest : public ::testing::Test {
 protected:
  ClientPortTest() : routes_(std::move(*Routes::build(engine_files()))), port_(routes_, options_, addresses_) {}

  std::string ping(std::uint32_t seq) { return encode_frame(112, seq, proto::Ping().SerializeAsString()); }
  void open(ClientId client = kClient) { ASSERT_TRUE(port_.opened(client, "10.0.0.1:99", now_)); }
  // Logged in, speaking for the session.
  void log_in(ClientId client = kClient, SessionId session = kSession) {
    open(client);
    port_.command(ClientAccepted{client}, now_);
    port_.command(SessionBind{client, session, true}, now_);
  }
  std::vector<ClientFrameIn> frames() {
    std::vector<Inbound> events;
    port_.take_events(&events);
    std::vector<ClientFrameIn> frames;
    for (auto& event : events)
      if (auto* frame = std::get_if<ClientFrameIn>(&event)) frames.push_back(*frame);
    return frames;
  }
  // Everything queued for the client, as written.
  std::string written(ClientId client = kClient) {
    std::vector<std::string_view> pieces;
    port_.gather(client, 100000, &pieces);
    std::string all;
    for (const auto piece : pieces) all += piece;
    port_.wrote(client, all.size(), now_);
    return all;
  }
  std::vector<ClientId> touched(MonoTime now) {
    std::vector<ClientId> touched;
    port_.take_touched(&touched, now);
    return touched;
  }
  Bytes frame(char fill, std::size_t bytes = 20) { return Bytes(encode_frame(200, 0, std::string(bytes, fill))); }

  PortOptions options_;
  AddressLimits addresses_{options_};
  Routes routes_;
  ClientPort port_;
  MonoTime now_{seconds(100)};
};

TEST_F(ClientPortTest, AFrameSplitAnywhereIsTheSameFrame) {
  proto::Ping body;
  body.set_client_time_us(123456789);
  const std::string bytes = encode_frame(112, 1, body.SerializeAsString()) + encode_frame(112, 2, "");
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    const ClientId client(100 + split);
    ASSERT_TRUE(port_.opened(client, "", now_ + seconds(static_cast<int>(split))));
    port_.received(client, bytes.substr(0, split), now_);
    port_.received(client, bytes.substr(split), now_);
    const auto got = frames();
    ASSERT_EQ(got.size(), 2u) << split;
    EXPECT_EQ(got[0].body, body.SerializeAsString());
    EXPECT_EQ(got[1].seq, 2u);
    port_.closed(client, now_);
  }
}

TEST_F(ClientPortTest, WhoSaysNothingIsClosedAndNeverTold) {
  open();
  port_.tick(now_ + milliseconds(4999));
  EXPECT_FALSE(port_.closing(kClient));
  port_.tick(now_ + seconds(5));
  EXPECT_TRUE(port_.closing(kClient));
  port_.closed(kClient, now_);
  std::vector<Inbound> events;
  port_.take_events(&events);
  for (const auto& event : events) EXPECT_TRUE(std::holds_alternative<ClientFigures>(event)) << "not of this client";
}

TEST_F(ClientPortTest, ASlowFrameIsClosed) {
  log_in();
  const std::string bytes = encode_frame(112, 1, std::string(200, 'x'));
  port_.received(kClient, bytes.substr(0, 1), now_);
  port_.tick(now_ + seconds(1));
  EXPECT_FALSE(port_.closing(kClient));
  port_.received(kClient, bytes.substr(1, 1), now_ + seconds(4));
  port_.tick(now_ + seconds(4));
  EXPECT_TRUE(port_.closing(kClient));
}

TEST_F(ClientPortTest, WhoIsNotReadFromIsNotSilent) {
  options_.rates = {};
  log_in();
  for (std::uint32_t seq = 1; seq <= options_.frames_undelivered_max; ++seq) port_.received(kClient, ping(seq), now_);
  ASSERT_FALSE(port_.reads(kClient));
  port_.tick(now_ + seconds(20));
  EXPECT_FALSE(port_.closing(kClient)) << "the logic thread takes nothing";
  port_.command(FrameCredit{kClient, 1}, now_ + seconds(20));
  port_.tick(now_ + seconds(20));
  EXPECT_FALSE(port_.closing(kClient)) << "nothing was read yet";
  port_.tick(now_ + seconds(20) + options_.heartbeat_deadline);
  EXPECT_TRUE(port_.closing(kClient));
}

TEST_F(ClientPortTest, BadLengthsAreRefusedOnTheHeader) {
  for (const std::string& bytes :
       {std::string("\xff\xff\xff\xff", 4), std::string(4, '\0'), std::string("GET / HTTP/1.1\r\n"),
        encode_frame(112, 1, std::string(1025, 'x')).substr(0, 4)}) {
    open();
    port_.received(kClient, bytes, now_);
    EXPECT_TRUE(port_.closing(kClient));
    EXPECT_FALSE(port_.reads(kClient));
    port_.closed(kClient, now_);
  }
}

TEST_F(ClientPortTest, AGapInSeqCloses) {
  open();
  port_.received(kClient, ping(1) + ping(3), now_);
  EXPECT_TRUE(port_.closing(kClient));
  EXPECT_EQ(frames().size(), 1u);
}

TEST_F(ClientPortTest, UndeliveredFramesStopReadingUntilCredit) {
  options_.rates = {};
  log_in();
  std::string many;
  for (std::uint32_t seq = 1; seq <= 100; ++seq) many += ping(seq);
  port_.received(kClient, many, now_);
  EXPECT_EQ(frames().size(), 64u);
  EXPECT_FALSE(port_.reads(kClient));
  port_.command(FrameCredit{kClient, 64}, now_);
  EXPECT_EQ(frames().size(), 36u);
  EXPECT_TRUE(port_.reads(kClient));
  EXPECT_EQ(touched(now_), std::vector<ClientId>{kClient});
}

TEST_F(ClientPortTest, TooFastIsAnsweredAndAFloodIsClosed) {
  log_in();
  std::uint32_t seq = 0;
  for (int i = 0; i < 21; ++i) port_.received(kClient, ping(++seq), now_);
  EXPECT_EQ(frames().size(), 20u);
  const std::string answer = written();
  const FrameCut cut = cut_frame(answer, 1 << 16);
  proto::ErrorReply error;
  ASSERT_TRUE(error.ParseFromString(std::string(cut.frame.body)));
  EXPECT_EQ(error.code(), proto::TOO_FAST);
  EXPECT_EQ(cut.frame.seq, 21u);
  EXPECT_GT(error.retry_after_ms(), 0u);
  for (int i = 0; i < 200; ++i) port_.received(kClient, ping(++seq), now_);
  EXPECT_TRUE(port_.closing(kClient));
}

TEST_F(ClientPortTest, TenUnknownMessagesClose) {
  log_in();
  for (std::uint32_t seq = 1; seq <= 10; ++seq) {
    EXPECT_FALSE(port_.closing(kClient));
    port_.received(kClient, encode_frame(9999, seq, ""), now_);
  }
  EXPECT_TRUE(port_.closing(kClient));
  EXPECT_TRUE(frames().empty());
}

TEST_F(ClientPortTest, AFullQueueDropsLatestFirstAndThenCloses) {
  log_in();
  for (int i = 0; i < 4; ++i) port_.command(FrameOut{kClient, kSession, frame('l', 60000), true}, now_);
  for (int i = 0; i < 4; ++i) port_.command(FrameOut{kClient, kSession, frame('r', 60000)}, now_);
  EXPECT_FALSE(port_.closing(kClient));
  const std::string bytes = written();
  EXPECT_EQ(bytes.find('l'), std::string::npos);
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 'r'), 240000);
  for (int i = 0; i < 5; ++i) port_.command(FrameOut{kClient, kSession, frame('r', 60000)}, now_);
  EXPECT_TRUE(port_.closing(kClient));
}

TEST_F(ClientPortTest, ALoggedInClientIsClosedWhenSilent) {
  log_in();
  port_.received(kClient, ping(1), now_);
  port_.tick(now_ + milliseconds(14900));
  EXPECT_FALSE(port_.closing(kClient));
  port_.tick(now_ + seconds(15));
  EXPECT_TRUE(port_.closing(kClient));
}

TEST_F(ClientPortTest, WhatIsPublishedWaitsForMoreAndAnAnswerTakesItAlong) {
  log_in();
  TopicKey topic;
  topic.place = 5;
  port_.command(TopicJoin{kClient, kSession, topic}, now_);
  EXPECT_EQ(port_.due(), MonoTime::max());
  port_.command(TopicFrame{topic, frame('a'), true}, now_);
  const MonoTime due = now_ + options_.gather_topics;
  EXPECT_EQ(port_.due(), due);
  port_.command(TopicFrame{topic, frame('b'), true}, due - Duration(1));
  EXPECT_TRUE(touched(due - Duration(1)).empty());
  EXPECT_EQ(touched(due), std::vector<ClientId>{kClient}) << "the first one's wait is over, for both";
  EXPECT_EQ(written(), std::string(frame('a').view()) + std::string(frame('b').view()));
  EXPECT_EQ(port_.due(), MonoTime::max());

  port_.command(TopicFrame{topic, frame('c'), true}, due);
  port_.command(FrameOut{kClient, kSession, frame('d'), false}, due);
  EXPECT_EQ(touched(due), std::vector<ClientId>{kClient});
  EXPECT_EQ(written(), std::string(frame('c').view()) + std::string(frame('d').view()));
}

TEST_F(ClientPortTest, ATopicFrameReachesItsSubscribersAsTheSameBytes) {
  log_in(kClient, kSession);
  log_in(kOther, SessionId(78));
  TopicKey topic;
  topic.place = 5;
  port_.command(TopicJoin{kClient, kSession, topic}, now_);
  port_.command(TopicJoin{kOther, SessionId(78), topic}, now_);
  const Bytes bytes = frame('t');
  port_.command(TopicFrame{topic, bytes}, now_);
  EXPECT_EQ(bytes.holders(), 5) << "here, two queues, two rings";
  EXPECT_EQ(written(kClient), bytes.view());
  EXPECT_EQ(written(kOther), bytes.view());
  port_.command(TopicLeave{kOther, SessionId(78), topic}, now_);
  port_.command(TopicFrame{topic, bytes}, now_);
  EXPECT_EQ(written(kOther), "");
}

TEST_F(ClientPortTest, WhatAClientConfirmsIsNotKeptForIt) {
  log_in();
  const Bytes confirmed = frame('a'), later = frame('b');
  port_.command(FrameOut{kClient, kSession, confirmed, false}, now_);
  port_.command(FrameOut{kClient, kSession, later, false}, now_);
  (void)written();
  proto::Ping ping;
  ping.set_reliable_received(3);
  port_.received(kClient, encode_frame(112, 1, ping.SerializeAsString()), now_);
  EXPECT_EQ(confirmed.holders(), 2) << "it cannot have more than were sent: not believed";
  ping.set_reliable_received(1);
  port_.received(kClient, encode_frame(112, 2, ping.SerializeAsString()), now_);
  EXPECT_EQ(confirmed.holders(), 1) << "here";
  EXPECT_EQ(later.holders(), 2) << "here and in the ring";
}

TEST_F(ClientPortTest, AResumedSessionGetsWhatItMissedAndThenWhatWaited) {
  log_in();
  port_.command(FrameOut{kClient, kSession, frame('a')}, now_);
  port_.closed(kClient, now_);
  port_.command(FrameOut{kClient, kSession, frame('b')}, now_);
  open(kOther);
  port_.command(SessionTake{kClient, kSession}, now_);
  std::vector<Inbound> events;
  port_.take_events(&events);
  const auto* taken = std::get_if<SessionTaken>(&events.back());
  ASSERT_NE(taken, nullptr);
  EXPECT_TRUE(taken->found);
  EXPECT_EQ(taken->sent, 2u);
  ClientPort another(routes_, options_, addresses_, 1);  // the other IO thread
  ASSERT_TRUE(another.opened(kOther, "", now_));
  another.command(SessionBind{kOther, kSession, false}, now_);
  another.command(FrameOut{kOther, kSession, frame('c')}, now_);
  SessionResumed resumed;
  resumed.client = kOther;
  resumed.session = kSession;
  resumed.reliable_received = 1;
  resumed.sent = taken->sent;
  resumed.ring = taken->ring;
  another.command(resumed, now_);
  std::vector<std::string_view> pieces;
  another.gather(kOther, 10, &pieces);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0], frame('b').view());
  EXPECT_EQ(pieces[1], frame('c').view());
}

TEST_F(ClientPortTest, WhoResumesHasWhatItsLastSocketHadLeftOfItsRates) {
  const auto move = [](std::uint32_t seq) {
    return encode_frame(static_cast<std::uint16_t>(route_id(proto::MoveTo::descriptor())), seq, "");
  };
  // How many of many are taken.
  const auto taken_of = [&](ClientPort& port, ClientId client) {
    for (std::uint32_t seq = 1; seq <= 60; ++seq) port.received(client, move(seq), now_);
    std::vector<Inbound> events;
    port.take_events(&events);
    return std::count_if(events.begin(), events.end(),
                         [](const auto& event) { return std::holds_alternative<ClientFrameIn>(event); });
  };
  const auto resume = [&](ClientPort& to, ClientId old, ClientId client) {
    ASSERT_TRUE(to.opened(client, "", now_));
    port_.command(SessionTake{old, kSession}, now_);
    std::vector<Inbound> events;
    port_.take_events(&events);
    const auto* taken = std::get_if<SessionTaken>(&events.back());
    ASSERT_NE(taken, nullptr);
    to.command(SessionBind{client, kSession, false}, now_);
    SessionResumed resumed;
    resumed.client = client;
    resumed.session = kSession;
    resumed.limits_full_at = taken->limits_full_at;
    to.command(resumed, now_);
  };
  log_in();
  EXPECT_EQ(taken_of(port_, kClient), 40);
  resume(port_, kClient, kOther);
  EXPECT_EQ(taken_of(port_, kOther), 0) << "its socket was still there";
  port_.closed(kOther, now_);
  now_ += milliseconds(500);
  ClientPort another(routes_, options_, addresses_, 1);
  resume(another, kOther, ClientId(3));
  EXPECT_EQ(taken_of(another, ClientId(3)), 10) << "what has come back since";
}

TEST_F(ClientPortTest, TheWordWhyASocketIsClosedIsNoneOfItsSession) {
  log_in();
  port_.command(FrameOut{kClient, kSession, frame('a')}, now_);
  port_.received(kClient, ping(2), now_);
  ASSERT_TRUE(port_.closing(kClient));
  EXPECT_GT(written().size(), frame('a').size()) << "it is told";
  port_.command(SessionTake{kClient, kSession}, now_);
  std::vector<Inbound> events;
  port_.take_events(&events);
  const auto* taken = std::get_if<SessionTaken>(&events.back());
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(taken->sent, 1u) << "a client does not count it either";
  ASSERT_EQ(taken->ring.size(), 1u);
  EXPECT_EQ(taken->ring[0].view(), frame('a').view());
}

TEST_F(ClientPortTest, OneAddressMayNotTakeAllConnections) {
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < 12; ++i) refused += port_.opened(ClientId(500 + i), "10.9.9.9:1", now_) ? 0 : 1;
  EXPECT_EQ(refused, 4u);
  EXPECT_TRUE(port_.opened(ClientId(600), "10.9.9.8:1", now_));
}

TEST_F(ClientPortTest, TheLimitsOfAnAddressHoldForTheWholeGateway) {
  ClientPort another(routes_, options_, addresses_, 1);  // where the kernel puts every second connection
  std::uint32_t let_in = 0;
  for (std::uint32_t i = 0; i < 12; ++i) {
    ClientPort& port = i % 2 == 0 ? port_ : another;
    let_in += port.opened(ClientId(500 + i), "10.9.9.9:1", now_) ? 1 : 0;
  }
  EXPECT_EQ(let_in, 8u);
  another.command(ClientAccepted{ClientId(501)}, now_);
  EXPECT_TRUE(port_.opened(ClientId(600), "10.9.9.9:1", now_)) << "one of them has logged in";
  EXPECT_FALSE(another.opened(ClientId(601), "10.9.9.9:1", now_));
}

TEST_F(ClientPortTest, ItsFiguresAreToldOnceASecond) {
  log_in();
  port_.tick(now_);
  port_.command(FrameOut{kClient, kSession, frame('x', 988)}, now_);
  open(kOther);
  port_.received(kOther, "GET / HTTP/1.1\r\n", now_);
  for (std::uint32_t i = 0; i < 9; ++i) (void)port_.opened(ClientId(700 + i), "10.9.9.9:1", now_);
  std::vector<Inbound> events;
  for (int i = 0; i < 20; ++i) port_.tick(now_ + milliseconds(50 * i));
  port_.take_events(&events);
  EXPECT_EQ(std::count_if(events.begin(), events.end(),
                          [](const auto& event) { return std::holds_alternative<ClientFigures>(event); }),
            1);
  port_.tick(now_ + seconds(1));
  events.clear();
  port_.take_events(&events);
  const auto* told = std::get_if<ClientFigures>(&events.back());
  ASSERT_NE(told, nullptr);
  const std::map<std::string, std::uint64_t> values(told->values.begin(), told->values.end());
  EXPECT_EQ(values.at("connections"), 10u);
  EXPECT_EQ(values.at("send_queue_bytes_max"), 1000u);
  EXPECT_EQ(values.at("closed_not_a_frame"), 1u);
  EXPECT_EQ(values.at("refused_by_address"), 1u);
}

TEST(AddressKey, IsTheAddressOrItsNetwork) {
  EXPECT_EQ(address_key("10.1.2.3:4000"), "10.1.2.3");
  EXPECT_EQ(address_key("[2001:db8:1:2:3::4]:5"), "2001:db8:1:2");
  EXPECT_TRUE(is_loopback("127.0.3.4:1"));
  EXPECT_TRUE(is_loopback("[::1]:1"));
  EXPECT_FALSE(is_loopback("10.0.0.1:1"));
}

}  // namespace
}  // namespace dure

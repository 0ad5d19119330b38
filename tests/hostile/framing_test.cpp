// Bytes of strangers at a client port: what they cost, and that nobody else notices.
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "common/proto/client_frame.h"
#include "common/proto/gateway.pb.h"
#include "gateway/client_port.h"

namespace dure {
namespace {

const ClientId kHostile(1), kHonest(2);

class HostileFraming : public ::testing::Test {
 protected:
  HostileFraming() : routes_(std::move(*Routes::build(engine_files()))) {}

  void open(ClientId client, const std::string& address = "10.0.0.1:99") {
    ASSERT_TRUE(port().opened(client, address, now_));
  }
  void log_in(ClientId client) {
    open(client, "10.0.0." + std::to_string(client.value) + ":99");
    port().command(ClientAccepted{client}, now_);
    port().command(SessionBind{client, SessionId(client.value * 10), true}, now_);
  }
  static std::string ping(std::uint32_t seq) { return encode_frame(112, seq, ""); }
  std::map<ClientId, std::size_t> delivered() {
    std::vector<Inbound> events;
    port().take_events(&events);
    std::map<ClientId, std::size_t> frames;
    for (auto& event : events)
      if (auto* frame = std::get_if<ClientFrameIn>(&event)) ++frames[frame->client];
    return frames;
  }
  // Made at its first use, so that a test may change the options before.
  ClientPort& port() {
    if (!port_) port_ = std::make_unique<ClientPort>(routes_, options_, addresses_);
    return *port_;
  }

  PortOptions options_;
  AddressLimits addresses_{options_};
  Routes routes_;
  std::unique_ptr<ClientPort> port_;
  MonoTime now_{seconds(100)};
};

TEST_F(HostileFraming, TenThousandFramesInOneSegmentGoInSixtyFourAtATime) {
  options_.rates = {};
  log_in(kHostile);
  log_in(kHonest);
  std::string segment;
  for (std::uint32_t seq = 1; seq <= 10000; ++seq) segment += ping(seq);
  port().received(kHostile, segment, now_);
  port().received(kHonest, ping(1), now_);
  auto frames = delivered();
  EXPECT_EQ(frames[kHostile], 64u);
  EXPECT_EQ(frames[kHonest], 1u);
  EXPECT_FALSE(port().reads(kHostile));
  std::size_t all = 64;
  for (int turn = 0; turn < 1000 && all < 10000; ++turn) {
    port().command(FrameCredit{kHostile, 64}, now_);
    const std::size_t got = delivered()[kHostile];
    ASSERT_LE(got, 64u);
    all += got;
  }
  EXPECT_EQ(all, 10000u);
}

TEST_F(HostileFraming, TenThousandFramesAboveTheirRateCloseTheirSenderOnly) {
  log_in(kHostile);
  log_in(kHonest);
  std::string segment;
  for (std::uint32_t seq = 1; seq <= 10000; ++seq) segment += ping(seq);
  port().received(kHostile, segment, now_);
  EXPECT_TRUE(port().closing(kHostile));
  EXPECT_LE(delivered()[kHostile], 64u);
  port().received(kHonest, ping(1), now_);
  EXPECT_EQ(delivered()[kHonest], 1u);
}

TEST_F(HostileFraming, AFrameThatIsNeverFinishedIsNoEvent) {
  log_in(kHostile);
  std::string bytes = encode_frame(112, 1, std::string(60 << 10, 'x'));
  port().received(kHostile, bytes.substr(0, 10), now_);
  port().closed(kHostile, now_);
  EXPECT_TRUE(delivered().empty());
  EXPECT_FALSE(port().reads(kHostile)) << "forgotten";
}

TEST_F(HostileFraming, OtherProtocolsAreClosedAtTheirFirstBytes) {
  const std::vector<std::string> greetings{
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),             // TLS 1.2 hello
      std::string("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL", 16),     // ZMTP 3.0 greeting
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",                                         // HTTP
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",                                          // HTTP/2
      "SSH-2.0-OpenSSH_9.2\r\n",                                                   //
      std::string("\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01", 12),         // RDP
      std::string("\x00\x00\x00\x85\xff\x53\x4d\x42\x72\x00\x00\x00\x00\x18", 14)  // SMB
  };
  for (const auto& greeting : greetings) {
    open(kHostile);
    port().received(kHostile, greeting, now_);
    EXPECT_TRUE(port().closing(kHostile)) << testing::PrintToString(greeting);
    port().closed(kHostile, now_);
    now_ += seconds(1);
  }
  EXPECT_TRUE(delivered().empty());
}

TEST_F(HostileFraming, RandomBytesNeverReachTheLogicUnseen) {
  Rng rng(5);
  for (std::uint32_t round = 0; round < 300; ++round, now_ += seconds(1)) {
    const ClientId client(1000 + round);
    open(client);
    std::string noise(4 + rng.below(2000), '\0');
    for (char& c : noise) c = static_cast<char>(rng.below(256));
    port().received(client, noise, now_);
    port().tick(now_ + seconds(10));
    EXPECT_TRUE(port().closing(client)) << round;
    port().closed(client, now_);
  }
  EXPECT_TRUE(delivered().empty());
}

TEST_F(HostileFraming, ASequenceThatRepeatsSkipsOrBeginsElsewhereCloses) {
  const std::vector<std::vector<std::uint32_t>> wrong{{0}, {2}, {1, 1}, {1, 3}, {1, 2, 1}, {4294967295u}, {1, 0}};
  for (const auto& sequence : wrong) {
    open(kHostile);
    for (const std::uint32_t seq : sequence) port().received(kHostile, ping(seq), now_);
    EXPECT_TRUE(port().closing(kHostile)) << testing::PrintToString(sequence);
    EXPECT_EQ(delivered()[kHostile], sequence.size() - 1);
    port().closed(kHostile, now_);
    now_ += seconds(1);
  }
}

TEST_F(HostileFraming, AQueueThatStaysFullForFiveSecondsCloses) {
  log_in(kHostile);
  const Bytes frame(encode_frame(200, 0, std::string(50000, 'x')));
  for (int i = 0; i < 4; ++i) port().command(FrameOut{kHostile, SessionId(10), frame}, now_);
  port().tick(now_ + milliseconds(4900));
  EXPECT_FALSE(port().closing(kHostile));
  port().tick(now_ + milliseconds(5100));
  EXPECT_TRUE(port().closing(kHostile));
  std::vector<std::string_view> pieces;
  port().gather(kHostile, 100, &pieces);
  EXPECT_TRUE(pieces.empty()) << "what it never read is freed at once";
}

TEST_F(HostileFraming, OneCostlyCallRepeatedIsRefusedThenClosedWhileOthersPass) {
  log_in(kHostile);
  log_in(kHonest);
  const auto costly = static_cast<std::uint16_t>(route_id(proto::SelectCharacterRequest::descriptor()));
  std::uint32_t seq = 0;
  for (int i = 0; i < 50; ++i) port().received(kHostile, encode_frame(costly, ++seq, ""), now_);
  EXPECT_EQ(delivered()[kHostile], 12u);
  EXPECT_FALSE(port().closing(kHostile));
  port().received(kHostile, ping(++seq), now_);
  EXPECT_EQ(delivered()[kHostile], 1u) << "cheap frames have a bucket of their own";
  for (int i = 0; i < 100; ++i) port().received(kHostile, encode_frame(costly, ++seq, ""), now_);
  EXPECT_TRUE(port().closing(kHostile));
  port().received(kHonest, encode_frame(costly, 1, ""), now_);
  EXPECT_EQ(delivered()[kHonest], 1u);
}

TEST_F(HostileFraming, TwentyConnectionsASecondOfOneAddressAndTheNextOnesAreRefused) {
  std::uint64_t next = 1000;
  std::size_t let_in = 0;
  for (int i = 0; i < 500; ++i) {
    const ClientId client(next++);
    if (!port().opened(client, "10.7.7.7:" + std::to_string(1000 + i), now_)) continue;
    ++let_in;
    port().closed(client, now_);  // at once, so that only the rate counts
  }
  EXPECT_EQ(let_in, 40u);
  now_ += seconds(1);
  for (int i = 0; i < 500; ++i) let_in += port().opened(ClientId(next++), "10.7.7.7:1", now_) ? 1 : 0;
  EXPECT_EQ(let_in, 48u) << "eight before login";
  EXPECT_TRUE(port().opened(ClientId(next), "10.7.7.8:1", now_)) << "a neighbour";
}

}  // namespace
}  // namespace dure

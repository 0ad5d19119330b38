// A ClientPort behind a WebSocket's door, byte by byte: what comes through, and what strangers get.
#include "gateway/web_socket_port.h"

#include <gtest/gtest.h>

#include "common/proto/client_frame.h"
#include "common/proto/gateway.pb.h"

namespace dure {
namespace {

const ClientId kWeb(1), kPlain(2);
const SessionId kSession(77);
const std::string kRequest =
    "GET /play HTTP/1.1\r\nHost: game.example\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Origin: https://game.example\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

std::string without(std::string text, const std::string& what, const std::string& by = "") {
  const auto at = text.find(what);
  EXPECT_NE(at, text.npos) << what;
  return text.replace(at, what.size(), by);
}

class WebSocketPortTest : public ::testing::Test {
 protected:
  WebSocketPortTest()
      : routes_(std::move(*Routes::build(engine_files()))),
        inner_(routes_, options_, addresses_),
        port_(inner_, options_) {}

  void open(ClientId client = kWeb) { ASSERT_TRUE(port_.opened_web(client, "10.0.0.1:99", now_)); }
  void upgrade(ClientId client = kWeb) {
    open(client);
    port_.received(client, kRequest, now_);
    ASSERT_EQ(written(client).substr(0, 12), "HTTP/1.1 101");
  }
  void log_in(ClientId client = kWeb) {
    upgrade(client);
    port_.command(ClientAccepted{client}, now_);
    port_.command(SessionBind{client, kSession, true}, now_);
  }
  std::string message(const std::string& frame) {
    std::string bytes;
    browser_.put_binary(frame.substr(4), &bytes);
    return bytes;
  }
  static std::string ping(std::uint32_t seq) { return encode_frame(112, seq, ""); }
  static std::string raw(int first, const std::string& payload) {
    return std::string(1, static_cast<char>(first)) + static_cast<char>(0x80 | payload.size()) + std::string(4, '\0') +
           payload;
  }
  void say(const std::string& bytes, ClientId client = kWeb) { port_.received(client, bytes, now_); }
  std::size_t delivered() {
    std::vector<Inbound> events;
    port_.take_events(&events);
    std::size_t frames = 0;
    for (auto& event : events) frames += std::holds_alternative<ClientFrameIn>(event);
    return frames;
  }
  // All that is written until nothing is left, a few bytes at a time.
  std::string written(ClientId client = kWeb) {
    std::string all;
    for (;;) {
      std::vector<std::string_view> pieces;
      port_.gather(client, 64, &pieces);
      if (pieces.empty()) return all;
      const std::string some(pieces.front().substr(0, 1000));
      all += some;
      port_.wrote(client, some.size(), now_);
    }
  }
  // What the browser makes of them: the messages, then the code it was closed with.
  std::pair<std::vector<std::string>, std::uint16_t> heard(ClientId client = kWeb) {
    const std::string bytes = written(client);
    std::pair<std::vector<std::string>, std::uint16_t> all;
    browser_.append(bytes);
    for (;;) {
      const auto read = browser_.next(1 << 20);
      if (read.event == WebSocketCodec::Event::kNone) return all;
      if (read.event == WebSocketCodec::Event::kBinary) all.first.emplace_back(read.payload);
      if (read.event == WebSocketCodec::Event::kPong) all.first.push_back("pong " + std::string(read.payload));
      if (read.event == WebSocketCodec::Event::kClose) all.second = read.code;
    }
  }
  std::uint16_t closed_with(ClientId client = kWeb) {
    EXPECT_TRUE(port_.closing(client));
    return heard(client).second;
  }

  PortOptions options_;
  AddressLimits addresses_{options_};
  Routes routes_;
  ClientPort inner_;
  WebSocketPort port_;
  WebSocketCodec browser_{WebSocketCodec::Side::kClient, 5};
  MonoTime now_{seconds(100)};
};

TEST_F(WebSocketPortTest, ARequestAndItsFramesSplitAnywhereAreTheSame) {
  const std::string bytes = kRequest + message(ping(1)) + message(ping(2));
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    const ClientId client(100 + split);
    now_ += seconds(1);
    open(client);
    if (split > 0) say(bytes.substr(0, split), client);
    if (split < bytes.size()) say(bytes.substr(split), client);
    EXPECT_EQ(delivered(), 2u) << split;
    EXPECT_NE(written(client).find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos);
    port_.closed(client, now_);
  }
  EXPECT_EQ(port_.clients(), 0u);
  EXPECT_EQ(inner_.clients(), 0u);
}

TEST_F(WebSocketPortTest, WhatASessionIsSentComesAsOneMessageAFrame) {
  log_in();
  const Bytes small(encode_frame(200, 3, "small")), big(encode_frame(200, 0, std::string(60000, 'b')));
  for (const Bytes& frame : {small, big, small}) port_.command(FrameOut{{}, kSession, frame, false}, now_);
  const auto [messages, code] = heard();
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0], small.view().substr(4));
  EXPECT_EQ(messages[1], big.view().substr(4));
  EXPECT_EQ(messages[2], small.view().substr(4));
  EXPECT_EQ(code, 0);
}

TEST_F(WebSocketPortTest, APlainClientBesideItIsThePortsAlone) {
  upgrade();
  ASSERT_TRUE(port_.opened(kPlain, "10.0.0.2:1", now_));
  say(ping(1), kPlain);
  say(raw(0x81, "text"));
  EXPECT_EQ(delivered(), 1u);
  EXPECT_TRUE(port_.closing(kWeb));
  EXPECT_FALSE(port_.closing(kPlain));
  port_.command(FrameOut{kPlain, {}, Bytes(encode_frame(200, 0, "x")), false}, now_);
  EXPECT_EQ(written(kPlain), encode_frame(200, 0, "x"));
}

TEST_F(WebSocketPortTest, WhatIsNoUpgradeIsAnsweredWithItsHttpStatus) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {without(kRequest, "GET", "POST"), "405"},
      {without(kRequest, "HTTP/1.1", "HTTP/1.0"), "505"},
      {without(kRequest, "Host: game.example\r\n"), "400"},
      {without(kRequest, "Upgrade: WebSocket\r\n"), "426"},
      {without(kRequest, ", Upgrade\r\n", "\r\n"), "426"},
      {without(kRequest, "Version: 13", "Version: 8"), "426"},
      {without(kRequest, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), "400"},
      {without(kRequest, "ZQ==", "ZQ="), "400"},
      {without(kRequest, "Origin: https://game.example", "Content-Length: 5"), "400"},
      {without(kRequest, "Origin: https://game.example", "Transfer-Encoding: chunked"), "400"},
      {without(kRequest, "Origin:", "Orig in\x01:"), "400"},
      {without(kRequest, "https://game.example", std::string(5000, 'o')), "431"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), "400"},
      {encode_frame(112, 1, "body"), "400"},
  };
  for (const auto& [request, status] : cases) {
    open();
    say(request);
    EXPECT_TRUE(port_.closing(kWeb)) << request.substr(0, 60);
    EXPECT_EQ(written().substr(0, 12), "HTTP/1.1 " + status) << request.substr(0, 60);
    EXPECT_EQ(delivered(), 0u);
    port_.closed(kWeb, now_);
  }
}

TEST_F(WebSocketPortTest, AHeadThatIsNotWholeInFiveSecondsIsTooLate) {
  open();
  say(kRequest.substr(0, 50));
  port_.tick(now_ + milliseconds(4999));
  EXPECT_FALSE(port_.closing(kWeb));
  port_.tick(now_ + seconds(5));
  EXPECT_TRUE(port_.closing(kWeb));
  EXPECT_EQ(written().substr(0, 12), "HTTP/1.1 408");
}

TEST_F(WebSocketPortTest, AnUpgradeWithoutAFrameIsClosedLikeAnySilence) {
  upgrade();
  port_.tick(now_ + seconds(5));
  EXPECT_EQ(closed_with(), WebSocketCodec::kPolicy);
}

TEST_F(WebSocketPortTest, BadMessagesAreClosedWithTheirCodesAndWhatCameBeforeCounts) {
  const std::vector<std::pair<std::string, std::uint16_t>> cases = {
      {raw(0x81, "text"), 1003},
      {ping(1), 1002},                                                // a plain client's frame
      {message(encode_frame(112, 2, std::string(1025, 'x'))), 1009},  // before login
      {message(std::string("\4\0\0\0\1\0\0\0", 8)), 1008},            // shorter than a frame's head
      {message(encode_frame(112, 7, "")), 1000},                      // seq out of order: a CloseNotice says so
      {raw(0x88, std::string("\x03\xe9", 2)), 1001},                  // a goodbye is returned
      {raw(0x02, "never") + raw(0x82, "whole"), 1002},
  };
  for (const auto& [bytes, code] : cases) {
    now_ += seconds(1);
    upgrade();
    say(message(ping(1)) + bytes);
    EXPECT_EQ(delivered(), 1u);
    EXPECT_EQ(closed_with(), code) << testing::PrintToString(bytes.substr(0, 30));
    port_.closed(kWeb, now_);
  }
}

TEST_F(WebSocketPortTest, PingsAreAnsweredAndAFloodOfThemIsNot) {
  log_in();
  say(raw(0x89, "one") + raw(0x8A, "unasked") + raw(0x89, "two"));
  EXPECT_EQ(heard().first, (std::vector<std::string>{"pong one", "pong two"}));
  std::string flood;
  for (int i = 0; i < 30; ++i) flood += raw(0x89, std::string(125, 'p'));
  say(flood);
  EXPECT_EQ(closed_with(), WebSocketCodec::kPolicy);
  EXPECT_EQ(delivered(), 0u);
}

TEST_F(WebSocketPortTest, AMessageOfFragmentsIsOneFrameAndAThousandFragmentsAreAFlood) {
  log_in();
  const std::string frame = ping(1).substr(4);
  say(raw(0x02, frame.substr(0, 3)) + raw(0x00, frame.substr(3, 2)) + raw(0x80, frame.substr(5)));
  EXPECT_EQ(delivered(), 1u);
  std::string bomb = raw(0x02, "");
  for (int i = 0; i < 1000; ++i) bomb += raw(0x00, "");
  say(bomb);
  EXPECT_EQ(closed_with(), WebSocketCodec::kPolicy);
}

TEST_F(WebSocketPortTest, ASlowMessageIsClosedAndPingsInItDoNotMakeItYounger) {
  log_in();
  say(raw(0x02, std::string(100, 'x')));
  now_ += seconds(1);
  say(raw(0x89, "alive"));
  port_.tick(now_);
  EXPECT_FALSE(port_.closing(kWeb));
  now_ += seconds(2);
  port_.tick(now_);  // 100 bytes in 3 s
  EXPECT_EQ(closed_with(), WebSocketCodec::kPolicy);
}

TEST_F(WebSocketPortTest, WhoDoesNotReadKeepsNoMoreThanAPlainClientAndIsClosed) {
  log_in();
  const Bytes frame(encode_frame(200, 0, std::string(1000, 'x')));
  std::size_t given = 0;
  while (!port_.closing(kWeb) && given < 10000) {
    port_.command(FrameOut{{}, kSession, frame, false}, now_);
    std::vector<std::string_view> pieces;
    port_.gather(kWeb, 64, &pieces);
    ++given;
  }
  EXPECT_TRUE(port_.closing(kWeb));
  EXPECT_LE(given * frame.size(), options_.queue_bytes_max + (20u << 10));
}

TEST_F(WebSocketPortTest, AHundredFramesInOneSegmentGoSixtyFourAtATime) {
  options_.rates = {};
  log_in();
  std::string many;
  for (std::uint32_t seq = 1; seq <= 100; ++seq) many += message(ping(seq));
  say(many);
  EXPECT_EQ(delivered(), 64u);
  EXPECT_FALSE(port_.reads(kWeb));
  port_.command(FrameCredit{kWeb, 64}, now_);
  EXPECT_EQ(delivered(), 36u);
}

TEST_F(WebSocketPortTest, RandomBytesAfterTheUpgradeEndInACloseAndNeverInAnEvent) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    now_ += seconds(1);
    upgrade();
    Rng rng(seed);
    while (!port_.closing(kWeb)) {
      std::string bytes(1 + rng.below(100), '\0');
      for (char& byte : bytes) byte = static_cast<char>(rng.next());
      say(bytes);
      now_ += milliseconds(200);
      port_.tick(now_);
    }
    EXPECT_GE(closed_with(), 1000);
    EXPECT_EQ(delivered(), 0u);
    port_.closed(kWeb, now_);
  }
}

}  // namespace
}  // namespace dure

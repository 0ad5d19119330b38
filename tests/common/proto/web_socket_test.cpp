#include <gtest/gtest.h>

#include <vector>

#include "common/proto/web_socket_codec.h"
#include "common/proto/web_socket_key.h"

namespace dure {
namespace {

using Event = WebSocketCodec::Event;
constexpr std::size_t kMost = 1000;

std::string hex(const std::array<std::uint8_t, 20>& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

struct Heard {
  std::vector<Event> events;
  std::vector<std::string> payloads;
  std::uint16_t code = 0;
};
Heard hear(WebSocketCodec& codec, std::string_view bytes) {
  Heard heard;
  codec.append(bytes);
  for (;;) {
    const auto read = codec.next(kMost);
    if (read.event == Event::kNone) return heard;
    heard.events.push_back(read.event);
    heard.payloads.emplace_back(read.payload);
    heard.code = read.code;
  }
}
Heard hear_once(const std::string& bytes) {
  WebSocketCodec server(WebSocketCodec::Side::kServer);
  return hear(server, bytes);
}
// A client's frame with a mask of zeros.
std::string frame(int first, std::size_t length, const std::string& payload) {
  std::string bytes(1, static_cast<char>(first));
  if (length < 126) {
    bytes += static_cast<char>(0x80 | length);
  } else {
    bytes += static_cast<char>(0x80 | 126);
    bytes += static_cast<char>(length >> 8);
    bytes += static_cast<char>(length);
  }
  return bytes + std::string(4, '\0') + payload;
}
std::string frame(int first, const std::string& payload) { return frame(first, payload.size(), payload); }

TEST(WebSocketKey, HashesAsTheRfcSays) {
  EXPECT_EQ(hex(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(hex(sha1(std::string(1000000, 'a'))), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(WebSocketKey, AcceptsTheKeyOfTheRfc) {
  EXPECT_EQ(web_socket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(web_socket_key("the sample nonce"), "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_TRUE(is_web_socket_key("dGhlIHNhbXBsZSBub25jZQ=="));
  for (const char* wrong : {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25!ZQ==",
                            "dGhlIHNhbXBsZSBub25jZQ==,dGhlIHNhbXBsZSBub25jZQ=="})
    EXPECT_FALSE(is_web_socket_key(wrong)) << wrong;
}

TEST(WebSocketCodec, MessagesOfAllLengthsComeThroughBothWaysSplitAnywhere) {
  WebSocketCodec client(WebSocketCodec::Side::kClient, 7), server(WebSocketCodec::Side::kServer);
  for (const std::size_t size : {0, 1, 125, 126, 127, 999}) {
    const std::string payload(size, static_cast<char>('a' + size % 26));
    std::string out, back;
    client.put_binary(payload, &out);
    for (std::size_t split = 0; split <= out.size(); split += 1 + split / 20) {
      WebSocketCodec fresh(WebSocketCodec::Side::kServer);
      auto heard = hear(fresh, std::string_view(out).substr(0, split));
      EXPECT_EQ(fresh.unfinished(), split != 0 && split != out.size());
      const auto rest = hear(fresh, std::string_view(out).substr(split));
      heard.payloads.insert(heard.payloads.end(), rest.payloads.begin(), rest.payloads.end());
      ASSERT_EQ(heard.payloads, std::vector<std::string>{payload}) << size << " split at " << split;
      EXPECT_FALSE(fresh.unfinished());
    }
    server.put_binary(payload, &back);
    EXPECT_EQ(hear(client, back).payloads, std::vector<std::string>{payload});
  }
  std::string big;
  server.put_binary(std::string(70000, 'x'), &big);
  EXPECT_EQ(big.size(), 70010u);
}

TEST(WebSocketCodec, FragmentsMakeOneMessageWithPingsBetweenThem) {
  const auto heard = hear_once(frame(0x02, "he") + frame(0x89, "now") + frame(0x00, "ll") + frame(0x80, "o"));
  EXPECT_EQ(heard.events, (std::vector<Event>{Event::kPart, Event::kPing, Event::kPart, Event::kBinary}));
  EXPECT_EQ(heard.payloads[1], "now");
  EXPECT_EQ(heard.payloads[3], "hello");
}

TEST(WebSocketCodec, WhatBreaksTheRulesGetsItsCloseCodeAndNothingIsHeardAfterIt) {
  std::string unmasked;
  WebSocketCodec(WebSocketCodec::Side::kServer).put_binary("hello", &unmasked);
  const std::vector<std::pair<std::string, std::uint16_t>> cases = {
      {frame(0x81, "text"), WebSocketCodec::kUnsupported},
      {unmasked, WebSocketCodec::kProtocolError},
      {frame(0xC2, "reserved bit"), WebSocketCodec::kProtocolError},
      {frame(0x83, "reserved opcode"), WebSocketCodec::kProtocolError},
      {frame(0x8B, "reserved control"), WebSocketCodec::kProtocolError},
      {frame(0x80, "continues nothing"), WebSocketCodec::kProtocolError},
      {frame(0x02, "begun") + frame(0x82, "and again"), WebSocketCodec::kProtocolError},
      {frame(0x09, "ping in two"), WebSocketCodec::kProtocolError},
      {frame(0x89, std::string(126, 'p')), WebSocketCodec::kProtocolError},
      {frame(0x88, "x"), WebSocketCodec::kProtocolError},
      {frame(0x88, std::string("\x03\xed", 2)), WebSocketCodec::kProtocolError},  // 1005 is never sent
      {std::string("\x82\xfe\x00\x05", 4) + std::string(9, '\0'), WebSocketCodec::kProtocolError},  // 5 written long
      {std::string("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10) + std::string(5, 'x'),
       WebSocketCodec::kProtocolError},
      {std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10) + std::string(5, 'x'), WebSocketCodec::kTooBig},
      {frame(0x82, kMost + 1, "x"), WebSocketCodec::kTooBig},  // at its first byte
      {frame(0x02, std::string(kMost, 'x')) + frame(0x80, 1, "x"), WebSocketCodec::kTooBig},
  };
  for (const auto& [bytes, code] : cases) {
    WebSocketCodec server(WebSocketCodec::Side::kServer);
    const auto heard = hear(server, bytes + frame(0x82, "after"));
    ASSERT_FALSE(heard.events.empty());
    EXPECT_EQ(heard.events.back(), Event::kBad) << testing::PrintToString(bytes.substr(0, 40));
    EXPECT_EQ(heard.code, code) << testing::PrintToString(bytes.substr(0, 40));
    EXPECT_TRUE(hear(server, frame(0x82, "later")).events.empty());
  }
}

TEST(WebSocketCodec, AGoodbyeHasItsCodeOrNone) {
  auto heard = hear_once(frame(0x88, std::string("\x03\xe8", 2) + "bye"));
  EXPECT_EQ(heard.events, std::vector<Event>{Event::kClose});
  EXPECT_EQ(heard.code, WebSocketCodec::kNormal);
  heard = hear_once(frame(0x88, ""));
  EXPECT_EQ(heard.events, std::vector<Event>{Event::kClose});
  EXPECT_EQ(heard.code, WebSocketCodec::kNoCode);
}

}  // namespace
}  // namespace dure

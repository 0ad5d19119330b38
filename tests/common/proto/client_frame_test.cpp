#include "common/proto/client_frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/random.h"

namespace dure {
namespace {

constexpr std::size_t kBodyMax = 1024;

struct Seen {
  std::uint16_t id;
  std::uint32_t seq;
  std::string body;
  bool operator==(const Seen&) const = default;
};

// Feeds pieces as a connection would: append, cut as long as something is whole.
struct Reader {
  std::string kept;
  std::vector<Seen> frames;
  bool bad = false;
  void take(std::string_view piece) {
    kept += piece;
    for (;;) {
      const FrameCut cut = cut_frame(kept, kBodyMax);
      bad |= cut.state == FrameState::kBad;
      if (cut.state != FrameState::kWhole) return;
      frames.push_back({cut.frame.message_id, cut.frame.seq, std::string(cut.frame.body)});
      kept.erase(0, cut.bytes);
    }
  }
};

std::string three_frames(std::vector<Seen>* expected) {
  *expected = {{100, 1, "hello"}, {7, 2, ""}, {65535, 0xffffffffu, std::string(kBodyMax, '\xff')}};
  std::string bytes;
  for (const auto& f : *expected) bytes += encode_frame(f.id, f.seq, f.body);
  return bytes;
}

TEST(ClientFrame, LooksOnTheWireAsDrawn) {
  const std::string bytes = encode_frame(0x1234, 0x01020304, "xy");
  EXPECT_EQ(bytes, std::string("\x0a\x00\x00\x00\x34\x12\x00\x00\x04\x03\x02\x01xy", 14));
}

TEST(ClientFrame, SplitAtEveryOffsetGivesTheSameFrames) {
  std::vector<Seen> expected;
  const std::string bytes = three_frames(&expected);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    Reader reader;
    reader.take(std::string_view(bytes).substr(0, split));
    reader.take(std::string_view(bytes).substr(split));
    ASSERT_EQ(reader.frames, expected) << "split at " << split;
    ASSERT_FALSE(reader.bad);
    ASSERT_TRUE(reader.kept.empty());
  }
}

TEST(ClientFrame, ByteByByteAndInRandomPiecesGiveTheSameFrames) {
  std::vector<Seen> expected;
  const std::string bytes = three_frames(&expected);
  Rng rng(11);
  for (int round = 0; round < 50; ++round) {
    Reader reader;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t length = round == 0 ? 1 : 1 + rng.below(40);
      reader.take(std::string_view(bytes).substr(at, length));
      at += length;
    }
    ASSERT_EQ(reader.frames, expected);
  }
}

TEST(ClientFrame, EveryPrefixIsPartialAndTakesNothing) {
  const std::string bytes = encode_frame(5, 1, "body");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const FrameCut cut = cut_frame(std::string_view(bytes).substr(0, length), kBodyMax);
    EXPECT_EQ(cut.state, FrameState::kPartial) << length;
    EXPECT_EQ(cut.bytes, 0u);
  }
}

TEST(ClientFrame, ABadLengthIsKnownFromFourBytes) {
  for (const std::uint32_t length :
       {0u, 1u, 7u, static_cast<std::uint32_t>(8 + kBodyMax + 1), 0x7fffffffu, 0x80000000u, 0xfffffff8u, 0xffffffffu}) {
    std::string bytes(4, '\0');
    store_le<std::uint32_t>(bytes.data(), length);
    EXPECT_EQ(cut_frame(bytes, kBodyMax).state, FrameState::kBad) << length;
  }
}

TEST(ClientFrame, TheGreatestBodyPassesAndOneByteMoreDoesNot) {
  EXPECT_EQ(cut_frame(encode_frame(1, 1, std::string(kBodyMax, 'x')), kBodyMax).state, FrameState::kWhole);
  EXPECT_EQ(cut_frame(encode_frame(1, 1, std::string(kBodyMax + 1, 'x')), kBodyMax).state, FrameState::kBad);
  EXPECT_EQ(cut_frame(encode_frame(1, 1, ""), 0).state, FrameState::kWhole);
}

TEST(ClientFrame, ReservedBitsAreRefusedOnTheHeader) {
  std::string bytes = encode_frame(1, 1, "body").substr(0, 8);
  bytes[6] = 1;
  EXPECT_EQ(cut_frame(bytes, kBodyMax).state, FrameState::kBad);
}

TEST(ClientFrame, OtherProtocolsAreBadFromTheirFirstBytes) {
  for (const std::string& hello :
       {std::string("GET / HTTP/1.1\r\n"), std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8),
        std::string("\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f", 10), std::string("SSH-2.0-x\r\n")})
    EXPECT_EQ(cut_frame(hello, kBodyMax).state, FrameState::kBad) << hello;
}

}  // namespace
}  // namespace dure

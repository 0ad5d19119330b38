#include "common/proto/mesh_header.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/bytes.h"

namespace dure {
namespace {

MeshHeader full_header() {
  MeshHeader h;
  h.kind = MeshKind::kToClient;
  h.from = NodeId(Role::kGeneral, 3);
  h.to = NodeId(Role::kGateway, 65535);
  h.message_id = 0xfffe;
  h.remaining_ms = 1999;
  h.sender = {0x1122334455667788ull, 0x99aabbccddeeff00ull};
  h.call = CallId(~0ull);
  h.session = SessionId(0x8000000000000001ull);
  h.session_epoch = 0xfffffff0u;
  h.player = PlayerId(42);
  h.player_epoch = ~0ull - 1;
  h.account = AccountId(77);
  h.trace = TraceId(0xabcdef);
  h.client_seq = 0x80000001u;
  return h;
}

TEST(MeshHeader, EveryFieldMakesTheRoundTrip) {
  const MeshHeader in = full_header();
  const std::string bytes = encode_mesh(in, "the body");
  ASSERT_EQ(bytes.size(), kMeshHeaderBytes + 8);
  MeshHeader out;
  std::string_view body;
  ASSERT_TRUE(decode_mesh(bytes, &out, &body));
  EXPECT_EQ(out.kind, in.kind);
  EXPECT_EQ(out.from, in.from);
  EXPECT_EQ(out.to, in.to);
  EXPECT_EQ(out.message_id, in.message_id);
  EXPECT_EQ(out.remaining_ms, in.remaining_ms);
  EXPECT_EQ(out.sender, in.sender);
  EXPECT_EQ(out.call, in.call);
  EXPECT_EQ(out.session, in.session);
  EXPECT_EQ(out.session_epoch, in.session_epoch);
  EXPECT_EQ(out.player, in.player);
  EXPECT_EQ(out.player_epoch, in.player_epoch);
  EXPECT_EQ(out.account, in.account);
  EXPECT_EQ(out.trace, in.trace);
  EXPECT_EQ(out.client_seq, in.client_seq);
  EXPECT_EQ(body, "the body");
}

TEST(MeshHeader, FieldsStandWhereTheyAreDrawn) {
  const std::string b = encode_mesh(full_header(), "");
  EXPECT_EQ(load_le<std::uint16_t>(b.data()), 0x4455);
  EXPECT_EQ(b[2], 1);
  EXPECT_EQ(b[3], 5);
  EXPECT_EQ(load_le<std::uint32_t>(b.data() + 12), 0xfffeu);
  EXPECT_EQ(load_le<std::uint32_t>(b.data() + 16), 1999u);
  EXPECT_EQ(load_le<std::uint64_t>(b.data() + 40), ~0ull);
  EXPECT_EQ(load_le<std::uint64_t>(b.data() + 56), 42u);
  EXPECT_EQ(load_le<std::uint64_t>(b.data() + 72), ~0ull - 1);
  EXPECT_EQ(load_le<std::uint32_t>(b.data() + 88), 0x80000001u);
  EXPECT_EQ(load_le<std::uint64_t>(b.data() + 96), 77u);
  for (const int reserved : {20, 64, 104, 112}) EXPECT_EQ(load_le<std::uint32_t>(b.data() + reserved), 0u);
}

TEST(MeshHeader, CutAtEveryLengthIsRefused) {
  const std::string bytes = encode_mesh(full_header(), "");
  MeshHeader header;
  std::string_view body;
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_mesh(std::string_view(bytes).substr(0, length), &header, &body)) << length;
  EXPECT_TRUE(decode_mesh(bytes, &header, &body));
  EXPECT_TRUE(body.empty());
}

TEST(MeshHeader, ForeignMagicVersionAndKindAreRefused) {
  const std::string good = encode_mesh(full_header(), "x");
  MeshHeader header;
  std::string_view body;
  for (const int at : {0, 1, 2}) {
    std::string bad = good;
    ++bad[at];
    EXPECT_FALSE(decode_mesh(bad, &header, &body)) << at;
  }
  for (int kind = 6; kind < 256; ++kind) {
    std::string bad = good;
    bad[3] = static_cast<char>(kind);
    EXPECT_FALSE(decode_mesh(bad, &header, &body)) << kind;
  }
}

TEST(MeshHeader, AMessageLargerThanTheMeshAllowsIsRefused) {
  MeshHeader header;
  std::string_view body;
  EXPECT_TRUE(
      decode_mesh(encode_mesh(full_header(), std::string(kMeshBytesMax - kMeshHeaderBytes, 'x')), &header, &body));
  EXPECT_FALSE(
      decode_mesh(encode_mesh(full_header(), std::string(kMeshBytesMax - kMeshHeaderBytes + 1, 'x')), &header, &body));
}

}  // namespace
}  // namespace dure

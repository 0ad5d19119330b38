#include "common/proto/topic_key.h"

#include <gtest/gtest.h>

#include <set>

namespace dure {
namespace {

TopicKey full_key() {
  TopicKey key;
  key.kind = TopicKind::kCell;
  key.layer = 3;
  key.rate_tier = 1;
  key.realm = 9;
  key.place = 0xfeedfacecafebeefull;
  key.channel = 2;
  key.cell_x = -1;
  key.cell_y = -2147483647 - 1;
  return key;
}

TEST(TopicKey, MakesTheRoundTripInThirtyTwoBytes) {
  const std::string bytes = encode_topic(full_key());
  ASSERT_EQ(bytes.size(), kTopicKeyBytes);
  TopicKey out;
  ASSERT_TRUE(decode_topic(bytes, &out));
  EXPECT_EQ(out, full_key());
}

TEST(TopicKey, AnyOtherLengthOrKindIsRefused) {
  const std::string bytes = encode_topic(full_key());
  TopicKey out;
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_topic(bytes.substr(0, length), &out));
  EXPECT_FALSE(decode_topic(bytes + '\0', &out));
  for (const int kind : {0, 7, 255}) {
    std::string bad = bytes;
    bad[0] = static_cast<char>(kind);
    EXPECT_FALSE(decode_topic(bad, &out)) << kind;
  }
}

TEST(TopicKey, EveryFieldTellsTopicsApart) {
  std::set<std::string> encoded;
  std::set<std::size_t> hashes;
  std::set<TopicKey> keys;
  const auto add = [&](auto change) {
    TopicKey key = full_key();
    change(key);
    encoded.insert(encode_topic(key));
    hashes.insert(std::hash<TopicKey>()(key));
    keys.insert(key);
  };
  add([](TopicKey&) {});
  add([](TopicKey& k) { k.kind = TopicKind::kGuild; });
  add([](TopicKey& k) { k.layer = 4; });
  add([](TopicKey& k) { k.rate_tier = 0; });
  add([](TopicKey& k) { k.realm = 1; });
  add([](TopicKey& k) { k.place = 1; });
  add([](TopicKey& k) { k.channel = 1; });
  add([](TopicKey& k) { k.cell_x = 1; });
  add([](TopicKey& k) { k.cell_y = 1; });
  EXPECT_EQ(encoded.size(), 9u);
  EXPECT_EQ(hashes.size(), 9u);
  EXPECT_EQ(keys.size(), 9u);
}

}  // namespace
}  // namespace dure

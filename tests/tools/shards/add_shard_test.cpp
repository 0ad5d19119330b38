#include "tools/shards/add_shard.h"

#include <gtest/gtest.h>

#include "common/proto/config.pb.h"

namespace dure {
namespace {

const char* const kConfig = R"(# Ours.
[cluster]
cluster_id = "test"
shard_count = 2  # as many as we had
[[cluster.node]]
name = "dbagent-1"
address = "tcp://127.0.0.1:17501"
[[cluster.node]]
name = "gateway-1"
address = "tcp://127.0.0.1:17909"
[gateway]
listen = "127.0.0.1:17950"
[redis]
address = "127.0.0.1:17930"
[node."dbagent-1"]
dbagent.shards = [1, 2]
dbagent.directory = true
)";

TEST(AddShard, TheNextShardHasAnAgentOfItsOwnAndTheRestOfTheFileStays) {
  const auto config = parse_config(kConfig, "test.toml");
  ASSERT_TRUE(config) << config.error().detail;
  const auto added = with_added_shard(*config, kConfig);
  ASSERT_TRUE(added) << added.error().detail;
  EXPECT_EQ(added->shard, 3u);
  EXPECT_EQ(added->node, "dbagent-2");
  EXPECT_NE(added->text.find("# Ours."), std::string::npos);
  EXPECT_NE(added->text.find("shard_count = 3  # as many as we had"), std::string::npos);
  const auto extended = parse_config(added->text, "test.toml");
  ASSERT_TRUE(extended) << extended.error().detail;
  ASSERT_EQ(extended->nodes().size(), 3u);
  EXPECT_EQ(extended->nodes().back().address, "tcp://127.0.0.1:17951");
  EXPECT_FALSE(extended->of(extended->nodes().back().node).dbagent().directory());
  EXPECT_FALSE(last_added_shard(*config)) << "the agent of the last shard serves more";
  const auto last = last_added_shard(*extended);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->shard, 3u);
  EXPECT_EQ(last->node, "dbagent-2");
  const auto again = with_added_shard(*extended, added->text);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->shard, 4u);
  EXPECT_EQ(again->node, "dbagent-3");
}

TEST(AddShard, AFileThatDoesNotSayItsShardsIsNotTouched) {
  std::string text = kConfig;
  text.erase(text.find("shard_count"), sizeof "shard_count = 2  # as many as we had" - 1);
  const auto config = parse_config(text, "test.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_FALSE(with_added_shard(*config, text));
}

}  // namespace
}  // namespace dure

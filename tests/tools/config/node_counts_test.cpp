#include <gtest/gtest.h>

#include "common/proto/config.pb.h"
#include "tools/config/config.h"

namespace dure {
namespace {

std::size_t count(const Config& config, Role role) {
  std::size_t n = 0;
  for (const NodeEntry& entry : config.nodes()) n += entry.node.role() == role;
  return n;
}

TEST(NodeCounts, AddsNodesWithAddressesOfTheirOwn) {
  const auto text = with_node_counts(DURE_SOURCE_DIR "/configs/local.toml", {{Role::kGateway, 4}, {Role::kDungeon, 3}});
  ASSERT_TRUE(text) << text.error().detail;
  const auto config = parse_config(*text, "derived.toml");
  ASSERT_TRUE(config) << config.error().detail << "\n" << *text;
  EXPECT_EQ(count(*config, Role::kGateway), 4u);
  EXPECT_EQ(count(*config, Role::kDungeon), 3u);
  EXPECT_EQ(count(*config, Role::kGeneral), 2u);
  EXPECT_EQ(config->of(NodeId(Role::kGateway, 4)).gateway().listen(), "127.0.0.1:7004");
  EXPECT_EQ(config->of(NodeId(Role::kGateway, 4)).gateway().listen_websocket(), "127.0.0.1:7014");
}

TEST(NodeCounts, LeavesNodesOut) {
  const auto text = with_node_counts(DURE_SOURCE_DIR "/configs/local.toml", {{Role::kGateway, 1}});
  ASSERT_TRUE(text) << text.error().detail;
  const auto config = parse_config(*text, "derived.toml");
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(count(*config, Role::kGateway), 1u);
  EXPECT_EQ(config->nodes().size(), 7u);
}

TEST(NodeCounts, RefusesWhatCannotBeCounted) {
  EXPECT_FALSE(with_node_counts(DURE_SOURCE_DIR "/configs/local.toml", {{Role::kDbagent, 2}}));
  EXPECT_FALSE(with_node_counts(DURE_SOURCE_DIR "/configs/local.toml", {{Role::kGateway, 0}}));
  EXPECT_FALSE(with_node_counts(DURE_SOURCE_DIR "/configs/all.toml", {{Role::kGateway, 2}}));
}

}  // namespace
}  // namespace dure

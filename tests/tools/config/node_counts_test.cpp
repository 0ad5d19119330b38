#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

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

// A file of a test, gone when it is over.
class Written {
 public:
  explicit Written(const std::string& text)
      : path_(::testing::TempDir() + "counts_" + std::to_string(::getpid()) + ".toml") {
    std::ofstream(path_) << text;
  }
  ~Written() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(NodeCounts, RefusesWhatIsNoConfigurationAndWhatHasNoModel) {
  EXPECT_EQ(with_node_counts("nowhere.toml", {}).error().detail, "nowhere.toml: No such file or directory");
  const Written bad("[cluster]\n");
  EXPECT_NE(with_node_counts(bad.path(), {}).error().detail.find("cluster.cluster_id is missing"), std::string::npos);
  const Written ipc("[cluster]\ncluster_id = \"t\"\n[[cluster.node]]\nname = \"chat-1\"\naddress = \"ipc:///x\"\n");
  for (const Role role : {Role::kChat, Role::kDungeon})
    EXPECT_NE(with_node_counts(ipc.path(), {{role, 2}}).error().detail.find("with a tcp:// address to take as a model"),
              std::string::npos);
  EXPECT_EQ(with_node_counts(DURE_SOURCE_DIR "/configs/local.toml", {{Role::kChat, 65}}).error().detail,
            "chats: allowed 1..64");
}

TEST(NodeCounts, AddsTheFirstOverrideAndLeavesOutANodeThatHasNone) {
  const Written one(
      "[cluster]\ncluster_id = \"t\"\n[[cluster.node]]\nname = \"gateway-1\"\naddress = \"tcp://127.0.0.1:1\"\n"
      "[[cluster.node]]\nname = \"chat-1\"\naddress = \"tcp://127.0.0.1:2\"\n"
      "[[cluster.node]]\nname = \"chat-2\"\naddress = \"tcp://127.0.0.1:3\"\n");
  const auto text = with_node_counts(one.path(), {{Role::kGateway, 2}, {Role::kChat, 1}});
  ASSERT_TRUE(text) << text.error().detail;
  const auto config = parse_config(*text, "derived.toml");
  ASSERT_TRUE(config) << config.error().detail << "\n" << *text;
  EXPECT_EQ(config->of(NodeId(Role::kGateway, 2)).gateway().listen(), "127.0.0.1:7002");
  EXPECT_EQ(count(*config, Role::kChat), 1u);
  const auto fewer = with_node_counts(one.path(), {{Role::kChat, 1}});
  ASSERT_TRUE(fewer) << fewer.error().detail;
  EXPECT_EQ(parse_config(*fewer, "derived.toml")->nodes().size(), 2u);
}

}  // namespace
}  // namespace dure

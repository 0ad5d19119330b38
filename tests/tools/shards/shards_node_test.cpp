// `dure shards` on a fake bus: one agent serves the directory and two shards.
#include "tools/shards/shards_node.h"

#include <gtest/gtest.h>

#include "common/proto/dbagent.pb.h"
#include "common/proto/shard_map.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1);

class ShardsNodeTest : public ::testing::Test {
 protected:
  static NodeIdentity identity() {
    NodeIdentity identity;
    identity.id = NodeId(Role::kTool, 1);
    identity.name = to_text(identity.id);
    identity.incarnation = {1, 1};
    return identity;
  }
  void SetUp() override {
    cluster.answers<proto::ShardsQuery, proto::ShardsReply>(kAgent, [](const MeshHeader&, const auto&) {
      proto::ShardsReply known;
      for (const std::uint32_t shard : {1u, 2u}) known.add_shards()->set_shard(shard);
      return std::optional(known);
    });
    cluster.answers<proto::ShardLoadQuery, proto::ShardLoad>(
        kAgent, [](const MeshHeader&, const auto&) { return std::optional(proto::ShardLoad()); });
    cluster.answers<proto::AccountsOfShard, proto::AccountsOfShardReply>(
        kAgent, [](const MeshHeader&, const proto::AccountsOfShard& request) {
          proto::AccountsOfShardReply found;
          if (request.after() == 0)
            for (const std::uint64_t account : {7u, 8u, 9u}) found.add_account_ids(account);
          return std::optional(found);
        });
  }
  // What it prints until it is done.
  std::string said(Duration patience) {
    PeerFacts facts;
    facts.shards = {1, 2};
    facts.directory = true;
    testing::internal::CaptureStdout();
    cluster.up(kAgent, facts);
    cluster.run(patience);
    EXPECT_TRUE(node.done());
    return testing::internal::GetCapturedStdout();
  }
  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  ShardsOptions options;
  ShardsNode node{identity(), routes, Seams{&log, &entropy}, options};
  test::FakeCluster cluster{node, routes};
};

TEST_F(ShardsNodeTest, WhetherAShardIsServed) {
  options.command = ShardsOptions::Command::kServed;
  options.to = 2;
  said(seconds(5));
  EXPECT_EQ(node.result(), 0);
}

TEST_F(ShardsNodeTest, WhetherAShardIsServedByNobody) {
  options.command = ShardsOptions::Command::kServed;
  options.to = 3;
  said(seconds(5));
  EXPECT_EQ(node.result(), 1);
}

}  // namespace
}  // namespace dure

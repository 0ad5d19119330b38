// A tool's node on a fake bus, and the one agent there: it serves the directory and the shards that a test names.
#pragma once
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/proto/shard_map.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure::test {

inline const NodeId kAgent(Role::kDbagent, 1);

// `ToolNode` is made of what every node is made of, and of its own `Options`, which a test may still change.
template <class ToolNode, class Options>
class ToolTest : public ::testing::Test {
 protected:
  ToolTest(std::set<std::uint32_t> shards, Options with) : served(std::move(shards)), options(std::move(with)) {
    cluster.answers<proto::ShardsQuery, proto::ShardsReply>(kAgent, [this](const MeshHeader&, const auto&) {
      proto::ShardsReply known;
      for (const std::uint32_t shard : served) known.add_shards()->set_shard(shard);
      return std::optional(known);
    });
  }
  void agent_comes_up() {
    PeerFacts facts;
    facts.shards = {served.begin(), served.end()};
    facts.directory = true;
    cluster.up(kAgent, facts);
  }
  // What it prints until it is done.
  std::string said(Duration patience) {
    testing::internal::CaptureStdout();
    agent_comes_up();
    cluster.run(patience);
    EXPECT_TRUE(node.done());
    return testing::internal::GetCapturedStdout();
  }

  const std::set<std::uint32_t> served;
  Options options;
  Routes routes = std::move(*Routes::build(engine_files()));
  MemoryLog log;
  SeededEntropy entropy{1};
  ToolNode node{identity(), routes, Seams{&log, &entropy}, options};
  FakeCluster cluster{node, routes};

 private:
  static NodeIdentity identity() {
    NodeIdentity identity;
    identity.id = NodeId(Role::kTool, 1);
    identity.name = to_text(identity.id);
    identity.incarnation = {1, 1};
    return identity;
  }
};

}  // namespace dure::test

// `dure audit --watch` on a fake bus: what the agents' audit says of itself.
#include <gtest/gtest.h>

#include "common/proto/operator.pb.h"
#include "common/proto/shard_map.pb.h"
#include "tests/common/fake_cluster.h"
#include "tools/ledger/ledger_node.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1);

class BooksWatchTest : public ::testing::Test {
 protected:
  static NodeIdentity identity() {
    NodeIdentity identity;
    identity.id = NodeId(Role::kTool, 1);
    identity.name = to_text(identity.id);
    identity.incarnation = {1, 1};
    return identity;
  }
  static LedgerOptions once() {
    LedgerOptions options;
    options.command = LedgerOptions::Command::kWatch;
    options.rounds = 1;
    return options;
  }
  std::string watched() {
    cluster.answers<proto::ShardsQuery, proto::ShardsReply>(kAgent, [](const MeshHeader&, const auto&) {
      proto::ShardsReply known;
      known.add_shards()->set_shard(1);
      return std::optional(known);
    });
    cluster.answers<proto::BooksQuery, proto::BooksReply>(
        kAgent, [this](const MeshHeader&, const auto&) { return std::optional(books); });
    PeerFacts facts;
    facts.shards = {1};
    facts.directory = true;
    testing::internal::CaptureStdout();
    cluster.up(kAgent, facts);
    cluster.run(seconds(2));
    EXPECT_TRUE(node.done());
    return testing::internal::GetCapturedStdout();
  }
  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  LedgerOptions options = once();
  proto::BooksReply books;
  LedgerNode node{identity(), routes, Seams{&log, &entropy}, options};
  test::FakeCluster cluster{node, routes};
};

TEST_F(BooksWatchTest, AnAuditThatKeepsUpAndFoundNothingIsClean) {
  books.set_behind_ms(900);
  books.set_transactions_behind(1500);
  const std::string said = watched();
  EXPECT_NE(said.find("clean"), std::string::npos) << said;
  EXPECT_EQ(node.result(), 0);
}

TEST_F(BooksWatchTest, AnAuditThatDoesNotKeepUpIsNotCalledClean) {
  books.set_behind_ms(61'000);
  books.set_transactions_behind(345'678);
  const std::string said = watched();
  EXPECT_EQ(said.find("clean"), std::string::npos) << said;
  EXPECT_NE(said.find("BEHIND"), std::string::npos) << said;
  EXPECT_NE(said.find("shard 1: up to 345678 transactions"), std::string::npos) << said;
  EXPECT_EQ(node.result(), 1);
}

}  // namespace
}  // namespace dure

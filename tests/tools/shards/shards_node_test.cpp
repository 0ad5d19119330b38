// `dure shards` on a fake bus: one agent serves the directory and two shards.
#include "tools/shards/shards_node.h"

#include "common/proto/dbagent.pb.h"
#include "tests/tools/tool_fixture.h"

namespace dure::test {
namespace {

class ShardsNodeTest : public ToolTest<ShardsNode, ShardsOptions> {
 protected:
  ShardsNodeTest() : ToolTest({1, 2}, {}) {
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
};

TEST_F(ShardsNodeTest, FiguresThatCannotBeHadAreNotNone) {
  cluster.answers<proto::ShardFiguresQuery, proto::ShardFigures>(
      kAgent, [](const MeshHeader&, const proto::ShardFiguresQuery& request) -> std::optional<proto::ShardFigures> {
        if (request.shard() == 2) return std::nullopt;
        proto::ShardFigures figures;
        figures.set_players(41);
        return figures;
      });
  const std::string listed = said(seconds(10));
  EXPECT_NE(listed.find("41"), std::string::npos) << listed;
  EXPECT_NE(listed.find("?            ?"), std::string::npos) << listed;
}

TEST_F(ShardsNodeTest, AMoveThatIsNotAnsweredInTimeIsNotSaidToStay) {
  options.command = ShardsOptions::Command::kMove;
  options.from = 1;
  options.to = 2;
  options.count = 3;
  cluster.answers<proto::MoveAccount, proto::MoveAccountReply>(
      kAgent, [](const MeshHeader&, const proto::MoveAccount& request) -> std::optional<proto::MoveAccountReply> {
        if (request.account_id() == 7) return std::nullopt;
        proto::MoveAccountReply reply;
        if (request.account_id() == 8) reply.set_code(proto::EXPECTED_OTHER);
        reply.set_detail("another move is open");
        return reply;
      });
  const std::string moved = said(seconds(70));
  EXPECT_NE(moved.find("1 of 3 accounts"), std::string::npos) << moved;
  EXPECT_NE(moved.find("1 stayed: another move is open"), std::string::npos) << moved;
  EXPECT_NE(moved.find("1 were not answered: they go on by themselves"), std::string::npos) << moved;
  EXPECT_EQ(node.result(), 1);
}

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
}  // namespace dure::test

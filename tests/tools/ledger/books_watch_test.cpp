// `dure audit --watch` on a fake bus: what the agents' audit says of itself.
#include "common/proto/operator.pb.h"
#include "tests/tools/tool_fixture.h"
#include "tools/ledger/ledger_node.h"

namespace dure::test {
namespace {

class BooksWatchTest : public ToolTest<LedgerNode, LedgerOptions> {
 protected:
  BooksWatchTest() : ToolTest({1}, once()) {
    cluster.answers<proto::BooksQuery, proto::BooksReply>(
        kAgent, [this](const MeshHeader&, const auto&) { return std::optional(books); });
  }
  static LedgerOptions once() {
    LedgerOptions options;
    options.command = LedgerOptions::Command::kWatch;
    options.rounds = 1;
    return options;
  }
  proto::BooksReply books;
};

TEST_F(BooksWatchTest, AnAuditThatKeepsUpAndFoundNothingIsClean) {
  books.set_behind_ms(900);
  books.set_transactions_behind(1500);
  const std::string watched = said(seconds(2));
  EXPECT_NE(watched.find("clean"), std::string::npos) << watched;
  EXPECT_EQ(node.result(), 0);
}

TEST_F(BooksWatchTest, AnAuditThatDoesNotKeepUpIsNotCalledClean) {
  books.set_behind_ms(61'000);
  books.set_transactions_behind(345'678);
  const std::string watched = said(seconds(2));
  EXPECT_EQ(watched.find("clean"), std::string::npos) << watched;
  EXPECT_NE(watched.find("BEHIND"), std::string::npos) << watched;
  EXPECT_NE(watched.find("shard 1: up to 345678 transactions"), std::string::npos) << watched;
  EXPECT_EQ(node.result(), 1);
}

}  // namespace
}  // namespace dure::test

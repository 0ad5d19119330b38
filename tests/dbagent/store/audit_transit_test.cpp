// What is between shards, at every step of a letter, a trade and a move; and what the audit says when somebody has
// changed a row by hand.
#include "dbagent/store/audit_transit.h"

#include <sqlite3.h>

#include "common/proto/trade.pb.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/move_fixture.h"
#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {
namespace {

void by_hand_in(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(open_by_hand(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

std::vector<std::string> lines_of(const std::vector<std::string>& paths, const std::string& directory) {
  std::vector<Transit> shards;
  std::vector<Audit> audits;
  for (const auto& path : paths) {
    auto transit = transit_of_file(path);
    auto audited = audit_file(path);
    EXPECT_TRUE(transit && audited);
    if (!transit || !audited) return {"not read"};
    shards.push_back(std::move(*transit));
    audits.push_back(std::move(*audited));
  }
  FateOf fate;
  if (!directory.empty()) {
    auto fates = fates_of_file(directory, shards);
    EXPECT_TRUE(fates);
    if (fates) fate = *fates;
  }
  return audit_transit(shards, audits, fate);
}

// Player 1, of an account that moves, and player 3, of one that stays on shard 4.
class TransitTest : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    proto::AccountQuery query;
    query.set_account("nina");
    query.set_create(true);
    const auto nina = ask<proto::AccountReply>(*directory, query);
    ASSERT_EQ(nina.shard(), 4u);
    ASSERT_EQ(step<proto::StoreReply>(4, creation(3, nina.account_id())).code(), proto::STORED);
    Ops ops(1, 1);
    ops.op(1).balance("gold", 100).mint(5);
    ASSERT_EQ(apply(3, ops).code(), proto::STORED);
  }
  void TearDown() override {}  // rows were changed by hand
  std::string file(std::uint32_t number) { return folder.file("shard-" + std::to_string(number)); }
  std::vector<std::string> lines(std::uint32_t number = 0, const char* sql = nullptr) {
    for (auto& [shard, store] : stores) store.reset();
    directory.reset();
    if (sql != nullptr) by_hand_in(file(number), sql);
    auto found = lines_of({file(3), file(4)}, folder.file("directory"));
    open_all();
    return found;
  }
  void expect_nothing(const char* when) {
    for (const auto& line : lines()) ADD_FAILURE() << when << ": " << line;
  }
  void write() {
    Ops out(1, 1);
    out.op(2).send(900, 3, 40, {5});
    ASSERT_EQ(apply(3, out).code(), proto::STORED);
    letter = step<proto::OutboxReply>(3, proto::OutboxQuery()).pending(0);
  }
  void deliver() { ASSERT_EQ(step<proto::DeliverReply>(4, letter).code(), proto::STORED); }
  void mark() {
    proto::OutboxSent sent;
    sent.set_message_id(900);
    ASSERT_EQ(step<proto::StoreReply>(3, sent).code(), proto::STORED);
  }
  proto::DeliverRequest letter;
};

TEST_F(TransitTest, ALetterAddsUpAtEachOfItsSteps) {
  expect_nothing("before");
  write();
  expect_nothing("written");
  deliver();
  expect_nothing("delivered");
  mark();
  expect_nothing("marked");
}

TEST_F(TransitTest, ALetterThatNobodyReceivedIsNamed) {
  write();
  deliver();
  mark();
  const auto found = lines(4, "DELETE FROM inbox WHERE message_id = 900");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("letter 900 of player 1 (shard 3) to player 3 with 40 gold"), std::string::npos) << found[0];
  EXPECT_NE(found[0].find("is delivered, and no shard has received it"), std::string::npos) << found[0];
}

TEST_F(TransitTest, ALetterThatNobodySentIsNamed) {
  write();
  deliver();
  mark();
  const auto found = lines(3, "DELETE FROM outbox WHERE message_id = 900");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("letter 900 to player 3 (shard 4) of player 1 was sent by no shard"), std::string::npos)
      << found[0];
}

TEST_F(TransitTest, MoneyThatNoLetterExplainsIsNamedWithItsShards) {
  write();
  const auto found = lines(3, "DELETE FROM outbox WHERE message_id = 900");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0], "transit: 40 gold by the accounts (shard 3: 40), letters and trades under way explain 0");
}

TEST_F(TransitTest, AMoveAddsUpAtEachOfItsSteps) {
  ASSERT_EQ(intent(1, 4).code(), proto::STORED);
  auto content = freeze(3, 1);
  expect_nothing("frozen");
  ASSERT_EQ(copy(4, 1, content).state(), proto::ACCOUNT_ARRIVING);
  expect_nothing("copied");
  ASSERT_EQ(abort(1).code(), proto::STORED);
  expect_nothing("aborted");
  ASSERT_EQ(unfreeze(3, 1).code(), proto::STORED);
  expect_nothing("not discarded yet");
  ASSERT_EQ(discard(4, 1).code(), proto::STORED);
  ASSERT_EQ(intent(2, 4).code(), proto::STORED);
  content = freeze(3, 2);
  ASSERT_EQ(copy(4, 2, content).state(), proto::ACCOUNT_ARRIVING);
  ASSERT_EQ(flip(2, 4, 2).code(), proto::STORED);
  expect_nothing("decided");
  ASSERT_EQ(activate(4, 2).code(), proto::STORED);
  expect_nothing("not retired yet");
  ASSERT_EQ(retire(3, 2).code(), proto::STORED);
  expect_nothing("retired");
}

TEST_F(TransitTest, ALetterOfWhoMovesIsCountedOnce) {
  write();
  ASSERT_EQ(intent(1, 4).code(), proto::STORED);
  const auto content = freeze(3, 1);
  ASSERT_EQ(copy(4, 1, content).state(), proto::ACCOUNT_ARRIVING);
  expect_nothing("copied");
  ASSERT_EQ(flip(1, 4, 1).code(), proto::STORED);
  expect_nothing("decided");
  ASSERT_EQ(activate(4, 1).code(), proto::STORED);
  expect_nothing("not retired yet");
  ASSERT_EQ(retire(3, 1).code(), proto::STORED);
  expect_nothing("retired");
}

// What its source still has is no word of it any more.
TEST_F(TransitTest, ALetterThatWasLostWhereItsSenderArrivedIsMissed) {
  write();
  ASSERT_EQ(intent(1, 4).code(), proto::STORED);
  const auto content = freeze(3, 1);
  ASSERT_EQ(copy(4, 1, content).state(), proto::ACCOUNT_ARRIVING);
  ASSERT_EQ(flip(1, 4, 1).code(), proto::STORED);
  const auto found = lines(4, "DELETE FROM outbox WHERE message_id = 900");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0], "transit: 40 gold by the accounts (shard 3: 40), letters and trades under way explain 0");
}

TEST_F(TransitTest, AMoveThatTheShardHasForgottenIsNamedWithItsShards) {
  ASSERT_EQ(intent(1, 4).code(), proto::STORED);
  const auto content = freeze(3, 1);
  ASSERT_EQ(copy(4, 1, content).state(), proto::ACCOUNT_ARRIVING);
  const auto found = lines(4, "UPDATE account_move SET state = 0");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0], "transit: -100 gold by the accounts (shard 4: -100), moves under way explain 0");
  lines(4, "UPDATE account_move SET state = 2");
  ASSERT_EQ(abort(1).code(), proto::STORED);
  ASSERT_EQ(unfreeze(3, 1).code(), proto::STORED);
  ASSERT_EQ(discard(4, 1).code(), proto::STORED);
}

TEST_F(TransitTest, AMoveThatTheDirectoryDoesNotKnowIsNamed) {
  ASSERT_EQ(intent(1, 4).code(), proto::STORED);
  freeze(3, 1);
  for (auto& [shard, store] : stores) store.reset();
  directory.reset();
  by_hand_in(folder.file("directory"), "DELETE FROM move");
  const auto found = lines_of({file(3), file(4)}, folder.file("directory"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("is on the move on shard 3, and the directory does not know move 1"), std::string::npos);
  open_all();
}

// Player 1 of shard 1 gives 30 gold and an item, player 3 of shard 2 gives 20.
class TransitOfTradesTest : public TradeTest {
 protected:
  std::vector<std::string> lines(std::uint32_t number = 0, const char* sql = nullptr) {
    stores.clear();
    const auto file = [&](std::uint32_t shard) { return folder.file("shard" + std::to_string(shard)); };
    if (sql != nullptr) by_hand_in(file(number), sql);
    auto found = lines_of({file(1), file(2)}, "");
    for (const std::uint32_t shard : {1, 2}) open(shard);
    return found;
  }
  void expect_nothing(const char* when) {
    for (const auto& line : lines()) ADD_FAILURE() << when << ": " << line;
  }
  // One of the two has heard the verdict.
  void finish_one() {
    apply(1, leg(terms, 0));
    apply(2, leg(terms, 1));
    const auto vote = take_vote();
    ASSERT_TRUE(vote);
    ASSERT_EQ(cast(*vote).verdict(), proto::COMMIT);
  }
  proto::TradeTerms terms = terms_of(1, 1, {1, 30, {10}}, {3, 20, {}});
};

TEST_F(TransitOfTradesTest, ATradeAddsUpAtEachOfItsSteps) {
  apply(1, leg(terms, 0));
  expect_nothing("one leg held");
  apply(2, leg(terms, 1));
  expect_nothing("both held");
  const auto vote = take_vote();
  ASSERT_TRUE(vote);
  const auto verdict = cast(*vote);
  expect_nothing("one leg finished");
  ASSERT_EQ(finish(finish_of(*vote, verdict)).outcome().state(), proto::LEG_COMMITTED);
  expect_nothing("finished");
}

TEST_F(TransitOfTradesTest, ATradeWhoseOtherLegIsNowhereIsNamed) {
  finish_one();
  const auto found = lines(2, "DELETE FROM hold; DELETE FROM hold_amount");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NE(found[0].find("the leg of player 1 (shard 1) is committed, that of player 3 is on no shard"),
            std::string::npos)
      << found[0];
  EXPECT_EQ(found[1], "transit: 10 gold by the accounts (shard 1: 10), letters and trades under way explain 0");
}

TEST_F(TransitOfTradesTest, AnItemUnderWayThatIsSomewhereIsNamed) {
  finish_one();
  const auto found =
      lines(2,
            "INSERT INTO item SELECT x'0000000000000001000000000000000a', template, version, attributes "
            "FROM item LIMIT 1; INSERT INTO item_holder VALUES(x'0000000000000001000000000000000a', 0, 3)");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("item 0000000000000001000000000000000a is on shard 2"), std::string::npos) << found[0];
}

}  // namespace
}  // namespace dure::store

// The audit between commits: silent over a busy shard that is sound, loud about each kind of damage.
#include "dbagent/store/books.h"

#include <sqlite3.h>

#include "common/proto/operator.pb.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

class BooksTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    auto options = shard_options(folder.file("shard"));
    options.agent_incarnation = {1, ++life};
    store = open_shard(options);
  }
  void make_player(std::uint64_t player) {
    ask<proto::StoreReply>(*store, creation(player));
    ask<proto::AcquireReply>(*store, acquisition(player, 0, 70));
  }
  void earn(std::uint64_t player, std::uint64_t pseq, std::int64_t gold) {
    Ops ops(player, 1);
    ops.op(pseq).balance("gold", gold);
    EXPECT_EQ(ask<proto::ApplyReply>(*store, ops.request, now).code(), proto::STORED);
  }
  proto::BooksReply step() {
    proto::BooksQuery query;
    query.set_shard(3);
    query.set_step(true);
    auto reply = ask<proto::BooksReply>(*store, query, now);
    EXPECT_TRUE(store->between_commits());
    query.set_step(false);
    return ask<proto::BooksReply>(*store, query, now);
  }
  proto::BooksReply whole_pass() {
    auto reply = step();
    for (int i = 0; reply.more() && i < 100; ++i) reply = step();
    EXPECT_FALSE(reply.more());
    return reply;
  }
  proto::BooksReply after_damage(const char* sql) {
    store.reset();
    sqlite3* db = nullptr;
    EXPECT_EQ(open_by_hand(folder.file("shard").c_str(), &db), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(db);
    open();
    return whole_pass();
  }
  static std::string text(const proto::BooksReply& reply) {
    std::string all;
    for (const auto& line : reply.findings()) all += line + "\n";
    return all;
  }
  TempFolder folder;
  std::uint64_t life = 0;
  std::int64_t now = kNow;
  std::unique_ptr<ShardStore> store;
};

TEST_F(BooksTest, APassOverMoreAccountsThanASliceHoldsIsSilentWhileAllOfThemChange) {
  constexpr std::uint64_t kPlayers = 2500;
  BatchOf all;
  for (std::uint64_t player = 1; player <= kPlayers; ++player) {
    Ops ops(player, 1);
    ops.op(1).balance("gold", 10);
    all.add(creation(player, player)).add(acquisition(player, 0, 70)).add(ops.request);
  }
  all.run(*store);
  std::vector<std::uint64_t> pseq(kPlayers + 1, 1);
  std::uint64_t turn = 0;
  for (int pass = 1; pass <= 3; ++pass) {
    now += Books::kPassEveryMs;
    proto::BooksReply reply;
    int slices = 0;
    do {
      // Before the cursor and behind it alike, and new ones.
      for (int i = 0; i < 40; ++i) {
        const std::uint64_t player = 1 + turn++ * 37 % kPlayers;
        earn(player, ++pseq[player], i % 3 == 0 ? -1 : 3);
      }
      reply = step();
    } while (reply.more() && ++slices < 50);
    EXPECT_GT(slices, 1);
    EXPECT_EQ(reply.passes(), static_cast<std::uint64_t>(pass));
    EXPECT_EQ(reply.finding_count(), 0u) << text(reply);
    EXPECT_GE(reply.accounts(), kPlayers);
  }
}

TEST_F(BooksTest, ABalanceThatWasChangedByHandIsFound) {
  make_player(1);
  earn(1, 1, 10);
  EXPECT_EQ(whole_pass().finding_count(), 0u);
  const auto reply = after_damage("UPDATE account SET amount = amount + 5 WHERE kind = 0");
  EXPECT_NE(text(reply).find("total of gold in accounts of kind 0 is off by 5"), std::string::npos) << text(reply);
}

TEST_F(BooksTest, AFindingIsCountedOnceHoweverManyPassesComeAcrossIt) {
  make_player(1);
  earn(1, 1, 10);
  auto reply = after_damage("UPDATE account SET amount = amount + 5 WHERE kind = 0");
  const auto found = reply.finding_count();
  EXPECT_EQ(found, static_cast<std::uint64_t>(reply.findings_size()));
  for (int pass = 0; pass < 3; ++pass) {
    now += Books::kPassEveryMs;
    reply = whole_pass();
  }
  EXPECT_EQ(reply.finding_count(), found);
}

TEST_F(BooksTest, EntriesThatASliceDidNotComeUpWithAreSaid) {
  make_player(1);
  EXPECT_EQ(whole_pass().behind_ms(), 0u);
  Ops ops(1, 1);
  for (std::uint64_t pseq = 1; pseq <= 2000; ++pseq) ops.op(pseq).balance("gold", 1);
  ask<proto::ApplyReply>(*store, ops.request, now);
  step();
  now += 700;
  const auto behind = step();
  EXPECT_EQ(behind.behind_ms(), 700u);
  EXPECT_GE(behind.transactions_behind(), 500u);
  EXPECT_LE(behind.transactions_behind(), 2000u);
  const auto caught_up = whole_pass();
  EXPECT_EQ(caught_up.behind_ms(), 0u);
  EXPECT_EQ(caught_up.transactions_behind(), 0u);
}

TEST_F(BooksTest, AnItemWithoutAHolderThatExistsIsFound) {
  make_player(1);
  Ops ops(1, 1);
  ops.op(1).mint(7);
  ask<proto::ApplyReply>(*store, ops.request);
  EXPECT_EQ(whole_pass().items(), 1u);
  const auto reply = after_damage("UPDATE item_holder SET owner = 99");
  EXPECT_NE(text(reply).find("orphan: item"), std::string::npos) << text(reply);
}

TEST_F(BooksTest, TotalsThatDoNotBalanceAndALostIndexAreFound) {
  make_player(1);
  earn(1, 1, 10);
  const auto reply = after_damage("UPDATE total SET amount = 11 WHERE kind = 0; DROP INDEX item_one_holder");
  EXPECT_NE(text(reply).find("ledger of gold sums to 1"), std::string::npos) << text(reply);
  EXPECT_NE(text(reply).find("item_one_holder is missing"), std::string::npos) << text(reply);
}

TEST_F(BooksTest, AMessageThatWaitsForMoreThanAMinuteIsLate) {
  make_player(1);
  earn(1, 1, 10);
  Ops ops(1, 1);
  ops.op(2).send(500, 2, 5);
  ask<proto::ApplyReply>(*store, ops.request, now);
  EXPECT_EQ(whole_pass().late_messages(), 0u);
  now += 59'000;
  EXPECT_EQ(whole_pass().late_messages(), 0u);
  now += 2'000;
  EXPECT_EQ(whole_pass().late_messages(), 1u);
  proto::OutboxSent sent;
  sent.set_shard(3);
  sent.set_message_id(500);
  ask<proto::StoreReply>(*store, sent, now);
  EXPECT_EQ(whole_pass().late_messages(), 0u);
}

// It has no ledger transaction of its own, and the one before it is of long ago.
TEST_F(BooksTest, ALetterWithoutValueOnAQuietShardIsNotLateBeforeItsMinuteIsOver) {
  make_player(1);
  earn(1, 1, 10);
  EXPECT_EQ(whole_pass().late_messages(), 0u);
  now += 61'000;
  Ops ops(1, 1);
  ops.op(2).send(500, 2, 0);
  ops.request.mutable_operations(0)->mutable_effects(0)->mutable_send()->set_memo("hello");
  ASSERT_EQ(ask<proto::ApplyReply>(*store, ops.request, now).code(), proto::STORED);
  EXPECT_EQ(whole_pass().late_messages(), 0u);
  now += 61'000;
  EXPECT_EQ(whole_pass().late_messages(), 1u);
}

}  // namespace
}  // namespace dure::store

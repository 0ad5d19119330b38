#include <sqlite3.h>

#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

TEST_F(ShardTest, AcquireRaisesTheEpochAndGrantsTheAggregate) {
  apply(Ops(1, 1).op(1).balance("gold", 50));
  const auto grant = reacquire(1, 1);
  EXPECT_EQ(grant.code(), proto::STORED);
  EXPECT_EQ(grant.epoch(), 2u);
  EXPECT_EQ(grant.last_pseq(), 0u);
  EXPECT_EQ(gold_of(grant.aggregate()), 50);
  EXPECT_EQ(grant.aggregate().name(), "Player1");
}

TEST_F(ShardTest, AcquireTellsHowFarTheEndedEpochCame) {
  apply(Ops(1, 1).op(1).balance("gold", 1).op(2).balance("gold", 1));
  const auto grant = reacquire(1, 1);
  EXPECT_EQ(grant.ended_epoch(), 1u);
  EXPECT_EQ(grant.ended_last_pseq(), 2u);
}

TEST_F(ShardTest, OfTheEpochsThatEndedOnlyTheLastIsKept) {
  for (std::uint64_t epoch = 1; epoch <= 50; ++epoch) {
    apply(Ops(1, epoch).op(1).balance("gold", 1));
    EXPECT_EQ(reacquire(1, epoch).ended_last_pseq(), 1u);
  }
  store.reset();
  sqlite3* db = nullptr;
  sqlite3_stmt* row = nullptr;
  ASSERT_EQ(open_by_hand(path.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_prepare_v2(db, "SELECT count(*) FROM ended_epoch WHERE pid = 1", -1, &row, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_step(row), SQLITE_ROW);
  EXPECT_EQ(sqlite3_column_int(row, 0), 1);
  sqlite3_finalize(row);
  sqlite3_close(db);
  store = open_shard(shard_options(path));
}

TEST_F(ShardTest, RepeatedAcquireGrantsAgainAndReadsNow) {
  apply(Ops(1, 1).op(1).balance("gold", 5));
  const auto again = ask<proto::AcquireReply>(*store, acquisition(1, 0, 101));
  EXPECT_EQ(again.code(), proto::STORED);
  EXPECT_EQ(again.epoch(), 1u);
  EXPECT_EQ(again.last_pseq(), 1u);
  EXPECT_EQ(gold_of(again.aggregate()), 5);
}

TEST_F(ShardTest, AcquireWithAnotherExpectationChangesNothingAndNamesTheHolder) {
  const auto other = ask<proto::AcquireReply>(*store, acquisition(1, 0, 777, 8));
  EXPECT_EQ(other.code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(other.epoch(), 1u);
  EXPECT_EQ(other.owner_incarnation().high(), 7u);
  EXPECT_EQ(other.owner_node(), 5u);
  EXPECT_EQ(apply(Ops(1, 1).op(1).balance("gold", 1)).code(), proto::STORED);
}

TEST_F(ShardTest, RepeatOfAnAcquireThatWasOvertakenIsNoGrant) {
  reacquire(1, 1);
  EXPECT_EQ(ask<proto::AcquireReply>(*store, acquisition(1, 0, 101)).code(), proto::EXPECTED_OTHER);
}

TEST_F(ShardTest, OwnerQueryReadsAndChangesNothing) {
  proto::OwnerQuery query;
  query.set_shard(3);
  query.set_player_id(1);
  const auto reply = BatchOf().add(query).run(*store);
  EXPECT_EQ(reply.changed(), 0u);
  proto::AcquireReply owner;
  owner.ParseFromString(reply.items(0).body());
  EXPECT_EQ(owner.epoch(), 1u);
  EXPECT_EQ(owner.owner_node(), 5u);
}

TEST_F(ShardTest, AnUnknownPlayerIsNoSuchHereAndWrongShardElsewhere) {
  EXPECT_EQ(ask<proto::AcquireReply>(*store, acquisition(99, 0, 1)).code(), proto::NO_SUCH);
  auto elsewhere = acquisition(99, 0, 1);
  elsewhere.set_shard(2);
  EXPECT_EQ(ask<proto::AcquireReply>(*store, elsewhere).code(), proto::WRONG_SHARD);
  auto apply_elsewhere = Ops(99, 1).op(1).balance("gold", 1).request;
  apply_elsewhere.set_shard(2);
  EXPECT_EQ(ask<proto::ApplyReply>(*store, apply_elsewhere).code(), proto::WRONG_SHARD);
}

}  // namespace
}  // namespace dure::store

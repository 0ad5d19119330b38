// What other transitions see of a player on the move. Its rows are made by hand here.
#include <sqlite3.h>

#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

class MovingTest : public ShardTest {
 protected:
  void by_hand(const char* sql) {
    store.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(open_by_hand(path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
    store = open_shard(shard_options(path));
  }
  proto::DeliverReply deliver_gold() { return ask<proto::DeliverReply>(*store, delivery(1, 500, 5)); }
};

TEST_F(MovingTest, AMovedPlayerIsOnAnotherShard) {
  by_hand("UPDATE player SET status = 3 WHERE pid = 1");
  EXPECT_EQ(apply(Ops(1, 1).op(1).balance("gold", 1)).code(), proto::WRONG_SHARD);
  EXPECT_EQ(reacquire(1, 1).code(), proto::WRONG_SHARD);
  EXPECT_EQ(deliver_gold().code(), proto::WRONG_SHARD);
}

TEST_F(MovingTest, APlayerOnTheWayIsAskedForAgain) {
  for (const char* sql : {"UPDATE player SET status = 1 WHERE pid = 1", "UPDATE player SET status = 2 WHERE pid = 1"}) {
    by_hand(sql);
    EXPECT_EQ(apply(Ops(1, 1).op(1).balance("gold", 1)).code(), proto::RETRY);
    EXPECT_EQ(reacquire(1, 1).code(), proto::RETRY);
    EXPECT_EQ(deliver_gold().code(), proto::RETRY);
  }
}

TEST_F(MovingTest, AnActivePlayerIsServedWhateverShardTheAskerBelieved) {
  auto request = Ops(1, 1).op(1).balance("gold", 1).request;
  request.set_shard(9);
  EXPECT_EQ(ask<proto::ApplyReply>(*store, request).code(), proto::STORED);
}

}  // namespace
}  // namespace dure::store

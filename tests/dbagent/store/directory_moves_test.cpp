// The directory's register of moves: one open move an account, a fate that never changes.
#include "common/proto/reconcile.pb.h"
#include "tests/dbagent/store/move_fixture.h"

namespace dure::store {
namespace {

TEST_F(MoveTest, OneIntentAtATimeAndItsNumberIsTheNext) {
  EXPECT_EQ(intent(2, 4).detail(), "not the next move");
  EXPECT_EQ(intent(0, 4).detail(), "not the next move");
  EXPECT_EQ(intent(1, 3).detail(), "is there");
  EXPECT_EQ(intent(1, 9).detail(), "no such shard");
  EXPECT_EQ(intent(1, 4).code(), proto::STORED);
  EXPECT_EQ(intent(2, 4).detail(), "another move is open");
  abort(1);
  EXPECT_EQ(intent(1, 4).detail(), "not the next move") << "an aborted move is never taken up again";
  EXPECT_EQ(intent(2, 4).code(), proto::STORED);
  EXPECT_EQ(query(1).move().fate(), proto::MOVE_ABORTED);
  EXPECT_EQ(query(2).move().fate(), proto::MOVE_OPEN);
  EXPECT_EQ(query(0).move().move_id(), 2u);
}

TEST_F(MoveTest, NoughtIsNoMove) {
  EXPECT_EQ(intent(0, 4).detail(), "not the next move");
  EXPECT_EQ(flip(0, 4, 0).detail(), "is not the open move");
  EXPECT_EQ(abort(0).detail(), "is not the open move");
  EXPECT_EQ(intent(1, 2).detail(), "no such shard") << "below the first";
  EXPECT_EQ(intent(1, 5).detail(), "no such shard");
  EXPECT_EQ(intent(1, 4).code(), proto::STORED);
  EXPECT_EQ(intent(1, 3).code(), proto::EXPECTED_OTHER) << "no repeat: to another shard";
  EXPECT_EQ(intent(1, 4).code(), proto::STORED);
  EXPECT_EQ(abort(1).code(), proto::STORED);
}

TEST_F(MoveTest, FlipNeedsTheTargetsOwnAnswerOfThisVeryMove) {
  intent(1, 4);
  EXPECT_EQ(flip(1, 0, 0).detail(), "has not arrived");
  EXPECT_EQ(flip(1, 3, 1).detail(), "has not arrived");
  abort(1);
  intent(2, 4);
  EXPECT_EQ(flip(2, 4, 1).detail(), "has not arrived") << "ARRIVING of an older move proves nothing";
  EXPECT_EQ(flip(1, 4, 1).detail(), "is not the open move");
  EXPECT_EQ(query(1).shard(), 3u);
}

TEST_F(MoveTest, AFateIsNeverChanged) {
  move(1, 3, 4);
  EXPECT_EQ(abort(1).code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(query(1).move().fate(), proto::MOVE_FLIPPED);
  intent(2, 3);
  abort(2);
  EXPECT_EQ(flip(2, 3, 2).code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(query(2).move().fate(), proto::MOVE_ABORTED);
  EXPECT_EQ(query(2).shard(), 4u);
}

TEST_F(MoveTest, OpenMovesAndAccountsOfAShardAreListed) {
  proto::AccountsOfShard of_shard;
  of_shard.set_shard(3);
  EXPECT_EQ(ask<proto::AccountsOfShardReply>(*directory, of_shard).account_ids_size(), 1);
  intent(1, 4);
  EXPECT_EQ(ask<proto::AccountsOfShardReply>(*directory, of_shard).account_ids_size(), 0);
  const auto open = ask<proto::OpenMovesReply>(*directory, proto::OpenMovesQuery());
  ASSERT_EQ(open.moves_size(), 1);
  EXPECT_EQ(open.moves(0).target(), 4u);
  abort(1);
  EXPECT_EQ(ask<proto::OpenMovesReply>(*directory, proto::OpenMovesQuery()).moves_size(), 0);
}

TEST_F(MoveTest, ListsAreOfNoMoreThanWasAskedFor) {
  const auto open = [&](std::uint32_t limit) {
    proto::OpenMovesQuery request;
    request.set_limit(limit);
    return ask<proto::OpenMovesReply>(*directory, request).moves_size();
  };
  const auto into = [&](std::uint32_t limit) {
    proto::MovesInto request;
    request.set_shard(4);
    request.set_limit(limit);
    return ask<proto::MovesIntoReply>(*directory, request).moves_size();
  };
  const std::uint64_t first = account;
  move(1, 3, 4);
  proto::AccountQuery second;
  for (const char* name : {"anna", "bert"}) {
    second.set_account(name);
    second.set_create(true);
    const auto made = ask<proto::AccountReply>(*directory, second);
    account = made.account_id();
    EXPECT_EQ(intent(1, made.shard() == 3 ? 4 : 3).code(), proto::STORED);
  }
  EXPECT_EQ(open(1), 1);
  EXPECT_EQ(open(0), 2);
  EXPECT_EQ(open(9), 2);
  EXPECT_EQ(into(0), 1);
  EXPECT_EQ(into(1), 1);
  account = first;
}

TEST_F(MoveTest, ANewShardIsKnownOnceItIsServedAndTheEmptiestTakesNewAccounts) {
  EXPECT_EQ(intent(1, 5).detail(), "no such shard");
  proto::ShardsServed served;
  served.add_shards(5);
  EXPECT_EQ(ask<proto::ShardsServedReply>(*directory, served).code(), proto::STORED);
  EXPECT_EQ(ask<proto::ShardsServedReply>(*directory, served).code(), proto::STORED);
  std::map<std::uint32_t, int> placed;
  for (int i = 0; i < 5; ++i) {
    proto::AccountQuery query;
    query.set_account("new" + std::to_string(i));
    query.set_create(true);
    ++placed[ask<proto::AccountReply>(*directory, query).shard()];
  }
  EXPECT_EQ(placed[3], 1) << "it had one already";
  EXPECT_EQ(placed[4], 2);
  EXPECT_EQ(placed[5], 2);
  EXPECT_EQ(ask<proto::ShardsReply>(*directory, proto::ShardsQuery()).shards_size(), 3);
  EXPECT_EQ(intent(1, 5).code(), proto::STORED);
  abort(1);
}

TEST_F(MoveTest, AShardThatIsOnlyConfiguredTakesNoNewAccountUntilItIsServed) {
  const auto placed = [&](const std::string& name) {
    proto::AccountQuery query;
    query.set_account(name);
    query.set_create(true);
    return ask<proto::AccountReply>(*directory, query).shard();
  };
  configured = 3;
  open_all();
  for (int i = 0; i < 6; ++i) EXPECT_NE(placed("early" + std::to_string(i)), 5u);
  proto::ShardsServed served;
  served.add_shards(5);
  ask<proto::ShardsServedReply>(*directory, served);
  EXPECT_EQ(placed("late"), 5u);
}

}  // namespace
}  // namespace dure::store

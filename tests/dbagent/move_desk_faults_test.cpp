// What does not come to its end, is cancelled or nobody drives any more: an account plays on at one of its two shards.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "tests/dbagent/move_desk_fixture.h"
#include "tests/dbagent/store/by_hand.h"

namespace dure {
namespace {

TEST_F(MoveDeskTest, WhereverItDiesTheNextDeskGoesOn) {
  std::uint32_t at = 3, to = 4;
  int finished = 0;
  for (int works = 1; works <= 12; ++works) {
    SCOPED_TRACE(works);
    (void)ask_move(to);
    works_left = works;
    cluster->run(milliseconds(300), milliseconds(1));
    open_all();
    works_left = 1'000'000;
    start();
    cluster->run(seconds(5));
    ASSERT_TRUE(settled_at(at) || settled_at(to));
    if (settled_at(to)) std::swap(at, to), ++finished;
    EXPECT_EQ(apply(at, store::Ops(1, 1).op(static_cast<std::uint64_t>(works)).balance("gold", 1)).code(),
              proto::STORED);
    expect_clean();
  }
  EXPECT_GE(finished, 8) << "an open move is driven on, not back";
}

TEST_F(MoveDeskTest, AShardThatDoesNotAnswerFreezesNobodyForLong) {
  away = "shard-4";
  const CallId call = ask_move(4);
  EXPECT_FALSE(answer(call, seconds(4))) << "the copy may still come: DISCARD has to be answered";
  EXPECT_EQ(apply(3, store::Ops(1, 1).op(1).balance("gold", 1)).code(), proto::STORED) << "but the account plays on";
  EXPECT_EQ(query(1).move().fate(), proto::MOVE_ABORTED);
  come_back();
  EXPECT_EQ(answer(call)->detail(), "the copy does not come to its end");
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, AMoveIsCancelledUntilItIsDecided) {
  away = "shard-4";
  const CallId call = ask_move(4);
  cluster->run(milliseconds(100));
  EXPECT_EQ(watch(true).step(), proto::MOVE_FROZEN);
  come_back();
  const auto reply = answer(call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(reply->detail(), "cancelled");
  EXPECT_TRUE(settled_at(3));
  EXPECT_EQ(watch(true).code(), proto::NO_SUCH);
}

TEST_F(MoveDeskTest, AFreezeThatCameAfterItsMoveWasOverIsThawed) {
  intent(1, 4);
  abort(1);
  EXPECT_EQ(freeze(3, 1).code(), proto::STORED);
  cluster->run(seconds(3));
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, AMoveIsCancelledBeforeItBegan) {
  away = Agent::kDirectoryQueue;
  const CallId call = ask_move(4);
  cluster->run(milliseconds(100));
  EXPECT_EQ(watch(true).step(), proto::MOVE_WAITS);
  cluster->run(seconds(2));
  come_back();
  EXPECT_EQ(answer(call)->detail(), "cancelled");
  EXPECT_EQ(query(1).move().move_id(), 0u) << "nothing was written";
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, AMoveIsCancelledWhileItsSourceIsAway) {
  away = "shard-3";
  const CallId call = ask_move(4);
  cluster->run(milliseconds(100));
  EXPECT_EQ(watch(true).step(), proto::MOVE_INTENT);
  cluster->run(seconds(1));
  EXPECT_EQ(query(1).move().fate(), proto::MOVE_ABORTED) << "nobody waits for the shard";
  come_back();
  EXPECT_EQ(answer(call)->detail(), "cancelled");
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, AMoveIsCancelledWhileItsTargetIsAway) {
  away = "shard-4";
  const CallId call = ask_move(4);
  cluster->run(milliseconds(400));
  EXPECT_EQ(watch(true).step(), proto::MOVE_FROZEN);
  cluster->run(milliseconds(300));
  EXPECT_EQ(query(1).move().fate(), proto::MOVE_ABORTED) << "nobody waits for the shard";
  EXPECT_EQ(apply(3, store::Ops(1, 1).op(1).balance("gold", 1)).code(), proto::STORED) << "the account plays on";
  come_back();
  EXPECT_EQ(answer(call)->detail(), "cancelled");
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, WhereTheDirectoryDoesNotAnswerTheAskerIsTold) {
  away = Agent::kDirectoryQueue;
  const CallId call = ask_move(4);
  const auto reply = answer(call, seconds(60));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(reply->detail(), "the directory does not answer");
  come_back();
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, ADecisionIsAskedForUntilTheDirectoryAnswers) {
  away = "shard-4";
  const CallId call = ask_move(4);
  cluster->run(milliseconds(100));
  come_back();
  away = Agent::kDirectoryQueue;
  EXPECT_FALSE(answer(call, seconds(3)));
  EXPECT_EQ(watch(false).step(), proto::MOVE_COPIED);
  come_back();
  EXPECT_EQ(answer(call)->move().fate(), proto::MOVE_FLIPPED) << "a copy at its end does not go stale";
  EXPECT_TRUE(settled_at(4));
}

TEST_F(MoveDeskTest, NobodyIsFrozenForAShardThatNobodyServes) {
  for (const std::uint32_t served : {3u, 4u}) {
    start({}, true, {served});
    const auto reply = answer(ask_move(4), seconds(20));
    ASSERT_TRUE(reply) << served;
    EXPECT_EQ(reply->detail(), "a shard is away");
    EXPECT_EQ(reply->move().fate(), proto::MOVE_ABORTED);
    EXPECT_EQ(reply->pause_us(), 0u);
  }
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, AMoveThatTheDirectoryDoesNotKnowIsLeftAloneAndSaid) {
  ASSERT_EQ(freeze(3, 1).code(), proto::STORED);
  cluster->run(seconds(3));
  ASSERT_FALSE(log.errors.empty());
  EXPECT_EQ(log.errors.front(), "move.unknown account=" + std::to_string(account) + " move=1");
  EXPECT_EQ(step<proto::UnsettledMovesReply>(3, proto::UnsettledMoves()).moves_size(), 1)
      << "with no fate neither thawed nor retired";
}

TEST_F(MoveDeskTest, WhatIsFoundOpenWaitsForItsPlaceLikeWhatIsAskedFor) {
  intent(1, 4);
  MoveLimits none;
  none.waiting_max = 0;
  start(none);
  cluster->run(seconds(5));
  EXPECT_EQ(query(1).move().fate(), proto::MOVE_OPEN);
  start();
  cluster->run(seconds(3));
  EXPECT_TRUE(settled_at(4));
}

TEST_F(MoveDeskTest, AnItemThatIsThereAlreadyKeepsItsAccountAway) {
  proto::AccountQuery query_other;
  query_other.set_account("other");
  query_other.set_create(true);
  const auto other = store::ask<proto::AccountReply>(*directory, query_other).account_id();
  ASSERT_EQ(step<proto::StoreReply>(4, store::creation(50, other)).code(), proto::STORED);
  ASSERT_EQ(step<proto::AcquireReply>(4, store::acquisition(50, 0, 78)).epoch(), 1u);
  ASSERT_EQ(apply(4, store::Ops(50, 1).op(1).mint(9)).code(), proto::STORED);
  ASSERT_EQ(apply(3, store::Ops(1, 1).op(1).mint(9)).code(), proto::STORED);
  const auto reply = answer(ask_move(4));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->detail(), "item exists");
  EXPECT_EQ(reply->move().fate(), proto::MOVE_ABORTED);
  EXPECT_GE(reply->pause_us(), static_cast<std::uint64_t>(to_us(MoveLimits().frozen_max))) << "it is tried until then";
  EXPECT_TRUE(settled_at(3));
  ASSERT_EQ(apply(4, store::Ops(50, 1).op(2).burn(9, 0)).code(), proto::STORED);
}

TEST_F(MoveDeskTest, AShardThatIsFurtherThanTheMoveRefusesItsCopy) {
  // As after a restore of the directory: the shard remembers a later move.
  move(1, 3, 4);
  move(2, 4, 3);
  move(3, 3, 4);
  move(4, 4, 3);
  ASSERT_EQ(intent(5, 4).code(), proto::STORED);
  sqlite3* file = nullptr;
  stores[4].reset();
  ASSERT_EQ(store::open_by_hand(folder.file("shard-4").c_str(), &file), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(file, "UPDATE account_move SET mv = 9", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(file);
  open_all();
  start();
  cluster->run(seconds(3));
  EXPECT_EQ(query(5).move().fate(), proto::MOVE_ABORTED);
  EXPECT_TRUE(std::any_of(log.lines.begin(), log.lines.end(), [](const std::string& line) {
    return line.find("why=a later move was here") != std::string::npos;
  }));
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, AnAccountOfManyPartsArrivesWhole) {
  // A part and a rest.
  const std::string layout(600'000, 'x');
  for (std::uint64_t player = 200; player < 206; ++player) {
    ASSERT_EQ(step<proto::StoreReply>(3, store::creation(player, account)).code(), proto::STORED);
    ASSERT_EQ(step<proto::AcquireReply>(3, store::acquisition(player, 0, 1000 + player)).epoch(), 1u);
    ASSERT_EQ(apply(3, store::Ops(player, 1).op(1).layout(layout)).code(), proto::STORED);
  }
  away = "shard-4";
  const CallId call = ask_move(4);
  cluster->run(milliseconds(100));
  come_back();
  away = "shard-3";
  cluster->run(milliseconds(3'500));
  EXPECT_EQ(watch(false).step(), proto::MOVE_FROZEN) << "the larger it is, the longer it may take";
  come_back();
  const auto reply = answer(call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->move().fate(), proto::MOVE_FLIPPED);
  EXPECT_GT(reply->bytes(), 3u << 20);
  EXPECT_TRUE(settled_at(4));
  EXPECT_EQ(step<proto::AcquireReply>(4, store::acquisition(205, 1, 5)).aggregate().layout(), layout);
}

// Each FREEZE reads the whole account, whatever became of the last.
TEST_F(MoveDeskTest, ASourceThatTakesItsTimeToFreezeIsWaitedForLongerEachTime) {
  const CallId call = ask_move(4);
  std::optional<proto::MoveAccountReply> reply;
  away = "shard-3";
  for (int i = 0; i < 25 && !reply; ++i) {
    reply = answer(call, milliseconds(600));
    for (const Work& work : std::exchange(kept, {})) do_work(work);
  }
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->move().fate(), proto::MOVE_FLIPPED) << reply->detail();
  EXPECT_TRUE(settled_at(4));
}

TEST_F(MoveDeskTest, OfAnAccountThatIsGivenUpAfterAPartNothingStays) {
  const std::string layout(600'000, 'x');
  for (std::uint64_t player = 200; player < 206; ++player) {
    ASSERT_EQ(step<proto::StoreReply>(3, store::creation(player, account)).code(), proto::STORED);
    ASSERT_EQ(step<proto::AcquireReply>(3, store::acquisition(player, 0, 1000 + player)).epoch(), 1u);
    ASSERT_EQ(apply(3, store::Ops(player, 1).op(1).layout(layout)).code(), proto::STORED);
  }
  const auto parts = [&] {
    stores[4].reset();
    sqlite3* file = nullptr;
    sqlite3_stmt* row = nullptr;
    EXPECT_EQ(store::open_by_hand(folder.file("shard-4").c_str(), &file), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(file, "SELECT count(*) FROM move_part", -1, &row, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_step(row), SQLITE_ROW);
    const int count = sqlite3_column_int(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(file);
    open_all();
    return count;
  };
  away = "shard-4";
  const CallId call = ask_move(4);
  cluster->run(milliseconds(100));
  come_back();
  away = "shard-3";
  cluster->run(milliseconds(100));
  EXPECT_EQ(parts(), 1);
  watch(true);
  come_back();
  const auto reply = answer(call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->move().fate(), proto::MOVE_ABORTED);
  EXPECT_EQ(parts(), 0);
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, TheLastPausesAreKeptAndNoMore) {
  const auto longest_pause_us = [&] {
    cluster->run(seconds(1));
    for (const auto& [key, value] : cluster->monitor->fields)
      if (key == "move_pause_max_us") return std::stoll(value);
    return 0LL;
  };
  away = "shard-4";
  const CallId call = ask_move(4);
  cluster->run(seconds(2));
  come_back();
  ASSERT_TRUE(answer(call));
  EXPECT_GE(longest_pause_us(), to_us(MoveLimits().frozen_max));
  for (int i = 0; i < 1024; ++i) ASSERT_EQ(answer(ask_move(i % 2 == 0 ? 4 : 3))->code(), proto::STORED) << i;
  EXPECT_LT(longest_pause_us(), to_us(MoveLimits().frozen_max)) << "1,024 later it is forgotten";
  EXPECT_TRUE(settled_at(3));
}

}  // namespace
}  // namespace dure

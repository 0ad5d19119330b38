// The steps of a move at its shards, guard by guard. What travels is in move_content_test.cpp, the directory's side in
// directory_moves_test.cpp.
#include <sqlite3.h>

#include "dbagent/store/schema.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/move_fixture.h"

namespace dure::store {
namespace {

TEST_F(MoveTest, WhatAnOwnerlessAggregateHasForgottenTravelsAndItsTimeNeverGoesBack) {
  auto birth = creation(50, account);
  birth.set_ownerless(true);
  ASSERT_EQ(step<proto::StoreReply>(3, birth).code(), proto::STORED);
  const auto noted = [](std::uint64_t id, std::int64_t asked_at) {
    proto::OwnerlessApply request;
    request.set_aggregate_id(50);
    *request.mutable_operation_id() = uid(5, id);
    request.set_reason("bank");
    request.set_asked_at_ms(asked_at);
    auto* record = request.add_records();
    record->set_key(std::to_string(id));
    record->set_body("x");
    return request;
  };
  const auto apply_at = [&](std::uint32_t number, proto::OwnerlessApply request, std::int64_t at) {
    request.set_shard(number);
    return ask<proto::OwnerlessReply>(*shard(number), request, at).code();
  };
  ASSERT_EQ(apply_at(3, noted(1, kNow + 2 * kDayMs), kNow + 2 * kDayMs), proto::STORED);
  ASSERT_EQ(apply_at(3, noted(2, kNow + 4 * kDayMs), kNow + 4 * kDayMs), proto::STORED) << "forgets the first";
  move(1, 3, 4);  // whose clock is four days behind
  EXPECT_EQ(apply_at(4, noted(1, kNow + 2 * kDayMs), kNow), proto::STALE_EPOCH);
  EXPECT_EQ(apply_at(4, noted(2, kNow + 4 * kDayMs), kNow), proto::STORED);
  proto::OwnerlessRead read;
  read.set_aggregate_id(50);
  const auto book = step<proto::OwnerlessReadReply>(4, read);
  EXPECT_GT(book.shard_time_ms(), kNow + 2 * kDayMs);
  EXPECT_EQ(apply_at(4, noted(3, book.shard_time_ms()), kNow), proto::STORED) << "who reads now can ask now";
}

TEST_F(MoveTest, ACreationIsRuledOutWhereItsAccountIsAndStaysSoWhereverThatGoes) {
  proto::SettleCreation settle;
  settle.set_player_id(20);
  settle.set_reservation(1020);
  settle.set_account_id(account);
  EXPECT_EQ(step<proto::StoreReply>(3, settle).code(), proto::NO_SUCH);
  move(1, 3, 4);
  EXPECT_EQ(step<proto::StoreReply>(4, creation(20, account)).code(), proto::EXPECTED_OTHER)
      << "it comes too late here, too";
  settle.set_player_id(21);
  EXPECT_EQ(step<proto::StoreReply>(3, settle).code(), proto::WRONG_SHARD);
  EXPECT_EQ(step<proto::StoreReply>(4, creation(21, account)).code(), proto::STORED);
}

TEST_F(MoveTest, AnAccountTravelsWithAllItHas) {
  EXPECT_EQ(apply(3, Ops(1, 1)
                         .op(1, 5)
                         .balance("gold", 100)
                         .op(2)
                         .mint(1)
                         .mint(2)
                         .op(3)
                         .attribute(1, 0, "sharp", 7)
                         .op(4)
                         .once("hero")
                         .count("level", 3, 9)
                         .layout("bags")
                         .drop(50, 1)
                         .op(5)
                         .send(900, 555, 20, {2}))
                .saved_pseq(),
            5u);
  auto claimed = delivery(1, 500, 5);
  EXPECT_EQ(step<proto::DeliverReply>(3, claimed).code(), proto::STORED);
  EXPECT_EQ(apply(3, Ops(1, 1).op(6).claim(500)).code(), proto::STORED);
  EXPECT_EQ(step<proto::DeliverReply>(3, delivery(1, 501, 6)).code(), proto::STORED);
  const Audit before = expect_clean();
  move(1, 3, 4);
  const Audit after = expect_clean();
  EXPECT_EQ(after.item_ids, before.item_ids);
  EXPECT_EQ(after.players, before.players);
  EXPECT_EQ(audit_of(3).players, 0u);

  // The same owner goes on under the same numbers, and a repeated operation is known.
  EXPECT_EQ(apply(4, Ops(1, 1).op(6).claim(500)).saved_pseq(), 6u);
  EXPECT_EQ(apply(4, Ops(1, 1).op(7, 6).balance("gold", -10)).saved_pseq(), 7u);
  // Neither a message nor a drop comes twice.
  EXPECT_EQ(step<proto::DeliverReply>(4, claimed).code(), proto::STORED);
  const auto grant = reacquire(4, 1, 1);
  ASSERT_EQ(grant.code(), proto::STORED);
  EXPECT_EQ(grant.last_creq(), 6u);
  EXPECT_EQ(grant.ended_last_pseq(), 7u);
  EXPECT_EQ(gold_of(grant.aggregate()), 100 - 20 + 5 - 10);
  ASSERT_EQ(grant.aggregate().items_size(), 1);
  EXPECT_EQ(grant.aggregate().items(0).attributes(0).value(), 7);
  EXPECT_EQ(grant.aggregate().items(0).version(), 1);
  EXPECT_EQ(grant.aggregate().flags(0), "hero");
  EXPECT_EQ(grant.aggregate().counters(0).value(), 3);
  EXPECT_EQ(grant.aggregate().layout(), "bags");
  ASSERT_EQ(grant.aggregate().inbox_size(), 1);
  EXPECT_EQ(grant.aggregate().inbox(0).balances(0).value(), 6);
  EXPECT_EQ(apply(4, Ops(1, 2).op(1).balance("gold", 1).drop(50, 1)).code(), proto::REJECTED);

  // What it had sent is relayed from where it is now.
  proto::OutboxQuery pending;
  EXPECT_EQ(step<proto::OutboxReply>(3, pending).pending_size(), 0);
  const auto letters = step<proto::OutboxReply>(4, pending);
  ASSERT_EQ(letters.pending_size(), 1);
  EXPECT_EQ(letters.pending(0).message_id(), 900u);
  EXPECT_EQ(letters.pending(0).items_size(), 1);
}

TEST_F(MoveTest, ThereAndBackAndThereAgain) {
  std::uint64_t pseq = 0;
  EXPECT_EQ(apply(3, Ops(1, 1).op(++pseq).mint(1).balance("gold", 10)).code(), proto::STORED);
  std::uint32_t from = 3, to = 4;
  for (std::uint64_t m = 1; m <= 6; ++m, std::swap(from, to)) {
    move(m, from, to);
    EXPECT_EQ(apply(from, Ops(1, 1).op(pseq + 1).balance("gold", 1)).code(), proto::WRONG_SHARD);
    EXPECT_EQ(apply(to, Ops(1, 1).op(++pseq).balance("gold", 1)).code(), proto::STORED);
    EXPECT_EQ(expect_clean().items, 1u);
  }
  EXPECT_EQ(gold_of(reacquire(3, 1, 1).aggregate()), 16);
}

TEST_F(MoveTest, BooksBalanceAtEveryStepAndNothingIsCountedTwice) {
  EXPECT_EQ(apply(3, Ops(1, 1).op(1).mint(1).mint(2).balance("gold", 10)).code(), proto::STORED);
  const auto step_is_clean = [&] { EXPECT_EQ(expect_clean().items, 2u); };
  intent(1, 4);
  const auto content = freeze(3, 1);
  step_is_clean();
  copy(4, 1, content);
  step_is_clean();
  flip(1, 4, 1);
  activate(4, 1);
  step_is_clean();
  retire(3, 1);
  step_is_clean();
}

TEST_F(MoveTest, WhatIsOnTheWayIsAskedForAgainAndWhatIsGoneIsElsewhere) {
  proto::CharactersRequest list;
  list.set_account_id(account);
  intent(1, 4);
  const auto content = freeze(3, 1);
  EXPECT_EQ(apply(3, Ops(1, 1).op(1).balance("gold", 1)).code(), proto::RETRY);
  EXPECT_EQ(step<proto::CharactersReply>(3, list).code(), proto::RETRY);
  EXPECT_EQ(step<proto::StoreReply>(3, creation(9, account)).code(), proto::RETRY);
  copy(4, 1, content);
  EXPECT_EQ(apply(4, Ops(1, 1).op(1).balance("gold", 1)).code(), proto::RETRY);
  EXPECT_EQ(step<proto::CharactersReply>(4, list).code(), proto::RETRY);
  flip(1, 4, 1);
  activate(4, 1);
  EXPECT_EQ(step<proto::CharactersReply>(4, list).characters_size(), 2);
  retire(3, 1);
  EXPECT_EQ(step<proto::CharactersReply>(3, list).code(), proto::WRONG_SHARD);
  EXPECT_EQ(step<proto::StoreReply>(3, creation(9, account)).code(), proto::WRONG_SHARD);
  EXPECT_EQ(step<proto::StoreReply>(4, creation(9, account)).code(), proto::STORED);
}

TEST_F(MoveTest, AGiftToWhoIsOnTheMoveIsAskedForAgainAndArrivesOnce) {
  const auto gift = delivery(1, 500, 5);
  intent(1, 4);
  const auto content = freeze(3, 1);
  EXPECT_EQ(step<proto::DeliverReply>(3, gift).code(), proto::RETRY);
  copy(4, 1, content);
  EXPECT_EQ(step<proto::DeliverReply>(4, gift).code(), proto::RETRY);
  flip(1, 4, 1);
  activate(4, 1);
  EXPECT_EQ(step<proto::DeliverReply>(4, gift).code(), proto::STORED);
  retire(3, 1);
  EXPECT_EQ(step<proto::DeliverReply>(3, gift).code(), proto::WRONG_SHARD);
  EXPECT_EQ(step<proto::DeliverReply>(4, gift).code(), proto::STORED) << "the same once more";
  EXPECT_EQ(apply(4, Ops(1, 1).op(1).claim(500)).code(), proto::STORED);
  EXPECT_EQ(gold_of(reacquire(4, 1, 1).aggregate()), 5);
  expect_clean();
}

TEST_F(MoveTest, EveryStepMayBeRepeated) {
  intent(1, 4);
  EXPECT_EQ(intent(1, 4).code(), proto::STORED);
  const auto content = freeze(3, 1);
  EXPECT_EQ(freeze(3, 1).bytes(), content.bytes());
  copy(4, 1, content);
  EXPECT_EQ(copy(4, 1, content).state(), proto::ACCOUNT_ARRIVING);
  flip(1, 4, 1);
  EXPECT_EQ(flip(1, 4, 1).code(), proto::STORED);
  EXPECT_EQ(query(1).map_version(), 1u);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(activate(4, 1).code(), proto::STORED);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(retire(3, 1).code(), proto::STORED);
  intent(2, 3);
  freeze(4, 2);
  copy(3, 2, freeze(4, 2));
  abort(2);
  EXPECT_EQ(abort(2).code(), proto::STORED);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(unfreeze(4, 2).code(), proto::STORED);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(discard(3, 2).code(), proto::STORED);
}

// ── guards of the shards ────────────────────────────────────────────────────────────────────────────────────

TEST_F(MoveTest, FreezeIsOnlyOfAnAccountThatIsActiveHere) {
  intent(1, 4);
  const auto content = freeze(3, 1);
  EXPECT_EQ(freeze(3, 2).detail(), "not active here");
  copy(4, 1, content);
  EXPECT_EQ(freeze(4, 2).detail(), "not active here");
  flip(1, 4, 1);
  activate(4, 1);
  retire(3, 1);
  EXPECT_EQ(freeze(3, 2).detail(), "not active here");
}

TEST_F(MoveTest, ALateFreezeOfAnOlderMoveDoesNothing) {
  move(1, 3, 4);
  move(2, 4, 3);
  EXPECT_EQ(freeze(3, 1).detail(), "a later move was here");
  EXPECT_EQ(freeze(3, 2).detail(), "a later move was here");
  EXPECT_EQ(apply(3, Ops(1, 1).op(1).balance("gold", 1)).code(), proto::STORED);
}

TEST_F(MoveTest, AnAccountWithAnOpenTradeIsNotFrozen) {
  stores[3].reset();
  sqlite3* db = nullptr;
  ASSERT_EQ(open_by_hand(folder.file("shard-3").c_str(), &db), SQLITE_OK);
  const char* hold =
      "INSERT INTO hold(txn_id, leg, pid, epoch, pseq, creq, reason, vote, finished, verdict, settle_seq, terms, at) "
      "VALUES(zeroblob(16), 0, 2, 1, 1, 0, 'trade', 1, 0, 0, 0, x'', 0)";
  EXPECT_EQ(sqlite3_exec(db, hold, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
  open_all();
  intent(1, 4);
  const auto refused = freeze(3, 1);
  EXPECT_EQ(refused.code(), proto::RETRY);
  EXPECT_EQ(refused.detail(), "a trade is open");
  EXPECT_EQ(apply(3, Ops(1, 1).op(1).balance("gold", 1)).code(), proto::STORED);
  stores[3].reset();
  ASSERT_EQ(open_by_hand(folder.file("shard-3").c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, "UPDATE hold SET finished = 1, verdict = 2", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  open_all();
  EXPECT_EQ(freeze(3, 1).code(), proto::STORED);
  abort(1);
  unfreeze(3, 1);
}

TEST_F(MoveTest, ALateCopyOfAnOlderMoveDoesNothing) {
  EXPECT_EQ(apply(3, Ops(1, 1).op(1).balance("gold", 10)).code(), proto::STORED);
  intent(1, 4);
  const auto old = freeze(3, 1);
  abort(1);
  unfreeze(3, 1);
  EXPECT_EQ(apply(3, Ops(1, 1).op(2).balance("gold", -10)).code(), proto::STORED);
  move(2, 3, 4);
  EXPECT_EQ(copy(4, 1, old).detail(), "active here");
  move(3, 4, 3);
  EXPECT_EQ(copy(4, 1, old).detail(), "a later move was here");
  intent(4, 4);
  copy(4, 4, freeze(3, 4));
  EXPECT_EQ(copy(4, 1, old).detail(), "a later move was here") << "also over a copy that is only arriving";
  abort(4);
  unfreeze(3, 4);
  discard(4, 4);
  EXPECT_EQ(copy(4, 1, old).detail(), "a later move was here") << "and over the tombstone of a discarded one";
  EXPECT_EQ(copy(3, 1, old).detail(), "active here");
}

TEST_F(MoveTest, ANewerCopyReplacesOneThatNeverCounted) {
  EXPECT_EQ(apply(3, Ops(1, 1).op(1).mint(1).balance("gold", 10)).code(), proto::STORED);
  intent(1, 4);
  copy(4, 1, freeze(3, 1));
  abort(1);
  unfreeze(3, 1);
  EXPECT_EQ(apply(3, Ops(1, 1).op(2).burn(1, 0).balance("gold", 5)).code(), proto::STORED);
  move(2, 3, 4);  // DISCARD(1) has not come yet
  EXPECT_EQ(discard(4, 1).code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(gold_of(reacquire(4, 1, 1).aggregate()), 15);
  EXPECT_EQ(expect_clean().items, 0u);
}

TEST_F(MoveTest, StepsForAnotherShardOrOfAnAccountThatNobodyHasChangeNothing) {
  auto strayed = of<proto::MoveFreeze>(1);
  strayed.set_shard(4);
  EXPECT_EQ(ask<proto::MoveContentReply>(*shard(3), strayed).detail(), "another shard");
  proto::UnsettledMoves unsettled;
  unsettled.set_shard(4);
  EXPECT_EQ(ask<proto::UnsettledMovesReply>(*shard(3), unsettled).code(), proto::WRONG_SHARD);
  proto::ShardFiguresQuery figures;
  figures.set_shard(4);
  EXPECT_EQ(ask<proto::ShardFigures>(*shard(3), figures).code(), proto::WRONG_SHARD);
  const std::uint64_t mine = account;
  account = mine + 1;
  EXPECT_EQ(intent(1, 4).code(), proto::NO_SUCH);
  EXPECT_EQ(flip(1, 4, 1).code(), proto::NO_SUCH);
  EXPECT_EQ(abort(1).code(), proto::NO_SUCH);
  account = mine;
  EXPECT_EQ(query(0).move().move_id(), 0u) << "no move was ever begun";
}

TEST_F(MoveTest, NothingIsSettledButByTheFinalFateOfThisMove) {
  intent(1, 4);
  copy(4, 1, freeze(3, 1));
  EXPECT_EQ(activate(4, 1, proto::MOVE_OPEN).detail(), "not flipped");
  EXPECT_EQ(activate(4, 1, proto::MOVE_ABORTED).detail(), "not flipped");
  EXPECT_EQ(activate(4, 2).detail(), "another move");
  EXPECT_EQ(activate(3, 1).detail(), "not arriving");
  EXPECT_EQ(discard(4, 1, proto::MOVE_OPEN).detail(), "not aborted");
  EXPECT_EQ(discard(4, 1, proto::MOVE_FLIPPED).detail(), "not aborted");
  EXPECT_EQ(discard(4, 2).detail(), "another move");
  EXPECT_EQ(discard(3, 1).detail(), "not arriving");
  EXPECT_EQ(retire(3, 1, proto::MOVE_OPEN).detail(), "not flipped");
  EXPECT_EQ(retire(3, 1, proto::MOVE_ABORTED).detail(), "not flipped");
  EXPECT_EQ(retire(3, 2).detail(), "another move");
  EXPECT_EQ(retire(4, 1).detail(), "not moving");
  EXPECT_EQ(unfreeze(3, 1, proto::MOVE_OPEN).detail(), "not aborted");
  EXPECT_EQ(unfreeze(3, 1, proto::MOVE_FLIPPED).detail(), "not aborted");
  EXPECT_EQ(unfreeze(3, 2).detail(), "another move");
  EXPECT_EQ(unfreeze(4, 1).detail(), "not moving");
  abort(1);
  unfreeze(3, 1);
  discard(4, 1);
}

TEST_F(MoveTest, WhatIsNotSettledIsFound) {
  proto::UnsettledMoves query_unsettled;
  intent(1, 4);
  copy(4, 1, freeze(3, 1));
  for (const std::uint32_t number : {3u, 4u}) {
    const auto found = step<proto::UnsettledMovesReply>(number, query_unsettled);
    ASSERT_EQ(found.moves_size(), 1);
    EXPECT_EQ(found.moves(0).move_id(), 1u);
  }
  flip(1, 4, 1);
  activate(4, 1);
  retire(3, 1);
  for (const std::uint32_t number : {3u, 4u})
    EXPECT_EQ(step<proto::UnsettledMovesReply>(number, query_unsettled).moves_size(), 0);
  EXPECT_EQ(step<proto::ShardFigures>(3, proto::ShardFiguresQuery()).players(), 0u);
  EXPECT_EQ(step<proto::ShardFigures>(4, proto::ShardFiguresQuery()).players(), 2u);
}

// A guild's bank and what a character left behind have rows of their kind.
TEST_F(MoveTest, TheFiguresOfAShardCountCharactersOnly) {
  EXPECT_EQ(step<proto::ShardFigures>(3, proto::ShardFiguresQuery()).players(), 2u);
  auto bank = creation(9, account);
  bank.set_ownerless(true);
  ASSERT_EQ(ask<proto::StoreReply>(*shard(3), bank).code(), proto::STORED);
  EXPECT_EQ(step<proto::ShardFigures>(3, proto::ShardFiguresQuery()).players(), 2u);
}

}  // namespace
}  // namespace dure::store

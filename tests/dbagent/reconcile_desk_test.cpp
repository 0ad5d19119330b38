// What the desk does for each thing that a shard may have lost, and what it says of what cannot be mended.
#include "tests/dbagent/reconcile_desk_fixture.h"

namespace dure {
namespace {

TEST_F(ReconcileDeskTest, AShardThatKnowsAllIsOpenedAsItIs) {
  earn(3, 100, 5);
  back_up(3);
  put_back(3);
  EXPECT_TRUE(state_of(3).closed());
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed());
  EXPECT_EQ(state.notes_size(), 0) << state.notes(0);
  const auto grant = take(3);
  EXPECT_EQ(gold_of(grant), 100);
  proto::OwnerQuery second;
  second.set_player_id(2);
  EXPECT_EQ(step<proto::AcquireReply>(3, second).code(), proto::STORED) << "who is here was not made after the backup";
}

TEST_F(ReconcileDeskTest, AnAccountThatMovedAwayIsGivenUpAndWhatItEarnedBeforeItLeftIsBalanced) {
  earn(3, 100, 5);
  back_up(3);
  earn(3, 50, 6);
  move(1, 3, 4);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  ASSERT_EQ(state.notes_size(), 2);
  EXPECT_NE(state.notes(0).find("has moved to shard 4"), std::string::npos) << state.notes(0);
  EXPECT_NE(state.notes(1).find("50 gold left with accounts that moved"), std::string::npos) << state.notes(1);
  const auto grant = take(4);
  EXPECT_EQ(gold_of(grant), 150);
  EXPECT_EQ(grant.aggregate().items_size(), 2);
  const auto merged = expect_clean();
  EXPECT_EQ(merged.items, 2u);
  for (const auto& [currency, amount] : merged.moved) EXPECT_EQ(amount, 0) << currency;
}

TEST_F(ReconcileDeskTest, AnAccountThatCameIsAgainAsItCame) {
  earn(3, 100, 5);
  back_up(4);
  move(1, 3, 4);
  earn(4, 30, 6);  // gone with the restore, like all that was earned there since
  const std::uint64_t before = take(4).epoch();
  put_back(4);
  const auto state = run_desk(4);
  EXPECT_FALSE(state.closed()) << state.open(0);
  EXPECT_NE(state.notes(1).find("came from shard 3 after the backup: it is again as it came"), std::string::npos)
      << state.notes(1);
  const auto grant = take(4);
  EXPECT_EQ(gold_of(grant), 100);
  EXPECT_EQ(grant.aggregate().items_size(), 1);
  EXPECT_GT(grant.epoch(), before + static_cast<std::uint64_t>(store::kEpochsLeftOut) / 2)
      << "no epoch is granted twice";
  expect_clean();
}

TEST_F(ReconcileDeskTest, AnAccountThatWentAndCameBackIsAsItCameBack) {
  earn(3, 100, 5);
  back_up(3);
  move(1, 3, 4);
  earn(4, 30, 6);
  move(2, 4, 3);
  earn(3, 7, 8);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  const auto grant = take(3);
  EXPECT_EQ(gold_of(grant), 130);
  EXPECT_EQ(grant.aggregate().items_size(), 2);
  expect_clean();
}

TEST_F(ReconcileDeskTest, WhatCameAndIsKeptNowhereKeepsTheShardClosedAndIsNamed) {
  earn(3, 100, 5);
  back_up(4);
  move(1, 3, 4);
  by_hand(3, "DELETE FROM moved_copy");
  put_back(4);
  const auto state = run_desk(4);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 3) << "the account, and each of its characters";
  EXPECT_NE(state.open(0).find("no copy is kept"), std::string::npos) << state.open(0);
  EXPECT_NE(state.open(1).find("character " + name_of(1)), std::string::npos) << state.open(1);
  const auto again = step<proto::ClosedReply>(4, proto::ClosedQuery());
  EXPECT_EQ(again.open_size(), state.open_size());
}

// Its leg left with its character, or was given back there: it must not meet the other one any more.
TEST_F(ReconcileDeskTest, AVoteThatIsCountedAndUndecidedIsAbortedAlsoWhenNobodyHoldsAnything) {
  earn(3, 100, 5);
  by_hand(3, "INSERT INTO trade_vote VALUES(x'00000000000000000000000000000077', 0, 1, 1, 1, 9, 4, x'', x'')");
  back_up(3);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  EXPECT_EQ(shard(3)->database().number("SELECT verdict FROM decision"), static_cast<int>(proto::ABORT));
}

// The last move of the account is one that was turned back: it came by the one before.
TEST_F(ReconcileDeskTest, WhoCameAndWasToLeaveAgainIsNotSettledAsNeverMade) {
  earn(3, 100, 5);
  back_up(4);
  move(1, 3, 4);
  by_hand(3, "DELETE FROM moved_copy");
  ASSERT_EQ(intent(2, 3).code(), proto::STORED);
  ASSERT_EQ(abort(2).code(), proto::STORED);
  put_back(4);
  const auto state = run_desk(4);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 3) << "the account, and each of its characters";
  EXPECT_NE(state.open(1).find("character " + name_of(1)), std::string::npos) << state.open(1);
  proto::PlayerLocate known;
  known.set_player_id(1);
  EXPECT_EQ(store::ask<proto::PlayerLocateReply>(*directory, known).code(), proto::STORED);
}

// A letter of a character of shard 4 came to the account after the backup, before it moved there itself.
TEST_F(ReconcileDeskTest, WhoCameWithHalfOfALetterOfThisShardIsNotBroughtBackAndIsNamed) {
  proto::AccountQuery query;
  query.set_account("nina");
  query.set_create(true);
  const auto nina = store::ask<proto::AccountReply>(*directory, query);
  ASSERT_EQ(nina.shard(), 4u);
  ASSERT_EQ(step<proto::StoreReply>(4, store::creation(3, nina.account_id())).code(), proto::STORED);
  ASSERT_EQ(step<proto::AcquireReply>(4, store::acquisition(3, 0, 300)).code(), proto::STORED);
  store::Ops gold(3, 1);
  gold.op(1).balance("gold", 80);
  ASSERT_EQ(apply(4, gold).code(), proto::STORED);
  back_up(4);
  store::Ops out(3, 1);
  out.op(2).send(900, 1, 40);
  ASSERT_EQ(apply(4, out).code(), proto::STORED);
  const auto waiting = step<proto::OutboxReply>(4, proto::OutboxQuery());
  ASSERT_EQ(waiting.pending_size(), 1);
  ASSERT_EQ(step<proto::DeliverReply>(3, waiting.pending(0)).code(), proto::STORED);
  move(1, 3, 4);
  put_back(4);
  const auto state = run_desk(4);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 1);
  EXPECT_NE(state.open(0).find("cannot be brought back: it has letters of characters of this shard"), std::string::npos)
      << state.open(0);
}

TEST_F(ReconcileDeskTest, WhoTradedHereAndMovedAwayBringsTheTradeBackForTheOther) {
  meet_on_shard_3();
  back_up(3);
  swap_on_shard_3();
  move(1, 3, 4);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  expect_exchanged(4);
}

TEST_F(ReconcileDeskTest, WhoMovesAwayTakesAlongWhatItTradedHereEachTime) {
  meet_on_shard_3();
  back_up(3);
  swap_on_shard_3();
  move(1, 3, 4);
  move(2, 4, 3);
  swap_on_shard_3(true, 2);
  swap_on_shard_3(true, 3);
  move(3, 3, 4);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  expect_exchanged(4, 40);
}

TEST_F(ReconcileDeskTest, ATradeThatTheBackupKnowsIsNotDoneAgainForWhoMovedAway) {
  meet_on_shard_3();
  swap_on_shard_3();
  back_up(3);
  move(1, 3, 4);
  put_back(3);
  EXPECT_FALSE(run_desk(3).closed());
  expect_exchanged(4);
}

TEST_F(ReconcileDeskTest, WhatWasDoneAgainForTheOtherIsNotDoneAgainForWhoMovedAway) {
  meet_on_shard_3();
  back_up(3);
  swap_on_shard_3();
  move(1, 3, 4);
  put_back(3);
  EXPECT_FALSE(run_desk(3).closed());
  stop();
  back_up(4);
  put_back(4);
  EXPECT_FALSE(run_desk(4).closed());
  expect_exchanged(4);
}

TEST_F(ReconcileDeskTest, WhoTradedHereAndWentAndCameBackIsNotBroughtBackWithHalfOfIt) {
  meet_on_shard_3();
  back_up(3);
  swap_on_shard_3(true);
  move(1, 3, 4);
  move(2, 4, 3);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 1);
  EXPECT_NE(state.open(0).find("cannot be brought back: it has traded with characters of this shard"),
            std::string::npos)
      << state.open(0);
}

TEST_F(ReconcileDeskTest, AnEarlierMoveGivesNobodyUp) {
  move(1, 3, 4);
  move(2, 4, 3);
  back_up(3);
  put_back(3);
  proto::GiveUpAccount request;
  request.mutable_move()->set_account_id(account);
  request.mutable_move()->set_move_id(1);
  request.mutable_move()->set_target(4);
  EXPECT_EQ(step<proto::ReconcileReply>(3, request).code(), proto::REJECTED);
  EXPECT_FALSE(run_desk(3).closed());
  EXPECT_EQ(take(3).code(), proto::STORED);
}

TEST_F(ReconcileDeskTest, NothingIsBroughtBackToAShardThatIsPlayedAndNothingTwice) {
  earn(3, 100, 5);
  back_up(4);
  move(1, 3, 4);
  proto::KeptContent query;
  query.set_account_id(account);
  query.set_move_id(1);
  const auto kept = step<proto::KeptContentReply>(3, query);
  ASSERT_EQ(kept.code(), proto::STORED) << kept.detail();
  proto::BringBack request;
  *request.mutable_copy() = of<proto::MoveCopy>(1);
  request.mutable_copy()->set_bytes(kept.bytes());
  request.mutable_copy()->set_bytes_total(kept.bytes_total());
  request.mutable_copy()->set_hash(kept.hash());
  EXPECT_EQ(step<proto::BroughtBack>(4, request).code(), proto::REJECTED) << "it is not closed";
  EXPECT_EQ(step<proto::ReconcileReply>(4, proto::BalanceMoves()).code(), proto::REJECTED);
  put_back(4);
  EXPECT_EQ(step<proto::BroughtBack>(4, request).mv(), 1u);
  EXPECT_EQ(step<proto::BroughtBack>(4, request).mv(), 1u) << "asked again";
  EXPECT_FALSE(run_desk(4).closed());
  EXPECT_EQ(gold_of(take(4)), 100);
  move(2, 4, 3);
  EXPECT_EQ(step<proto::KeptContentReply>(3, query).code(), proto::EXPECTED_OTHER) << "it is here again";
}

TEST_F(ReconcileDeskTest, ACharacterThatWasMadeAfterTheBackupIsSettledAsNeverMade) {
  back_up(3);
  auto late = store::creation(9, account);
  ASSERT_EQ(step<proto::StoreReply>(3, late).code(), proto::STORED);
  claim_name(9, late.reservation());
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed());
  ASSERT_EQ(state.notes_size(), 1);
  EXPECT_EQ(state.notes(0), "character " + name_of(9) + " was made after the backup, and is gone");
}

// The desk died between the two: nobody would be told that the character is gone.
TEST_F(ReconcileDeskTest, TheNameOfACharacterThatIsSettledAlreadyIsReleasedAllTheSame) {
  back_up(3);
  auto late = store::creation(9, account);
  ASSERT_EQ(step<proto::StoreReply>(3, late).code(), proto::STORED);
  claim_name(9, late.reservation());
  put_back(3);
  proto::SettleCreation settle;
  settle.set_player_id(9);
  settle.set_reservation(late.reservation());
  settle.set_name(name_of(9));
  ASSERT_EQ(step<proto::StoreReply>(3, settle).code(), proto::NO_SUCH);
  EXPECT_FALSE(run_desk(3).closed());
  proto::PlayerLocate query;
  query.set_player_id(9);
  EXPECT_EQ(store::ask<proto::PlayerLocateReply>(*directory, query).code(), proto::NO_SUCH);
}

TEST_F(ReconcileDeskTest, AShardThatDoesNotAnswerIsWaitedFor) {
  back_up(3);
  put_back(3);
  away = "shard-4";
  EXPECT_TRUE(run_desk(3).closed());
  EXPECT_EQ(state_of(3).rounds(), 0u) << "half of what is known is no ground to open on";
  stop();
  away.clear();
  EXPECT_FALSE(run_desk(3).closed());
}

TEST_F(ReconcileDeskTest, AShardThatLivesIsNotAuditedInFullForIt) {
  earn(3, 100, 5);
  back_up(3);
  put_back(3);
  int here = 0, of_who_lives = 0;
  on_work = [&](const Work& work) {
    (work.queue == "shard-3" ? here : of_who_lives) += count_of<proto::AuditRequest>(work);
  };
  EXPECT_FALSE(run_desk(3).closed());
  EXPECT_EQ(here, 1);
  EXPECT_EQ(of_who_lives, 0) << "it would stand still as long as that takes";
}

TEST_F(ReconcileDeskTest, WhatTheBooksOfAnotherShardShowKeepsItClosed) {
  back_up(3);
  put_back(3);
  by_hand(4, "INSERT INTO item_holder(item_id, kind, owner) VALUES(x'00000000000000000000000000000009', 0, 77)");
  const auto state = run_desk(3);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 1);
  EXPECT_NE(state.open(0).find("shard 4: orphan: item"), std::string::npos) << state.open(0);
  stop();
  by_hand(4, "DELETE FROM item_holder WHERE owner = 77");
}

TEST_F(ReconcileDeskTest, AnAuditThatTakesLongIsNotAskedForAgain) {
  back_up(3);
  put_back(3);
  int audits = 0;
  hold_back = [&](const Work& work) {
    const int asked = count_of<proto::AuditRequest>(work);
    audits += asked;
    return asked > 0 && audits == asked;
  };
  start();
  for (int i = 0; i < 600 && audits == 0; ++i) cluster->run(milliseconds(100), milliseconds(5));
  cluster->run(seconds(45), milliseconds(100));
  ASSERT_EQ(held_back.size(), 1u);
  cluster->in(std::move(held_back.front()));
  cluster->run(seconds(2));
  EXPECT_EQ(audits, 1);
  EXPECT_FALSE(state_of(3).closed());
}

}  // namespace
}  // namespace dure

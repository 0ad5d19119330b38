// Guards of trades that stand behind others, each by itself: who removes one sees its test fail (tests/mutants).
#include "common/proto/shard_map.pb.h"
#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {
namespace {

class TradeGuardTest : public TradeTest {
 protected:
  // Players 1 and 2 of the register's shard, and 1 and 3 of different shards.
  proto::TradeTerms here = terms_of(21, 1, {1, 25, {}}, {2, 5, {}});
  proto::TradeTerms across = terms_of(22, 1, {1, 30, {}}, {3, 0, {30}});

  // As if the other side had voted on another shard, and moved here since.
  static proto::TradeVote yes_from_elsewhere(const proto::TradeTerms& terms, std::uint32_t side) {
    proto::TradeVote vote;
    vote.set_shard(terms.register_shard());
    vote.set_from_shard(2);
    *vote.mutable_terms() = terms;
    vote.set_side(side);
    vote.set_yes(true);
    vote.set_epoch(1);
    vote.set_pseq(1);
    return vote;
  }
  std::int64_t gold_of_new_owner(std::uint64_t player, std::uint32_t shard) {
    return gold_of(acquire(player, shard).aggregate());
  }
  // The item 10 goes from player 1 to player 3; that the letter was delivered is known to the receiver's shard alone.
  void give_by_an_unmarked_letter() {
    ASSERT_EQ(apply(1, Ops(1, 1).op(2).send(800, 3, 0, {10})).code(), proto::STORED);
    proto::OutboxQuery query;
    query.set_shard(1);
    auto letter = on<proto::OutboxReply>(1, query).pending(0);
    letter.set_shard(2);
    ASSERT_EQ(on<proto::DeliverReply>(2, letter).code(), proto::STORED);
    ASSERT_EQ(apply(2, Ops(3, 1).op(2).claim(800, 1000)).code(), proto::STORED);
  }
  void mark_sent() {
    proto::OutboxSent sent;
    sent.set_shard(1);
    sent.set_message_id(800);
    ASSERT_EQ(on<proto::StoreReply>(1, sent).code(), proto::STORED);
  }
  // Account 10 goes from shard 1 to shard 2 and is active there; shard 1 has not been told.
  void move_without_retire() {
    proto::MoveFreeze freeze;
    freeze.set_shard(1);
    freeze.set_account_id(10);
    freeze.set_move_id(1);
    const auto content = on<proto::MoveContentReply>(1, freeze);
    proto::MoveCopy copy;
    copy.set_shard(2);
    copy.set_account_id(10);
    copy.set_move_id(1);
    copy.set_bytes(content.bytes());
    copy.set_bytes_total(content.bytes_total());
    copy.set_hash(content.hash());
    ASSERT_EQ(on<proto::MoveStepReply>(2, copy).state(), proto::ACCOUNT_ARRIVING);
    proto::MoveActivate activate;
    activate.set_shard(2);
    activate.set_account_id(10);
    activate.set_move_id(1);
    activate.set_fate(proto::MOVE_FLIPPED);
    ASSERT_EQ(on<proto::MoveStepReply>(2, activate).code(), proto::STORED);
  }
  void retire() {
    proto::MoveRetire retire;
    retire.set_shard(1);
    retire.set_account_id(10);
    retire.set_move_id(1);
    retire.set_fate(proto::MOVE_FLIPPED);
    retire.set_other_shard(2);
    ASSERT_EQ(on<proto::MoveStepReply>(1, retire).code(), proto::STORED);
  }
};

// ── dead legs ───────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(TradeGuardTest, ALegOfThisEpochIsNotDeadBecauseAnotherProcessSentItToo) {
  auto strangers = leg(across, 1);
  *strangers.request.mutable_owner_incarnation() = uid(8, 1);
  EXPECT_EQ(apply(2, strangers).code(), proto::STALE_EPOCH);
  strangers = leg(across, 1, 2, 9);
  EXPECT_EQ(apply(2, strangers).code(), proto::STALE_EPOCH) << "of an epoch that has not begun";
  EXPECT_FALSE(take_vote());
  EXPECT_EQ(apply(2, leg(across, 1)).legs(0).state(), proto::LEG_HELD);
  scan();
}

TEST_F(TradeGuardTest, ALegThatWasSwappedInItsTimeVotesNothingAfterwards) {
  apply(1, leg(here, 0));
  EXPECT_EQ(apply(1, leg(here, 1)).legs(0).state(), proto::LEG_COMMITTED);
  acquire(1, 1);
  EXPECT_EQ(apply(1, leg(here, 0)).code(), proto::STALE_EPOCH);
  EXPECT_EQ(changed, 0u);
  EXPECT_EQ(state_of(1, 1, here).outcome().state(), proto::LEG_COMMITTED);
}

TEST_F(TradeGuardTest, ALegWhoseNumberWentToSomethingElseHoldsUpNobody) {
  EXPECT_EQ(apply(1, leg(here, 1)).legs(0).state(), proto::LEG_WAITING);
  EXPECT_EQ(apply(1, Ops(1, 1).op(2).balance("gold", 1)).code(), proto::STORED);
  EXPECT_EQ(apply(1, leg(here, 0, 2)).legs(0).state(), proto::LEG_ABORTED);
  EXPECT_EQ(verdict(1, here, false).verdict(), proto::ABORT);
  EXPECT_EQ(gold_of_new_owner(1, 1), 101);
  EXPECT_EQ(gold_of_new_owner(2, 1), 100);
}

// ── legs that wait for a SWAP that never comes ──────────────────────────────────────────────────────────────

TEST_F(TradeGuardTest, AWaitingLegOfAnEndedEpochIsNotPrepared) {
  EXPECT_EQ(apply(1, leg(here, 0)).legs(0).state(), proto::LEG_WAITING);
  EXPECT_EQ(acquire(1, 1).epoch(), 2u);
  EXPECT_EQ(cast(yes_from_elsewhere(here, 1)).verdict(), proto::UNDECIDED);
  EXPECT_EQ(apply(1, Ops(1, 2).op(1).balance("gold", 1)).saved_pseq(), 1u);
  EXPECT_EQ(gold_of_new_owner(1, 1), 101);
}

TEST_F(TradeGuardTest, AWaitingLegOfAnEndedEpochIsNotConsumed) {
  EXPECT_EQ(apply(1, leg(here, 0)).legs(0).state(), proto::LEG_WAITING);
  EXPECT_EQ(acquire(1, 1).epoch(), 2u);
  EXPECT_EQ(verdict(1, here, true).verdict(), proto::ABORT);
  EXPECT_EQ(apply(1, Ops(1, 2).op(1).balance("gold", 1)).saved_pseq(), 1u);
  EXPECT_EQ(gold_of_new_owner(1, 1), 101);
}

// A SWAP needs room for what comes, PREPARE also for what may come back.
TEST_F(TradeGuardTest, AWaitingLegThatDoesNotFitAPrepareIsFenced) {
  const auto tight = terms_of(23, 1, {1, 60, {}, 70}, {2, 20, {}});
  EXPECT_EQ(apply(1, leg(tight, 0)).legs(0).state(), proto::LEG_WAITING);
  EXPECT_EQ(cast(yes_from_elsewhere(tight, 1)).verdict(), proto::ABORT);
  EXPECT_EQ(epoch_of(1, 1), 2u);
  EXPECT_EQ(apply(1, Ops(1, 1).op(2).balance("gold", 1)).code(), proto::STALE_EPOCH);
  EXPECT_EQ(gold_of_new_owner(1, 1), 100);
}

// A character that was deleted while its leg waited.
TEST_F(TradeGuardTest, AWaitingLegOfNobodyIsForgotten) {
  const auto erase = [&](std::uint64_t player) {
    proto::DeletePlayerRequest request;
    request.set_shard(1);
    request.set_account_id(9);
    request.set_player_id(player);
    request.set_delete_at_unix_ms(now + 1);
    ASSERT_EQ(on<proto::StoreReply>(1, request).code(), proto::STORED);
    now += 2;
    proto::PurgePlayer purge;
    purge.set_shard(1);
    purge.set_player_id(player);
    ASSERT_EQ(on<proto::StoreReply>(1, purge).code(), proto::STORED);
  };
  const auto other = terms_of(24, 1, {1, 5, {}}, {2, 5, {}});
  EXPECT_EQ(apply(1, leg(here, 0)).legs(0).state(), proto::LEG_WAITING);
  EXPECT_EQ(apply(1, leg(other, 0)).legs(0).state(), proto::LEG_WAITING);
  erase(1);
  EXPECT_EQ(cast(yes_from_elsewhere(here, 1)).verdict(), proto::UNDECIDED) << "its leg is not prepared";
  EXPECT_EQ(verdict(1, other, true).verdict(), proto::ABORT);
  EXPECT_FALSE(take_notice()) << "nobody is there to be told";
  EXPECT_EQ(gold_of_new_owner(2, 1), 100);
}

// ── votes that nobody of ours casts ─────────────────────────────────────────────────────────────────────────

TEST_F(TradeGuardTest, AVoteIsForItsRegisterAndNamesATradeOfTwo) {
  const auto good = yes_from_elsewhere(across, 1);
  auto vote = good;
  vote.set_shard(2);
  EXPECT_EQ(on<proto::TradeVerdict>(1, vote).code(), proto::WRONG_SHARD);
  EXPECT_EQ(on<proto::TradeVerdict>(2, vote).code(), proto::WRONG_SHARD) << "its terms name another register";
  vote = good;
  vote.mutable_terms()->clear_txn();
  EXPECT_EQ(cast(vote).code(), proto::REJECTED);
  vote = good;
  vote.mutable_terms()->mutable_sides()->RemoveLast();
  vote.set_side(0);
  EXPECT_EQ(cast(vote).code(), proto::REJECTED);
  vote = good;
  vote.set_side(2);
  EXPECT_EQ(cast(vote).code(), proto::REJECTED);
  EXPECT_EQ(changed, 0u);
  EXPECT_EQ(cast(good).verdict(), proto::UNDECIDED);
  vote = good;
  vote.mutable_terms()->mutable_sides(1)->set_player_id(9);
  EXPECT_EQ(cast(vote).verdict(), proto::ABORT) << "not the leg that was counted";
  EXPECT_EQ(verdict(1, across, true).verdict(), proto::ABORT);
}

TEST_F(TradeGuardTest, AMalformedLegOfAnEndedEpochVotesNothing) {
  acquire(3, 2);
  auto bad = leg(across, 1);
  bad.request.mutable_operations(0)->clear_reason();
  EXPECT_EQ(apply(2, bad).code(), proto::STALE_EPOCH);
  EXPECT_FALSE(take_vote());
  EXPECT_EQ(changed, 0u);
}

// ── around a hold ───────────────────────────────────────────────────────────────────────────────────────────

// 3 had it by a letter of 1, which its sender's shard does not know to be delivered.
TEST_F(TradeGuardTest, WhatComesBackBeforeItsLetterIsKnownToBeDeliveredWaits) {
  give_by_an_unmarked_letter();
  const auto terms = terms_of(1, 2, {1, 5, {}}, {3, 0, {10}});
  apply(1, leg(terms, 0, 3));
  apply(2, leg(terms, 1, 3));
  const auto hold = open_holds(1).holds(0);
  const auto request = finish_of(hold, cast(hold));
  ASSERT_EQ(request.verdict(), proto::COMMIT);
  EXPECT_EQ(finish(request).code(), proto::RETRY);
  mark_sent();
  EXPECT_EQ(finish(request).code(), proto::STORED);
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
}

// Where the register is here its verdict is heard with the vote: no reason to take it for the owner's fault.
TEST_F(TradeGuardTest, ALegThatHearsItsVerdictAtOnceWaitsForWhatIsStillLeaving) {
  give_by_an_unmarked_letter();
  const auto terms = terms_of(1, 1, {1, 5, {}}, {3, 0, {10}});
  apply(2, leg(terms, 1, 3));
  carry_all();
  const auto last = apply(1, leg(terms, 0, 3));
  EXPECT_EQ(last.code(), proto::STORED) << last.detail();
  ASSERT_EQ(last.legs_size(), 1);
  EXPECT_EQ(last.legs(0).state(), proto::LEG_HELD);
  EXPECT_EQ(verdict(1, terms, false).verdict(), proto::COMMIT);
  scan();
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_HELD);
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_COMMITTED);
  mark_sent();
  said.clear();
  scan();
  EXPECT_EQ(take_notice()->outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(open_holds(1).holds_size(), 0);
  const auto one = acquire(1, 1);
  EXPECT_EQ(gold_of(one.aggregate()), 95);
  EXPECT_EQ(items_of(one), Items{10});
}

// The account that gives it has moved, and its rows are still where it was.
TEST_F(TradeGuardTest, WhatComesBackBeforeItsAccountIsKnownToHaveMovedWaits) {
  begin(4, 1, 10);
  move_without_retire();
  const auto terms = terms_of(1, 1, {1, 5, {}}, {4, 0, {40}});
  EXPECT_EQ(apply(1, leg(terms, 0)).legs(0).state(), proto::LEG_HELD);
  EXPECT_EQ(apply(2, leg(terms, 1)).legs(0).state(), proto::LEG_HELD);
  EXPECT_EQ(cast(open_holds(2).holds(0)).verdict(), proto::COMMIT);
  const auto hold = open_holds(1).holds(0);
  const auto request = finish_of(hold, cast(hold));
  EXPECT_EQ(finish(request).code(), proto::RETRY);
  retire();
  EXPECT_EQ(finish(request).code(), proto::STORED);
  carry_all();
  scan();
  EXPECT_EQ(items_of(acquire(1, 1)), (Items{10, 40}));
  EXPECT_EQ(items_of(acquire(4, 2)), Items{});
}

TEST_F(TradeGuardTest, WhatComesBackOutOfALetterOfAnAccountThatMovedWaits) {
  begin(4, 1, 10);
  auto letter = delivery(4, 900, 1);
  *letter.add_items()->mutable_id() = uid(1, 41);
  letter.mutable_items(0)->set_template_("sword");
  ASSERT_EQ(on<proto::DeliverReply>(1, letter).code(), proto::STORED);
  move_without_retire();
  ASSERT_EQ(apply(2, Ops(4, 1).op(2).claim(900, 1000)).code(), proto::STORED);
  const auto terms = terms_of(1, 1, {1, 5, {}}, {4, 0, {41}});
  apply(2, leg(terms, 1, 3));
  carry_all();
  EXPECT_EQ(apply(1, leg(terms, 0)).legs(0).state(), proto::LEG_HELD);
  retire();
  scan();
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(items_of(acquire(1, 1)), (Items{10, 41}));
}

TEST_F(TradeGuardTest, ACharacterInTheMiddleOfATradeIsNotPurged) {
  EXPECT_EQ(apply(2, leg(across, 1)).legs(0).state(), proto::LEG_HELD);
  proto::DeletePlayerRequest erase;
  erase.set_shard(2);
  erase.set_account_id(9);
  erase.set_player_id(3);
  erase.set_delete_at_unix_ms(kNow + 1);
  ASSERT_EQ(on<proto::StoreReply>(2, erase).code(), proto::STORED);
  now = kNow + 2;
  proto::PurgePlayer purge;
  purge.set_shard(2);
  purge.set_player_id(3);
  EXPECT_EQ(on<proto::StoreReply>(2, purge).code(), proto::RETRY);
  EXPECT_EQ(epoch_of(3, 2), 1u);
  scan();
  EXPECT_EQ(on<proto::StoreReply>(2, purge).code(), proto::STORED);
}

}  // namespace
}  // namespace dure::store

// DECIDE: the votes on a trade over different shards, and the verdict that never changes.
#include "tests/dbagent/store/hold_fixture.h"

namespace dure::store {
namespace {

TEST_F(HoldTest, ASideDoesNotVoteAnew) {
  apply(2, leg(terms, 1));
  const auto yes = *take_vote();
  cast(yes);
  auto no = yes;
  no.set_yes(false);
  EXPECT_EQ(cast(no).verdict(), proto::ABORT) << "of a leg that was not counted";
  EXPECT_EQ(changed, 0u);
  apply(1, leg(terms, 0));
  EXPECT_EQ(verdict(1, terms, false).verdict(), proto::COMMIT);
}

TEST_F(HoldTest, OneVoteDecidesNothing) {
  apply(2, leg(terms, 1));
  const auto vote = *take_vote();
  for (int times = 0; times < 3; ++times) EXPECT_EQ(cast(vote).verdict(), proto::UNDECIDED);
  EXPECT_EQ(verdict(1, terms, false).verdict(), proto::UNDECIDED);
  proto::TradeVerdictQuery elsewhere;
  elsewhere.set_shard(1);
  *elsewhere.mutable_txn() = terms.txn();
  EXPECT_EQ(on<proto::TradeVerdict>(2, elsewhere).code(), proto::WRONG_SHARD);
}

TEST_F(HoldTest, OtherTermsAbort) {
  auto other = terms;
  other.mutable_sides(0)->mutable_give(0)->set_value(29);
  apply(1, leg(terms, 0));
  apply(2, leg(other, 1));
  EXPECT_EQ(cast(*take_vote()).verdict(), proto::ABORT);
  apply(1, leg(terms, 0));
  scan();
  expect_unchanged();
}

TEST_F(HoldTest, TheRegistersOwnLegThatComesLastIsGivenBackAtOnceIfTheOthersTermsDiffer) {
  auto other = terms;
  other.mutable_sides(0)->mutable_give(0)->set_value(29);
  apply(2, leg(other, 1));
  EXPECT_EQ(cast(*take_vote()).verdict(), proto::UNDECIDED);
  const auto last = apply(1, leg(terms, 0));
  ASSERT_EQ(last.legs_size(), 1);
  EXPECT_EQ(last.legs(0).state(), proto::LEG_ABORTED);
  EXPECT_EQ(last.legs(0).settle_seq(), 1u);
  EXPECT_EQ(last.legs(0).credited(0).value(), 30) << "its own";
  carry_all();
  expect_unchanged();
}

TEST_F(HoldTest, AnAbortUndoesItsOwnRequestAndNoLaterOne) {
  apply(1, leg(terms, 0, 2, 1, 5));
  Ops later(1, 1);
  later.op(3, 6).balance("gold", 1);
  EXPECT_EQ(apply(1, later).code(), proto::STORED);
  EXPECT_EQ(verdict(1, terms, true).verdict(), proto::ABORT);
  const auto after = acquire(1, 1);
  EXPECT_EQ(gold_of(after.aggregate()), 101);
  EXPECT_EQ(after.last_creq(), 6u);
  EXPECT_EQ(after.last_creq_result(), 0u) << "that one was done";
}

TEST_F(HoldTest, ADecisionNeverChanges) {
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  const auto vote = *take_vote();
  verdict(1, terms, true);
  EXPECT_EQ(cast(vote).verdict(), proto::ABORT);
  auto no = vote;
  no.set_yes(false);
  EXPECT_EQ(cast(no).verdict(), proto::ABORT);
  EXPECT_EQ(cast(vote).verdict(), proto::ABORT);
  finish(finish_of(vote, cast(vote)));
  expect_unchanged();
}

TEST_F(HoldTest, ACommitIsOnlyForTheLegThatWasCounted) {
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  const auto vote = *take_vote();
  EXPECT_EQ(cast(vote).verdict(), proto::COMMIT);
  auto another = vote;
  another.set_pseq(9);
  EXPECT_EQ(cast(another).verdict(), proto::ABORT);
  another = vote;
  another.set_epoch(2);
  EXPECT_EQ(cast(another).verdict(), proto::ABORT);
  EXPECT_EQ(cast(vote).verdict(), proto::COMMIT);
}

TEST_F(HoldTest, AVoteForATradeThatWasSwappedIsToldAbort) {
  const auto swapped = terms_of(8, 1, {1, 5, {}}, {2, 0, {}});
  apply(1, leg(swapped, 0));
  apply(1, leg(swapped, 1));
  proto::TradeVote vote;
  vote.set_shard(1);
  vote.set_from_shard(2);
  *vote.mutable_terms() = swapped;
  vote.set_yes(true);
  vote.set_epoch(1);
  vote.set_pseq(9);
  EXPECT_EQ(cast(vote).verdict(), proto::ABORT);
  EXPECT_EQ(changed, 0u);
}

}  // namespace
}  // namespace dure::store

// PREPARE and FINISH: the legs of trades over different shards. DECIDE is in register_test.cpp.
#include <functional>

#include "tests/dbagent/store/hold_fixture.h"

namespace dure::store {
namespace {

TEST_F(HoldTest, BothLegsAreHeldDecidedAndFinished) {
  const auto first = apply(1, leg(terms, 0, 2, 1, 5));
  EXPECT_EQ(first.code(), proto::STORED);
  EXPECT_EQ(first.saved_pseq(), 2u);
  EXPECT_EQ(first.legs(0).state(), proto::LEG_HELD);
  EXPECT_TRUE(said.empty()) << "the register is on the same shard";
  const auto second = apply(2, leg(terms, 1));
  EXPECT_EQ(second.legs(0).state(), proto::LEG_HELD);
  const auto vote = take_vote();
  ASSERT_TRUE(vote);
  EXPECT_EQ(vote->shard(), 1u);
  EXPECT_EQ(vote->from_shard(), 2u);
  ASSERT_EQ(vote->items_size(), 1);
  EXPECT_EQ(vote->items(0).template_(), "sword");
  const auto decided = cast(*vote);
  EXPECT_EQ(decided.verdict(), proto::COMMIT);
  const auto notice = take_notice();
  ASSERT_TRUE(notice) << "the register's own leg is finished with the decision";
  EXPECT_EQ(notice->player_id(), 1u);
  EXPECT_EQ(notice->outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(notice->outcome().settle_seq(), 1u);
  EXPECT_EQ(notice->outcome().items(0).id().low(), 30u);
  const auto finished = finish(finish_of(*vote, decided));
  EXPECT_EQ(finished.code(), proto::STORED);
  EXPECT_EQ(finished.player_id(), 3u);
  EXPECT_EQ(finished.owner_node(), 5u);
  EXPECT_EQ(finished.outcome().settle_seq(), 1u);
  EXPECT_EQ(finished.outcome().credited(0).value(), 30);
  EXPECT_EQ(take_notice()->player_id(), 3u);
  const auto again = apply(1, leg(terms, 0, 2, 1, 5));
  EXPECT_EQ(again.legs(0).state(), proto::LEG_COMMITTED);
  EXPECT_EQ(again.legs(0).settle_seq(), 1u);
  EXPECT_EQ(changed, 0u);
  expect_exchanged();
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(state_of(2, 3, terms).outcome().credited(0).value(), 30);
}

TEST_F(HoldTest, TheRegistersOwnLegMayComeLast) {
  apply(2, leg(terms, 1));
  EXPECT_EQ(cast(*take_vote()).verdict(), proto::UNDECIDED);
  const auto last = apply(1, leg(terms, 0));
  EXPECT_EQ(last.legs(0).state(), proto::LEG_COMMITTED);
  EXPECT_EQ(last.legs(0).settle_seq(), 1u);
  const auto told = take_finish();
  ASSERT_TRUE(told) << "the other leg's shard is told";
  EXPECT_EQ(told->shard(), 2u);
  EXPECT_EQ(told->verdict(), proto::COMMIT);
  EXPECT_EQ(finish(*told).code(), proto::STORED);
  expect_exchanged();
}

TEST_F(HoldTest, AnOwnerThatComesMeanwhileFindsTheHoldAndIsToldItsEnd) {
  apply(1, leg(terms, 0, 2, 1, 5));
  const auto grant = acquire(1, 1);
  EXPECT_EQ(gold_of(grant.aggregate()), 70);
  ASSERT_EQ(grant.aggregate().holds_size(), 1);
  EXPECT_EQ(grant.aggregate().holds(0).side(), 0u);
  EXPECT_EQ(grant.aggregate().holds(0).creq(), 5u);
  EXPECT_EQ(grant.aggregate().holds(0).creq_hash(), 5u * 31);
  EXPECT_EQ(grant.aggregate().holds(0).terms().SerializeAsString(), terms.SerializeAsString());
  ASSERT_EQ(grant.aggregate().reserved_size(), 1);
  EXPECT_EQ(grant.aggregate().reserved(0).value(), 30);
  EXPECT_EQ(grant.settle_seq(), 0u);
  verdict(1, terms, true);
  const auto notice = take_notice();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->player_epoch(), 2u);
  EXPECT_EQ(notice->outcome().settle_seq(), 1u);
  EXPECT_EQ(notice->outcome().credited(0).value(), 30);
  const auto after = acquire(1, 1);
  EXPECT_EQ(after.settle_seq(), 1u);
  EXPECT_EQ(after.last_creq(), 5u);
  EXPECT_EQ(after.last_creq_result(), 1u) << "the client's request was not done after all";
  EXPECT_EQ(gold_of(after.aggregate()), 100);
}

// ── PREPARE, a guard at a time ──────────────────────────────────────────────────────────────────────────────

TEST_F(HoldTest, ALegWhoseOwnGuardIsFalseVotesNoAndOnlyItIsFenced) {
  proto::TradeTerms version = terms_of(4, 1, {1, 1, {}}, {3, 0, {30}});
  version.mutable_sides(1)->mutable_items(0)->set_version(1);
  const std::vector<std::pair<std::string, proto::TradeTerms>> unfit = {
      {"funds", terms_of(2, 1, {1, 1, {}}, {3, 101, {}})},
      {"holder", terms_of(3, 1, {1, 1, {}}, {3, 0, {10}})},
      {"item version", version},
      {"room", terms_of(5, 1, {1, 60, {}}, {3, 1, {}, 158})}};
  std::uint64_t epoch = 1, pseq = 1;
  for (const auto& [name, one] : unfit) {
    apply(1, leg(one, 0, ++pseq));
    const auto reply = apply(2, leg(one, 1, epoch == 1 ? 2 : 1, epoch));
    EXPECT_EQ(reply.code(), proto::REJECTED);
    EXPECT_EQ(reply.detail().rfind(name, 0), 0u) << reply.detail();
    const auto vote = take_vote();
    ASSERT_TRUE(vote) << name;
    EXPECT_FALSE(vote->yes());
    EXPECT_EQ(cast(*vote).verdict(), proto::ABORT);
    EXPECT_EQ(take_notice()->outcome().state(), proto::LEG_ABORTED);
    EXPECT_EQ(state_of(1, 1, one).outcome().credited_size(), 1);
    EXPECT_EQ(epoch_of(3, 2), epoch + 1);
    EXPECT_EQ(epoch_of(1, 1), 1u);
    epoch = acquire(3, 2).epoch();
    said.clear();
  }
  expect_unchanged();
}

TEST_F(HoldTest, RoomIsKeptForWhatComesAndForWhatMayComeBack) {
  // 100 gold: gives 60, gets 20. 40 + max(60, 20) fits a cap of 100, and nothing else does until it is finished.
  const auto tight = terms_of(6, 1, {1, 20, {}}, {3, 60, {}, 100});
  EXPECT_EQ(apply(2, leg(tight, 1)).legs(0).state(), proto::LEG_HELD);
  Ops more(3, 1);
  more.op(3).balance("gold", 1, 100);
  EXPECT_EQ(apply(2, more).code(), proto::REJECTED);
  apply(1, leg(tight, 0));
  carry_all();
  const auto epoch = acquire(3, 2).epoch();
  Ops fits(3, epoch);
  fits.op(1).balance("gold", 40, 100);
  EXPECT_EQ(apply(2, fits).code(), proto::STORED);
}

TEST_F(HoldTest, ALegVotesOnce) {
  apply(2, leg(terms, 1));
  EXPECT_EQ(apply(2, leg(terms, 1)).legs(0).state(), proto::LEG_HELD);
  EXPECT_EQ(changed, 0u);
  EXPECT_EQ(apply(2, leg(terms, 1, 3)).code(), proto::REJECTED) << "another operation for a leg that has voted";
  EXPECT_EQ(apply(2, leg(terms, 1, 5)).code(), proto::STALE_EPOCH);
}

TEST_F(HoldTest, ALegOfAnEndedEpochVotesNoWithoutAFence) {
  apply(1, leg(terms, 0));
  acquire(3, 2);
  EXPECT_EQ(apply(2, leg(terms, 1)).code(), proto::STALE_EPOCH);
  const auto vote = take_vote();
  ASSERT_TRUE(vote);
  EXPECT_FALSE(vote->yes());
  EXPECT_EQ(epoch_of(3, 2), 2u);
  EXPECT_EQ(apply(2, leg(terms, 1)).code(), proto::STALE_EPOCH);
  EXPECT_EQ(changed, 0u) << "it has voted";
  carry_all();
  EXPECT_EQ(cast(*vote).verdict(), proto::ABORT);
  expect_unchanged();
}

TEST_F(HoldTest, ALegThatComesAfterTheAbortIsConsumedAtTheRegisterAndRefundedElsewhere) {
  EXPECT_EQ(verdict(1, terms, true).verdict(), proto::ABORT);
  EXPECT_EQ(apply(1, leg(terms, 0, 2, 1, 3)).legs(0).state(), proto::LEG_ABORTED);
  EXPECT_EQ(apply(1, leg(terms, 0, 2, 1, 3)).legs(0).settle_seq(), 0u);
  EXPECT_EQ(apply(2, leg(terms, 1)).legs(0).state(), proto::LEG_HELD);
  carry_all();
  EXPECT_EQ(apply(2, leg(terms, 1)).legs(0).state(), proto::LEG_ABORTED);
  EXPECT_EQ(apply(2, leg(terms, 1)).legs(0).settle_seq(), 1u);
  expect_unchanged();
}

// ── FINISH ──────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(HoldTest, FinishNeedsAFinalVerdictAndTheGoodsThatWereAgreed) {
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  const auto vote = *take_vote();
  proto::TradeFinish request = finish_of(vote, {});
  EXPECT_EQ(finish(request).code(), proto::REJECTED) << "undecided";
  proto::TradeFinish own;
  own.set_shard(1);
  *own.mutable_txn() = terms.txn();
  own.set_verdict(proto::ABORT);
  EXPECT_EQ(finish(own).code(), proto::REJECTED) << "not what this shard's register says";
  own.set_verdict(proto::COMMIT);
  EXPECT_EQ(finish(own).code(), proto::REJECTED);
  request = finish_of(vote, cast(vote));
  request.set_shard(9);
  *request.mutable_txn() = uid(1, 1);
  EXPECT_EQ(on<proto::TradeFinishReply>(2, request).code(), proto::WRONG_SHARD);
  request.set_shard(2);
  EXPECT_EQ(finish(request).code(), proto::NO_SUCH);
  carry_all();
}

TEST_F(HoldTest, GoodsThatWereNotAgreedAreNotTaken) {
  apply(2, leg(terms, 1));
  apply(1, leg(terms, 0));
  const auto vote = *take_vote();
  const auto verdict = cast(vote);
  // The register's own leg got the item; player 3 gets gold and no items.
  proto::TradeFinish request = finish_of(vote, verdict);
  auto* gift = request.add_items();
  *gift->mutable_id() = uid(1, 999);
  gift->set_template_("crown");
  EXPECT_EQ(finish(request).code(), proto::REJECTED);
  finish(finish_of(vote, verdict));
  expect_exchanged();
}

TEST_F(HoldTest, OtherGoodsThanTheAgreedOnesAreNotTaken) {
  const auto gives_item = terms_of(9, 1, {1, 0, {10}}, {3, 5, {}});
  apply(2, leg(gives_item, 1));
  apply(1, leg(gives_item, 0));
  const auto vote = *take_vote();
  const proto::TradeFinish right = finish_of(vote, cast(vote));
  ASSERT_EQ(right.items_size(), 1);
  proto::TradeFinish wrong = right;
  wrong.mutable_items(0)->mutable_id()->set_low(11);
  EXPECT_EQ(finish(wrong).code(), proto::REJECTED) << "another item";
  wrong.set_redone(true);
  EXPECT_EQ(finish(wrong).code(), proto::REJECTED) << "nor after a restore";
  wrong = right;
  wrong.mutable_items(0)->set_version(right.items(0).version() + 1);
  EXPECT_EQ(finish(wrong).code(), proto::REJECTED) << "in another version";
  EXPECT_EQ(finish(right).code(), proto::STORED);
  EXPECT_EQ(items_of(acquire(3, 2)), (Items{10, 30}));
}

TEST_F(HoldTest, FinishIsDoneOnceAndAnswersAlways) {
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  const auto vote = *take_vote();
  const auto request = finish_of(vote, cast(vote));
  const auto first = finish(request);
  auto contrary = request;
  contrary.set_verdict(proto::ABORT);
  for (const auto& again : {request, contrary}) {
    const auto reply = finish(again);
    EXPECT_EQ(changed, 0u);
    EXPECT_EQ(reply.outcome().SerializeAsString(), first.outcome().SerializeAsString());
  }
  expect_exchanged();
}

TEST_F(HoldTest, ALegThatVotedNoHasNothingToFinish) {
  acquire(3, 2);
  apply(2, leg(terms, 1));
  proto::TradeFinish request;
  request.set_shard(2);
  *request.mutable_txn() = terms.txn();
  request.set_side(1);
  request.set_verdict(proto::COMMIT);
  const auto reply = finish(request);
  EXPECT_EQ(changed, 0u);
  EXPECT_EQ(reply.outcome().state(), proto::LEG_ABORTED);
  carry_all();
}

TEST_F(HoldTest, AnAttributeTravelsWithItsItem) {
  Ops ops(3, 1);
  ops.op(2).attribute(30, 0, "sharp", 5);
  apply(2, ops);
  terms.mutable_sides(1)->mutable_items(0)->set_version(1);
  apply(2, leg(terms, 1, 3));
  apply(1, leg(terms, 0));
  carry_all();
  const auto one = acquire(1, 1);
  ASSERT_EQ(one.aggregate().items_size(), 2);
  EXPECT_EQ(one.aggregate().items(1).version(), 1);
  EXPECT_EQ(one.aggregate().items(1).attributes(0).value(), 5);
  Ops on_with(1, one.epoch());
  on_with.op(1).attribute(30, 1, "sharp", 6);
  EXPECT_EQ(apply(1, on_with).code(), proto::STORED);
}

TEST_F(HoldTest, AnItemMayComeBackToAShardThatItLeft) {
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  carry_all();
  const auto back = terms_of(9, 2, {1, 0, {30}}, {3, 30, {}});
  apply(1, leg(back, 0, 3));
  apply(2, leg(back, 1, 3));
  carry_all();
  expect_unchanged();
}

// ── two legs of one shard by votes, and a register of neither ───────────────────────────────────────────────

TEST_F(HoldTest, TwoLegsOfOneShardWhoseRegisterIsElsewhereGoByVotes) {
  const auto far = terms_of(10, 2, {1, 25, {10}}, {2, 5, {20}});
  EXPECT_EQ(apply(1, leg(far, 0)).legs(0).state(), proto::LEG_HELD);
  EXPECT_EQ(apply(1, leg(far, 1)).legs(0).state(), proto::LEG_HELD);
  const auto a = *take_vote(), b = *take_vote();
  EXPECT_EQ(cast(b).verdict(), proto::UNDECIDED);
  const auto decided = cast(a);
  EXPECT_EQ(decided.verdict(), proto::COMMIT);
  EXPECT_EQ(finish(finish_of(a, decided)).code(), proto::STORED);
  EXPECT_EQ(finish(*take_finish()).code(), proto::STORED);
  const auto one = acquire(1, 1), two = acquire(2, 1);
  EXPECT_EQ(gold_of(one.aggregate()), 80);
  EXPECT_EQ(items_of(one), Items{20});
  EXPECT_EQ(gold_of(two.aggregate()), 120);
  EXPECT_EQ(items_of(two), Items{10});
}

// Whoever got it gave it back, and it is held for another trade.
TEST_F(HoldTest, ALegThatIsFinishedLateTakesNothingThatHasComeBackSince) {
  const auto first = terms_of(10, 2, {1, 0, {10}}, {2, 0, {}});
  apply(1, leg(first, 0));
  apply(1, leg(first, 1));
  const auto gives = *take_vote(), gets = *take_vote();
  cast(gives);
  EXPECT_EQ(finish(finish_of(gets, cast(gets))).code(), proto::STORED);
  EXPECT_EQ(items_of(acquire(2, 1)), (Items{10, 20}));
  const auto back = terms_of(11, 1, {2, 0, {10}}, {1, 0, {}});
  apply(1, leg(back, 0, 1, 2));
  apply(1, leg(back, 1, 3));
  EXPECT_EQ(items_of(acquire(1, 1)), Items{10});
  const auto next = terms_of(12, 2, {1, 0, {10}}, {3, 0, {}});
  apply(1, leg(next, 0, 1, 2));
  EXPECT_EQ(finish(finish_of(gives, cast(gives))).code(), proto::STORED);
  apply(2, leg(next, 1));
  said.clear();
  scan();
  EXPECT_EQ(items_of(acquire(3, 2)), (Items{10, 30}));
}

TEST_F(HoldTest, OnceSomebodyHasVotedLegsOfTheRegistersShardGoByVotes) {
  const auto both = terms_of(11, 1, {1, 25, {10}}, {2, 5, {20}});
  proto::TradeVote vote;  // as if player 2 had voted on another shard, and moved here since
  vote.set_shard(1);
  vote.set_from_shard(2);
  *vote.mutable_terms() = both;
  vote.set_side(1);
  vote.set_yes(true);
  vote.set_epoch(1);
  vote.set_pseq(1);
  cast(vote);
  EXPECT_EQ(apply(1, leg(both, 0)).code(), proto::STORED);
  EXPECT_EQ(state_of(1, 1, both).outcome().settle_seq(), 1u) << "by votes";
}

TEST_F(HoldTest, AWaitingLegIsPreparedWhenItsPartnerVotesElsewhere) {
  const auto both = terms_of(12, 1, {1, 25, {}}, {2, 5, {}});
  EXPECT_EQ(apply(1, leg(both, 0)).legs(0).state(), proto::LEG_WAITING);
  proto::TradeVote vote;
  vote.set_shard(1);
  vote.set_from_shard(2);
  *vote.mutable_terms() = both;
  vote.set_side(1);
  vote.set_yes(true);
  vote.set_epoch(1);
  vote.set_pseq(1);
  EXPECT_EQ(cast(vote).verdict(), proto::COMMIT);
  const auto notice = take_notice();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->player_id(), 1u);
  EXPECT_EQ(apply(1, leg(both, 0)).saved_pseq(), 2u);
}

class ThreeShards : public HoldTest {
 protected:
  void SetUp() override {
    open(3);
    HoldTest::SetUp();
    terms.set_register_shard(3);
  }
};

TEST_F(ThreeShards, ARegisterOfNeitherLegTellsBoth) {
  apply(1, leg(terms, 0));
  EXPECT_EQ(cast(*take_vote()).verdict(), proto::UNDECIDED);
  apply(2, leg(terms, 1));
  const auto vote = *take_vote();
  const auto decided = cast(vote);
  EXPECT_EQ(decided.verdict(), proto::COMMIT);
  EXPECT_EQ(finish(finish_of(vote, decided)).code(), proto::STORED);
  const auto told = take_finish();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->shard(), 1u);
  EXPECT_EQ(finish(*told).code(), proto::STORED);
  expect_exchanged();
}

// ── crashes, losses, repeats ────────────────────────────────────────────────────────────────────────────────

class HoldCrash : public HoldTest, public ::testing::WithParamInterface<int> {};

// The words of a trade, in order; each step may be the last before everything dies and every word under way is lost.
TEST_P(HoldCrash, ACrashAfterAnyStepLeavesATradeThatTheScanEndsForBoth) {
  const int crash_after = GetParam();
  std::optional<proto::TradeVote> vote;
  proto::TradeVerdict decided;
  const std::vector<std::function<void()>> steps = {
      [&] { apply(2, leg(terms, 1)); }, [&] { vote = take_vote(); },    [&] { decided = cast(*vote); },
      [&] { apply(1, leg(terms, 0)); }, [&] { decided = cast(*vote); }, [&] { finish(finish_of(*vote, decided)); }};
  for (int step = 0; step < static_cast<int>(steps.size()); ++step) {
    steps[static_cast<std::size_t>(step)]();
    if (step != crash_after) continue;
    said.clear();
    for (const std::uint32_t shard : {1, 2}) open(shard);
    break;
  }
  scan();
  for (const std::uint32_t shard : {1, 2}) EXPECT_EQ(open_holds(shard).holds_size(), 0) << "after step " << crash_after;
  const bool committed = verdict(1, terms, false).verdict() == proto::COMMIT;
  EXPECT_EQ(committed, crash_after >= 3);
  if (committed)
    expect_exchanged();
  else
    expect_unchanged();
}
INSTANTIATE_TEST_SUITE_P(Steps, HoldCrash, ::testing::Range(0, 6));

TEST_F(HoldTest, EveryWordTwiceAndInAnyOrderIsHarmless) {
  std::vector<int> order = {0, 1, 2, 3};
  std::uint64_t txn = 100, pseq = 1;
  do {
    const auto one = terms_of(++txn, 1, {1, 2, {}}, {3, 1, {}});
    ++pseq;
    std::optional<proto::TradeVote> vote;
    const std::vector<std::function<void()>> words = {[&] { apply(1, leg(one, 0, pseq)); },
                                                      [&] {
                                                        apply(2, leg(one, 1, pseq));
                                                        if (auto said_vote = take_vote()) vote = said_vote;
                                                      },
                                                      [&] {
                                                        if (!vote) return;
                                                        const auto decided = cast(*vote);
                                                        if (decided.verdict() != proto::UNDECIDED)
                                                          finish(finish_of(*vote, decided));
                                                      },
                                                      [&] {
                                                        if (const auto request = take_finish())
                                                          for (int times = 0; times < 2; ++times) finish(*request);
                                                      }};
    for (const int word : order)
      for (int times = 0; times < 2; ++times) words[static_cast<std::size_t>(word)]();
    for (const auto& word : words) word();
    scan();
    EXPECT_EQ(verdict(1, one, false).verdict(), proto::COMMIT);
  } while (std::next_permutation(order.begin(), order.end()));
  const auto rounds = static_cast<std::int64_t>(pseq) - 1;
  EXPECT_EQ(rounds, 24);
  EXPECT_EQ(gold_of(acquire(1, 1).aggregate()), 100 - rounds);
  EXPECT_EQ(gold_of(acquire(3, 2).aggregate()), 100 + rounds);
}

TEST_F(HoldTest, TheScanAsksForNoMoreThanAPage) {
  apply(2, leg(terms, 1));
  apply(2, leg(terms_of(2, 1, {1, 1, {}}, {3, 5, {}}), 1, 3));
  const auto page = [&](std::uint32_t limit) {
    proto::OpenHoldsQuery query;
    query.set_shard(2);
    query.set_limit(limit);
    return on<proto::OpenHoldsReply>(2, query).holds_size();
  };
  EXPECT_EQ(page(1), 1);
  EXPECT_EQ(page(0), 2);
  EXPECT_EQ(page(1'000'000), 2);
  proto::OpenHoldsQuery query;
  query.set_shard(2);
  query.set_limit(1);
  const auto first = on<proto::OpenHoldsReply>(2, query);
  query.set_after(first.next());
  const auto second = on<proto::OpenHoldsReply>(2, query);
  ASSERT_EQ(second.holds_size(), 1);
  EXPECT_NE(first.holds(0).terms().txn().low(), second.holds(0).terms().txn().low());
  query.set_after(second.next());
  const auto end = on<proto::OpenHoldsReply>(2, query);
  EXPECT_EQ(end.holds_size(), 0);
  EXPECT_TRUE(end.next().empty());
  scan();
}

TEST_F(HoldTest, TheScanGivesBackWhatNobodyDecidesAndOnlyThat) {
  apply(2, leg(terms, 1));
  said.clear();
  EXPECT_EQ(open_holds(2, 2000).holds_size(), 0);
  now += 2001;
  const auto old = open_holds(2, 2000);
  ASSERT_EQ(old.holds_size(), 1);
  EXPECT_EQ(old.holds(0).items_size(), 1);
  proto::OpenHoldsQuery foreign;
  foreign.set_shard(9);
  EXPECT_EQ(on<proto::OpenHoldsReply>(2, foreign).code(), proto::WRONG_SHARD);
  scan(2000);
  expect_unchanged();
  EXPECT_EQ(apply(1, leg(terms, 0, 1, 2)).legs(0).state(), proto::LEG_ABORTED);
}

}  // namespace
}  // namespace dure::store

// SWAP, LEGFAIL, CONSUME: trades whose two rows and register are on one shard.
#include "common/proto/shard_map.pb.h"
#include "dbagent/store/trade_terms.h"
#include "dbagent/store/waiting_legs.h"
#include "tests/dbagent/store/trade_fixture.h"
#include "tests/dbagent/store/vfs_shim.h"

namespace dure::store {
namespace {

class SwapTest : public TradeTest {
 protected:
  // Player 1 gives 30 gold for player 2's item 20.
  proto::TradeTerms terms = terms_of(1, 1, {1, 30, {}}, {2, 0, {20}});
};

TEST_F(SwapTest, TheFirstLegWaitsAndTheSecondExchangesBoth) {
  const auto first = apply(1, leg(terms, 0, 2, 1, 8));
  EXPECT_EQ(first.code(), proto::STORED);
  EXPECT_EQ(first.saved_pseq(), 1u);
  ASSERT_EQ(first.legs_size(), 1);
  EXPECT_EQ(first.legs(0).state(), proto::LEG_WAITING);
  EXPECT_EQ(first.legs(0).pseq(), 2u);
  EXPECT_EQ(changed, 0u);
  const auto second = apply(1, leg(terms, 1, 2, 1, 9));
  EXPECT_EQ(second.saved_pseq(), 2u);
  ASSERT_EQ(second.legs_size(), 1);
  EXPECT_EQ(second.legs(0).state(), proto::LEG_COMMITTED);
  EXPECT_EQ(second.legs(0).settle_seq(), 0u);
  EXPECT_EQ(second.legs(0).credited(0).value(), 30);
  const auto notice = take_notice();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->player_id(), 1u);
  EXPECT_EQ(notice->player_epoch(), 1u);
  EXPECT_EQ(notice->outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(notice->outcome().pseq(), 2u);
  ASSERT_EQ(notice->outcome().items_size(), 1);
  EXPECT_EQ(notice->outcome().items(0).template_(), "sword");
  const auto one = acquire(1, 1), two = acquire(2, 1);
  EXPECT_EQ(gold_of(one.aggregate()), 70);
  EXPECT_EQ(items_of(one), (Items{10, 20}));
  EXPECT_EQ(one.ended_last_pseq(), 2u);
  EXPECT_EQ(one.last_creq(), 8u);
  EXPECT_EQ(one.last_creq_hash(), 8u * 31);
  EXPECT_EQ(one.last_creq_result(), 0u);
  EXPECT_EQ(gold_of(two.aggregate()), 130);
  EXPECT_EQ(items_of(two), Items{});
  EXPECT_EQ(two.ended_last_pseq(), 2u);
  EXPECT_EQ(two.last_creq(), 9u);
}

TEST_F(SwapTest, ItemIdsAreOrderedAsNumbersUpToTheHighestBit) {
  *terms.mutable_sides(1)->add_items()->mutable_item() = uid(~0ull, 1);
  const auto sent = leg(terms, 1).request;
  EXPECT_EQ(what_is_wrong(sent.operations(0), 2), nullptr);
  terms.mutable_sides(1)->mutable_items()->SwapElements(0, 1);
  const auto disordered = leg(terms, 1).request;
  EXPECT_STREQ(what_is_wrong(disordered.operations(0), 2), "goods");
}

TEST_F(SwapTest, AResendIsAnsweredByTheRegisterAndChangesNothing) {
  apply(1, leg(terms, 0));
  apply(1, leg(terms, 1));
  for (int times = 0; times < 2; ++times)
    for (const std::uint32_t side : {0, 1}) {
      const auto again = apply(1, leg(terms, side));
      EXPECT_EQ(changed, 0u);
      EXPECT_EQ(again.saved_pseq(), 2u);
      ASSERT_EQ(again.legs_size(), 1);
      EXPECT_EQ(again.legs(0).state(), proto::LEG_COMMITTED);
      EXPECT_EQ(again.legs(0).pseq(), 2u);
      EXPECT_EQ(again.legs(0).items_size(), side == 0 ? 1 : 0);
      EXPECT_EQ(again.legs(0).credited_size(), side == 0 ? 0 : 1);
    }
}

TEST_F(SwapTest, OperationsAfterAWaitingLegAreNotAppliedYet) {
  Ops ops = leg(terms, 0);
  ops.op(3).balance("gold", 5);
  EXPECT_EQ(apply(1, ops).saved_pseq(), 1u);
  apply(1, leg(terms, 1));
  const auto rest = apply(1, ops);
  EXPECT_EQ(rest.saved_pseq(), 3u);
  EXPECT_EQ(rest.legs(0).state(), proto::LEG_COMMITTED);
  EXPECT_EQ(gold_of(acquire(1, 1).aggregate()), 75);
}

TEST_F(SwapTest, AWaitingLegIsNotSwappedWhileItsCharacterIsOnTheMoveTheOtherIsHeld) {
  begin(4, 1, 8);
  terms = terms_of(1, 1, {2, 0, {20}}, {4, 30, {}});
  apply(1, leg(terms, 1));
  proto::MoveFreeze freeze;
  freeze.set_shard(1);
  freeze.set_account_id(8);
  freeze.set_move_id(5);
  between.insert(1);
  ASSERT_EQ(on<proto::MoveContentReply>(1, freeze).code(), proto::STORED);
  EXPECT_EQ(apply(1, leg(terms, 0)).legs(0).state(), proto::LEG_HELD);
}

TEST_F(SwapTest, ALegOutOfTurnIsAGap) {
  EXPECT_EQ(apply(1, leg(terms, 0, 3)).code(), proto::GAP);
  apply(1, leg(terms, 1));
  EXPECT_EQ(apply(1, leg(terms, 0, 3)).code(), proto::GAP);
  EXPECT_EQ(state_of(1, 1, terms).code(), proto::NO_SUCH);
}

TEST_F(SwapTest, ALegOfAnEndedEpochIsDeadAndTheLivingOneIsConsumed) {
  apply(1, leg(terms, 0));
  acquire(1, 1);
  const auto living = apply(1, leg(terms, 1, 2, 1, 4));
  EXPECT_EQ(living.code(), proto::STORED);
  EXPECT_EQ(living.saved_pseq(), 2u);
  EXPECT_EQ(living.legs(0).state(), proto::LEG_ABORTED);
  EXPECT_EQ(verdict(1, terms, false).verdict(), proto::ABORT);
  const auto two = acquire(2, 1);
  EXPECT_EQ(two.ended_epoch(), 1u) << "no fence for the innocent";
  EXPECT_EQ(two.last_creq(), 4u);
  EXPECT_EQ(two.last_creq_result(), 1u);
  EXPECT_EQ(items_of(two), Items{20});
}

TEST_F(SwapTest, AZombiesLegMakesItsPartnersWaitingOneConsumed) {
  acquire(1, 1);
  apply(1, leg(terms, 1));
  EXPECT_EQ(apply(1, leg(terms, 0)).code(), proto::STALE_EPOCH);
  const auto notice = take_notice();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->player_id(), 2u);
  EXPECT_EQ(notice->outcome().state(), proto::LEG_ABORTED);
  EXPECT_EQ(apply(1, leg(terms, 1)).legs(0).state(), proto::LEG_ABORTED);
}

struct Unfit {
  const char* name;
  proto::TradeTerms terms;
};

TEST_F(SwapTest, OnlyTheLegWhoseOwnGuardIsFalseIsFenced) {
  proto::TradeTerms wrong_version = terms_of(4, 1, {1, 0, {10}}, {2, 1, {}});
  wrong_version.mutable_sides(0)->mutable_items(0)->set_version(3);
  const std::vector<Unfit> unfit = {{"funds", terms_of(2, 1, {1, 101, {}}, {2, 0, {20}})},
                                    {"holder", terms_of(3, 1, {1, 0, {20}}, {2, 1, {}})},
                                    {"item version", wrong_version},
                                    {"room", terms_of(5, 1, {1, 10, {}, 149}, {2, 60, {}})}};
  std::uint64_t epoch = 1, pseq = 2;
  for (const Unfit& one : unfit) {
    const std::uint64_t partners = pseq;
    apply(1, leg(one.terms, 1, pseq));
    const auto reply = apply(1, leg(one.terms, 0, epoch == 1 ? 2 : 1, epoch));
    EXPECT_EQ(reply.code(), proto::REJECTED) << one.name;
    EXPECT_EQ(reply.detail().rfind(one.name, 0), 0u) << reply.detail();
    EXPECT_EQ(verdict(1, one.terms, false).verdict(), proto::ABORT);
    const auto partner = apply(1, leg(one.terms, 1, pseq));
    EXPECT_EQ(partner.code(), proto::STORED);
    EXPECT_EQ(partner.saved_pseq(), partners);
    EXPECT_EQ(partner.legs(0).state(), proto::LEG_ABORTED);
    EXPECT_EQ(epoch_of(1, 1), epoch + 1);
    EXPECT_EQ(epoch_of(2, 1), 1u);
    epoch = acquire(1, 1).epoch();
    ++pseq;
  }
}

TEST_F(SwapTest, RoomExactlyAtTheCapIsEnough) {
  const auto close = terms_of(6, 1, {1, 10, {}, 150}, {2, 60, {}});
  apply(1, leg(close, 0));
  EXPECT_EQ(apply(1, leg(close, 1)).legs(0).state(), proto::LEG_COMMITTED);
  EXPECT_EQ(gold_of(acquire(1, 1).aggregate()), 150);
  EXPECT_EQ(gold_of(acquire(2, 1).aggregate()), 50);
}

TEST_F(SwapTest, RoomThatAnOpenHoldReservesIsNotThere) {
  const auto held = terms_of(7, 2, {1, 0, {10}}, {3, 40, {}});
  EXPECT_EQ(apply(1, leg(held, 0)).legs(0).state(), proto::LEG_HELD);
  const auto now_full = terms_of(8, 1, {1, 0, {}, 150}, {2, 11, {}});
  EXPECT_EQ(apply(1, leg(now_full, 0, 3)).code(), proto::REJECTED);
}

TEST_F(SwapTest, OtherTermsAbortAndBothAreConsumed) {
  apply(1, leg(terms, 0));
  const auto other = terms_of(1, 1, {1, 29, {}}, {2, 0, {20}});
  EXPECT_EQ(apply(1, leg(other, 1)).legs(0).state(), proto::LEG_ABORTED);
  EXPECT_EQ(take_notice()->outcome().state(), proto::LEG_ABORTED);
  EXPECT_EQ(apply(1, leg(terms, 0)).legs(0).state(), proto::LEG_ABORTED);
  for (const std::uint64_t player : {1, 2}) {
    const auto grant = acquire(player, 1);
    EXPECT_EQ(grant.ended_epoch(), 1u);
    EXPECT_EQ(grant.ended_last_pseq(), 2u);
    EXPECT_EQ(gold_of(grant.aggregate()), 100);
  }
}

TEST_F(SwapTest, AWaitingLegIsAbortedByWhoeverAsksAndALateOneIsConsumedOnArrival) {
  apply(1, leg(terms, 0, 2, 1, 6));
  EXPECT_EQ(open_holds(1, 2000).waiting_size(), 0);
  now += 2001;
  apply(1, leg(terms, 0, 2, 1, 6));  // sent again: it waits since it first came
  const auto waiting = open_holds(1, 2000);
  ASSERT_EQ(waiting.waiting_size(), 1);
  EXPECT_EQ(verdict(1, terms, true).verdict(), proto::ABORT);
  const auto notice = take_notice();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->outcome().state(), proto::LEG_ABORTED);
  EXPECT_EQ(open_holds(1, 0).waiting_size(), 0);
  const auto late = apply(1, leg(terms, 1));
  EXPECT_EQ(late.saved_pseq(), 2u);
  EXPECT_EQ(late.legs(0).state(), proto::LEG_ABORTED);
  EXPECT_EQ(verdict(1, terms, true).verdict(), proto::ABORT);
  const auto one = acquire(1, 1);
  EXPECT_EQ(one.last_creq_result(), 1u);
  EXPECT_EQ(gold_of(one.aggregate()), 100);
}

TEST_F(SwapTest, ADecisionNeverChanges) {
  apply(1, leg(terms, 0));
  apply(1, leg(terms, 1));
  EXPECT_EQ(verdict(1, terms, true).verdict(), proto::COMMIT);
  EXPECT_EQ(changed, 0u);
}

TEST_F(SwapTest, ATradeThatIsOverCannotBeUsedAgain) {
  const auto gift = terms_of(40, 1, {1, 5, {}}, {2, 0, {}});
  apply(1, leg(gift, 0));
  apply(1, leg(gift, 1));
  const auto again = apply(1, leg(gift, 1, 3));
  EXPECT_EQ(again.code(), proto::REJECTED);
  EXPECT_EQ(again.detail().rfind("this trade is over", 0), 0u) << again.detail();
  const auto aborted = terms_of(9, 1, {1, 5, {}}, {2, 0, {}});
  EXPECT_EQ(verdict(1, aborted, true).verdict(), proto::ABORT);
  EXPECT_EQ(apply(1, leg(aborted, 0, 3)).legs(0).state(), proto::LEG_ABORTED);
  EXPECT_EQ(apply(1, leg(aborted, 0, 4)).code(), proto::REJECTED) << "this side has voted already";
}

TEST_F(SwapTest, MalformedLegsAreRefusedAndDecideNothing) {
  std::vector<proto::TradeTerms> bad;
  bad.push_back(terms_of(20, 1, {1, -5, {}}, {2, 0, {}}));
  bad.push_back(terms_of(21, 1, {1, 0, {10, 10}}, {2, 0, {}}));
  bad.push_back(terms_of(22, 1, {1, 0, {11, 10}}, {2, 0, {}}));
  bad.push_back(terms_of(23, 1, {1, 5, {}}, {1, 0, {}}));
  bad.push_back(terms_of(24, 1, {1, 5, {}}, {2, 0, {}}));
  bad.back().mutable_sides()->RemoveLast();
  bad.push_back(terms_of(25, 1, {1, 5, {}}, {2, 0, {}}));
  bad.back().mutable_txn()->Clear();
  bad.push_back(terms_of(26, 1, {1, 5, {}}, {2, 0, {}}));
  *bad.back().mutable_sides(0)->add_give() = bad.back().sides(0).give(0);
  bad.push_back(terms_of(27, 1, {9, 5, {}}, {2, 0, {}}));
  std::uint64_t epoch = 1;
  for (const auto& one : bad) {
    Ops ops = leg(terms, 0, epoch == 1 ? 2 : 1, epoch);
    *ops.request.mutable_operations(0)->mutable_trade()->mutable_terms() = one;
    EXPECT_EQ(apply(1, ops).code(), proto::REJECTED) << one.DebugString();
    EXPECT_EQ(verdict(1, one, false).verdict(), proto::UNDECIDED);
    epoch = acquire(1, 1).epoch();
  }
  Ops effects = leg(terms, 0, 1, epoch);
  effects.balance("gold", 5);
  EXPECT_EQ(apply(1, effects).code(), proto::REJECTED);
}

TEST_F(SwapTest, ACapOfWhatIsNotExchangedIsNoCapOfWhatIs) {
  proto::TradeTerms one = terms_of(31, 1, {1, 30, {}}, {2, 0, {}});
  auto* cap = one.mutable_sides(1)->add_caps();
  cap->set_name("ore");
  cap->set_value(1);
  const auto exchange = exchange_of(one, 1);
  ASSERT_EQ(exchange.size(), 1u);
  EXPECT_EQ(exchange.at("gold").get, 30);
  EXPECT_EQ(exchange.at("gold").cap, 0);
  apply(1, leg(one, 0));
  EXPECT_EQ(apply(1, leg(one, 1)).legs(0).state(), proto::LEG_COMMITTED);
}

TEST_F(SwapTest, OfTwoCurrenciesOneMayGoBothWays) {
  Ops ore(2, 1);
  ore.op(2).balance("ore", 7);
  ASSERT_EQ(apply(1, ore).code(), proto::STORED);
  proto::TradeTerms both = terms_of(32, 1, {1, 30, {}}, {2, 10, {}});
  auto* amount = both.mutable_sides(1)->add_give();
  amount->set_name("ore");
  amount->set_value(7);
  apply(1, leg(both, 0));
  EXPECT_EQ(apply(1, leg(both, 1, 3)).legs(0).state(), proto::LEG_COMMITTED);
  const auto one = acquire(1, 1), two = acquire(2, 1);
  EXPECT_EQ(gold_of(one.aggregate()), 80);
  EXPECT_EQ(gold_of(two.aggregate()), 120);
  ASSERT_EQ(one.aggregate().balances_size(), 2);
  EXPECT_EQ(one.aggregate().balances(1).name(), "ore");
  EXPECT_EQ(one.aggregate().balances(1).value(), 7);
}

TEST_F(SwapTest, AWaitingLegWhoseNumberWentToSomethingElseLosesTheTradeAlone) {
  EXPECT_EQ(apply(1, leg(terms, 1)).legs(0).state(), proto::LEG_WAITING);
  ASSERT_EQ(apply(1, Ops(2, 1).op(2).balance("gold", 1)).saved_pseq(), 2u);
  const auto late = apply(1, leg(terms, 0));
  EXPECT_EQ(late.saved_pseq(), 2u);
  EXPECT_EQ(late.legs(0).state(), proto::LEG_ABORTED);
  EXPECT_EQ(verdict(1, terms, false).verdict(), proto::ABORT);
  EXPECT_EQ(gold_of(acquire(1, 1).aggregate()), 100);
  EXPECT_EQ(gold_of(acquire(2, 1).aggregate()), 101);
}

TEST_F(SwapTest, AResentLegThatIsMalformedOrOfAnotherRegisterVotesNothing) {
  Ops bad = leg(terms, 0, 1);  // its number is counted: it brought 100 gold
  bad.request.mutable_operations(0)->clear_reason();
  auto reply = apply(1, bad);
  EXPECT_EQ(reply.code(), proto::STORED);
  EXPECT_EQ(reply.legs(0).state(), proto::LEG_WAITING) << "nothing is known of it";
  const auto elsewhere = terms_of(34, 2, {1, 30, {}}, {3, 0, {}});
  reply = apply(1, leg(elsewhere, 0, 1));
  EXPECT_EQ(reply.code(), proto::STORED);
  EXPECT_EQ(reply.legs(0).state(), proto::LEG_WAITING);
  EXPECT_EQ(changed, 0u);
  EXPECT_TRUE(said.empty());
}

// As many as may wait, and one more: its owner is told to come again, as when the store is busy.
TEST_F(SwapTest, ALegThatFindsNoRoomToWaitIsSentAgain) {
  constexpr std::uint64_t kPage = 1024;
  for (std::uint64_t from = 0; from < WaitingLegs::kTradesMax; from += kPage) {
    BatchOf batch(now);
    for (std::uint64_t i = from; i < from + kPage; ++i)
      batch.add(leg(terms_of(100 + i, 1, {1, 30, {}}, {2, 0, {}}), 0).request);
    batch.run(*stores.at(1));
  }
  const auto crowded = apply(1, leg(terms, 0));
  EXPECT_EQ(crowded.code(), proto::RETRY);
  EXPECT_EQ(crowded.saved_pseq(), 1u);
  EXPECT_EQ(state_of(1, 1, terms).code(), proto::NO_SUCH);
}

TEST_F(SwapTest, AUsedClientNumberIsRefused) {
  Ops ops(1, 1);
  ops.op(2, 10).balance("gold", 1);
  apply(1, ops);
  EXPECT_EQ(apply(1, leg(terms, 0, 3, 1, 10)).code(), proto::REJECTED);
}

TEST_F(SwapTest, ALegThatWaitedIsForgottenByACrashAndSentAgain) {
  apply(1, leg(terms, 0));
  open(1);
  EXPECT_EQ(state_of(1, 1, terms).code(), proto::NO_SUCH);
  EXPECT_EQ(apply(1, leg(terms, 1)).legs(0).state(), proto::LEG_WAITING);
  EXPECT_EQ(apply(1, leg(terms, 0)).legs(0).state(), proto::LEG_COMMITTED);
  open(1);
  EXPECT_EQ(apply(1, leg(terms, 1)).legs(0).state(), proto::LEG_COMMITTED);
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
}

TEST_F(SwapTest, WhoAsksHearsHowItsLegStands) {
  EXPECT_EQ(state_of(1, 1, terms).code(), proto::NO_SUCH);
  apply(1, leg(terms, 0));
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_WAITING);
  EXPECT_EQ(state_of(1, 2, terms).code(), proto::NO_SUCH);
  apply(1, leg(terms, 1));
  const auto one = state_of(1, 1, terms);
  EXPECT_EQ(one.code(), proto::STORED);
  EXPECT_EQ(one.outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(one.outcome().pseq(), 2u);
  EXPECT_EQ(one.outcome().items_size(), 1);
  EXPECT_EQ(state_of(1, 2, terms).outcome().credited(0).value(), 30) << "the other side its own";
  EXPECT_EQ(state_of(1, 3, terms).code(), proto::NO_SUCH) << "it had no part in it";
  proto::LegQuery strayed;
  strayed.set_shard(2);
  strayed.set_player_id(3);
  *strayed.mutable_txn() = terms.txn();
  EXPECT_EQ(on<proto::LegReply>(1, strayed).code(), proto::WRONG_SHARD);
}

TEST_F(SwapTest, BothLegsInOneGroupAreExchanged) {
  const auto reply = BatchOf(now).add(leg(terms, 0).request).add(leg(terms, 1).request).run(*stores.at(1));
  proto::ApplyReply second;
  second.ParseFromString(reply.items(1).body());
  EXPECT_EQ(second.legs(0).state(), proto::LEG_COMMITTED);
}

class SwapOnFaultyDisk : public SwapTest {
 protected:
  SwapOnFaultyDisk() { vfs = FaultyDisk::kName; }
  void TearDown() override {
    disk.heal();
    stores.clear();
  }
  FaultyDisk disk;
};

TEST_F(SwapOnFaultyDisk, AGroupThatWasRolledBackLeavesTheWaitingLegWaiting) {
  apply(1, leg(terms, 0));
  disk.fail_write(1, SQLITE_FULL, true);
  EXPECT_TRUE(BatchOf(now).add(leg(terms, 1).request).run(*stores.at(1)).retry());
  disk.heal();
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_WAITING);
  EXPECT_EQ(apply(1, leg(terms, 1)).legs(0).state(), proto::LEG_COMMITTED);
}

TEST_F(SwapOnFaultyDisk, ALegWhosePredecessorsWereRolledBackIsNotSwapped) {
  Ops both = leg(terms, 0, 3);
  Ops spend(1, 1);
  spend.op(2).balance("gold", -90);
  disk.fail_write(1, SQLITE_FULL, true);
  EXPECT_TRUE(BatchOf(now).add(spend.request).add(both.request).run(*stores.at(1)).retry());
  disk.heal();
  EXPECT_EQ(apply(1, leg(terms, 1)).legs(0).state(), proto::LEG_WAITING);
  EXPECT_EQ(apply(1, both).code(), proto::GAP);
}

}  // namespace
}  // namespace dure::store

// Accounts on the move beside a restore: what the model found (tests/model/accounts).
#include "common/proto/store.pb.h"
#include "tests/dbagent/reconcile_desk_fixture.h"

namespace dure {
namespace {

class ReconcileMovedTest : public ReconcileDeskTest {
 protected:
  // The desk that drives moves does nothing of itself.
  void nobody_settles_moves() { options.moves.scan_interval = Duration{}; }
  void copy_to(std::uint32_t to, std::uint64_t m, std::uint32_t from) {
    ASSERT_EQ(intent(m, to).code(), proto::STORED);
    const auto content = freeze(from, m);
    ASSERT_EQ(content.code(), proto::STORED) << content.detail();
    ASSERT_EQ(copy(to, m, content).state(), proto::ACCOUNT_ARRIVING);
  }
  // The account of player 3, who has 40 gold and the item 50 on shard 3.
  std::uint64_t account_of_three() {
    for (int i = 0; i < 8; ++i) {
      proto::AccountQuery query;
      query.set_account("other" + std::to_string(i));
      const auto other = store::ask<proto::AccountReply>(*directory, query);
      if (other.shard() == 3) return other.account_id();
    }
    return 0;
  }
  void move_three(std::uint64_t m, std::uint32_t from, std::uint32_t to) {
    const std::uint64_t mine = std::exchange(account, account_of_three());
    move(m, from, to);
    account = mine;
  }
  // From shard 3 to 4 and back. Its account is not found while it is away.
  void three_goes_and_comes_back() {
    const std::uint64_t mine = std::exchange(account, account_of_three());
    move(1, 3, 4);
    move(2, 4, 3);
    account = mine;
  }
  std::uint64_t epoch_of(std::uint32_t number, std::uint64_t player) {
    proto::OwnerQuery who;
    who.set_player_id(player);
    return step<proto::AcquireReply>(number, who).epoch();
  }
  void write(std::uint32_t number, std::uint64_t from, std::uint64_t to, std::uint32_t there, std::uint64_t message) {
    const auto grant = reacquire(number, from, epoch_of(number, from));
    store::Ops out(from, grant.epoch());
    out.op(1).send(message, to, 30);
    ASSERT_EQ(apply(number, out).code(), proto::STORED);
    const auto waiting = step<proto::OutboxReply>(number, proto::OutboxQuery());
    ASSERT_EQ(waiting.pending_size(), 1);
    ASSERT_EQ(step<proto::DeliverReply>(there, waiting.pending(0)).code(), proto::STORED);
  }
  // Player 1 gives 30 gold to player 3 by legs that are held; the register is on shard 3.
  proto::TradeTerms terms() {
    proto::TradeTerms terms;
    *terms.mutable_txn() = store::uid(77, 9);
    terms.set_register_shard(3);
    auto* one = terms.add_sides();
    one->set_player_id(1);
    auto* amount = one->add_give();
    amount->set_name("gold");
    amount->set_value(30);
    terms.add_sides()->set_player_id(3);
    return terms;
  }
  void prepare(std::uint32_t number, std::uint64_t player) {
    const auto grant = reacquire(number, player, epoch_of(number, player));
    store::Ops leg(player, grant.epoch());
    leg.op(1);
    *leg.request.mutable_operations(0)->mutable_trade()->mutable_terms() = terms();
    leg.request.mutable_operations(0)->mutable_trade()->set_side(player == 1 ? 0 : 1);
    ASSERT_EQ(apply(number, leg).code(), proto::STORED);
  }
  // The leg on shard 4 is counted on shard 3, and decides it.
  proto::TradeVote commit_by_votes() {
    const auto holds = step<proto::OpenHoldsReply>(4, proto::OpenHoldsQuery());
    EXPECT_EQ(holds.holds_size(), 1);
    if (holds.holds_size() != 1) return {};
    EXPECT_EQ(store::ask<proto::TradeVerdict>(*shard(3), holds.holds(0)).verdict(), proto::COMMIT);
    return holds.holds(0);
  }
  void finish_on_shard_4() {
    proto::TradeFinish finish;
    *finish.mutable_txn() = terms().txn();
    finish.set_side(0);
    finish.set_verdict(proto::COMMIT);
    ASSERT_EQ(step<proto::TradeFinishReply>(4, finish).code(), proto::STORED);
  }
  void expect_both_counted_after_a_restore() {
    put_back(3);
    const auto state = run_desk(3);
    EXPECT_FALSE(state.closed()) << state.open(0);
    EXPECT_EQ(shard(3)->database().number("SELECT count(*) FROM trade_vote WHERE yes = 1"), 2);
  }
  std::int64_t gold_on(std::uint32_t number, std::uint64_t player) {
    return gold_of(reacquire(number, player, epoch_of(number, player)));
  }
  // However many rounds it takes.
  void run_desk_until_open(std::uint32_t number) {
    start();
    for (int i = 0; i < 600 && state_of(number).closed(); ++i) cluster->run(milliseconds(100), milliseconds(5));
    const auto state = state_of(number);
    EXPECT_FALSE(state.closed()) << state.open(0);
  }
  bool says(const proto::ClosedReply& state, const char* what) {
    for (const auto& line : state.open())
      if (line.find(what) != std::string::npos) return true;
    return false;
  }
};

// The copy of a move that is turned back lies on the other shard until it is discarded there: it is not who has the
// item.
TEST_F(ReconcileMovedTest, WhatACopyOfAMoveThatIsTurnedBackHasStaysWhereItIs) {
  earn(3, 100, 5);
  back_up(3);
  copy_to(4, 1, 3);
  put_back(3);
  proto::FactsQuery query;
  query.set_kind(proto::FACT_ITEMS);
  EXPECT_EQ(step<proto::Facts>(4, query).items_size(), 0) << "a copy that arrives tells nothing";
  nobody_settles_moves();
  const auto waits = run_desk(3);
  EXPECT_TRUE(waits.closed());
  EXPECT_TRUE(says(waits, "on the move between other shards"));
  stop();
  options = {};
  run_desk_until_open(3);
  const auto grant = take(3);
  EXPECT_EQ(gold_of(grant), 100);
  EXPECT_EQ(grant.aggregate().items_size(), 1);
  expect_clean();
}

// It is on both until the source has heard that the move is over: there it says nothing.
TEST_F(ReconcileMovedTest, WhatASourceHasNotLetGoYetIsNotTakenFromWhoCame) {
  earn(3, 100, 5);
  copy_to(4, 1, 3);
  ASSERT_EQ(flip(1, 4, 1).code(), proto::STORED);
  ASSERT_EQ(activate(4, 1).code(), proto::STORED);
  back_up(4);
  put_back(4);
  nobody_settles_moves();
  EXPECT_TRUE(run_desk(4).closed());
  stop();
  options = {};
  run_desk_until_open(4);
  EXPECT_EQ(take(4).aggregate().items_size(), 1);
  EXPECT_EQ(expect_clean().items, 1u);
}

// A letter within the shard that the copy knows, and the backup does not, is of neither.
TEST_F(ReconcileMovedTest, ALetterThatOnlyACopyKnowsThatIsTurnedBackIsNotToldByIt) {
  meet_on_shard_3();
  back_up(3);
  write(3, 3, 1, 3, 900);
  copy_to(4, 1, 3);
  put_back(3);
  proto::FactsQuery query;
  query.set_kind(proto::FACT_RECEIVED);
  EXPECT_EQ(step<proto::Facts>(4, query).letters_size(), 0);
  run_desk_until_open(3);
  EXPECT_EQ(gold_on(3, 3), 40);
  expect_clean();
}

TEST_F(ReconcileMovedTest, WhoWasArrivingAtTheBackupIsThereBeforeItIsToldWhatItDid) {
  meet_on_shard_3();
  copy_to(4, 1, 3);
  back_up(4);
  ASSERT_EQ(flip(1, 4, 1).code(), proto::STORED);
  ASSERT_EQ(activate(4, 1).code(), proto::STORED);
  ASSERT_EQ(retire(3, 1).code(), proto::STORED);
  write(4, 1, 3, 3, 900);
  put_back(4);
  nobody_settles_moves();
  const auto state = run_desk(4);
  EXPECT_FALSE(state.closed()) << state.open(0);
  EXPECT_EQ(gold_on(4, 1), 70) << "the letter that was received on shard 3 was sent";
  expect_clean();
}

TEST_F(ReconcileMovedTest, WhoWasLeavingAtTheBackupAndStayedIsThereBeforeItIsToldWhatItDid) {
  earn(3, 100, 5);
  proto::AccountQuery query;
  query.set_account("nina");
  query.set_create(true);
  const auto nina = store::ask<proto::AccountReply>(*directory, query);
  ASSERT_EQ(nina.shard(), 4u);
  ASSERT_EQ(step<proto::StoreReply>(4, store::creation(3, nina.account_id())).code(), proto::STORED);
  ASSERT_EQ(intent(1, 4).code(), proto::STORED);
  ASSERT_EQ(freeze(3, 1).code(), proto::STORED);
  back_up(3);
  ASSERT_EQ(abort(1).code(), proto::STORED);
  ASSERT_EQ(unfreeze(3, 1).code(), proto::STORED);
  write(3, 1, 3, 4, 900);
  put_back(3);
  nobody_settles_moves();
  const auto state = run_desk(3);
  EXPECT_FALSE(state.closed()) << state.open(0);
  EXPECT_EQ(gold_on(3, 1), 70);
  expect_clean();
}

// They are looked at shard by shard: who goes from one that is still to be heard to one that was is heard on neither.
class ReconcileBegunTest : public ReconcileMovedTest {
 protected:
  void SetUp() override {
    ReconcileMovedTest::SetUp();
    meet_on_shard_3();
  }
  // When shard 4 is asked for these for the first time.
  void begin_a_move_with(proto::FactKind kind, std::uint64_t of, std::uint64_t m, std::uint32_t to) {
    on_work = [this, kind, of, m, to, begun = false](const Work& work) mutable {
      proto::StoreBatch batch;
      if (begun || work.queue != "shard-4" || !batch.ParseFromString(std::string(work.request.view()))) return;
      const bool asked = std::any_of(batch.items().begin(), batch.items().end(), [kind](const auto& item) {
        proto::FactsQuery query;
        return item.message_id() == route_id(proto::FactsQuery::descriptor()) && query.ParseFromString(item.body()) &&
               query.kind() == kind;
      });
      if (!asked) return;
      begun = true;
      proto::MoveIntent intent;
      intent.set_account_id(of);
      intent.set_move_id(m);
      intent.set_target(to);
      EXPECT_EQ(store::ask<proto::MoveReply>(*directory, intent).code(), proto::STORED);
    };
  }
  void expect_it_is_tried_again() {
    const auto state = run_desk(3);
    EXPECT_TRUE(state.closed());
    EXPECT_TRUE(says(state, "began to move"));
  }
};

TEST_F(ReconcileBegunTest, AMoveThatBeginsWhileOthersAreHeardKeepsItClosedAndItIsTriedAgain) {
  const std::uint64_t three = account_of_three();
  move_three(1, 3, 4);
  back_up(3);
  put_back(3);
  begin_a_move_with(proto::FACT_LEGS, three, 2, 3);
  expect_it_is_tried_again();
  stop();
  run_desk_until_open(3);
}

TEST_F(ReconcileBegunTest, SoDoesOneThatBeginsLater) {
  const std::uint64_t three = account_of_three();
  move_three(1, 3, 4);
  back_up(3);
  put_back(3);
  begin_a_move_with(proto::FACT_ITEMS, three, 2, 3);
  expect_it_is_tried_again();
}

// Its other leg may be committed where nobody has heard it.
TEST_F(ReconcileBegunTest, NoHoldIsEndedByWhatWasHeardWhileAMoveBegan) {
  move(1, 3, 4);
  prepare(3, 3);
  back_up(3);
  put_back(3);
  begin_a_move_with(proto::FACT_LEGS, account, 2, 3);
  expect_it_is_tried_again();
  EXPECT_EQ(step<proto::OpenHoldsReply>(3, proto::OpenHoldsQuery()).holds_size(), 1);
  stop();
  on_work = {};
  run_desk_until_open(3);
  EXPECT_EQ(step<proto::OpenHoldsReply>(3, proto::OpenHoldsQuery()).holds_size(), 0);
}

// Its leg is committed, the other one is held here, and the register of here has forgotten how it was decided.
TEST_F(ReconcileMovedTest, WhoComesBackWithATradeThatIsOpenHereIsNamed) {
  meet_on_shard_3();
  move(1, 3, 4);
  prepare(3, 3);
  back_up(3);
  prepare(4, 1);
  commit_by_votes();
  finish_on_shard_4();
  move(2, 4, 3);
  put_back(3);
  const auto state = run_desk(3);
  EXPECT_TRUE(state.closed());
  EXPECT_TRUE(says(state, "cannot be brought back: it has traded"));
  stop();
  by_hand(3, "UPDATE restored SET closed = 0");
}

// The register has forgotten that it counted the leg, which came back with its character.
TEST_F(ReconcileMovedTest, WhoComesBackWithALegOfThisRegisterIsCountedAgain) {
  meet_on_shard_3();
  move(1, 3, 4);
  back_up(3);
  prepare(3, 3);
  prepare(4, 1);
  commit_by_votes();
  finish_on_shard_4();
  three_goes_and_comes_back();
  expect_both_counted_after_a_restore();
}

// Likewise, and the other leg is still open: only who came back proves that it was COMMIT.
TEST_F(ReconcileMovedTest, WhoComesBackWithACommittedLegDecidesItAgain) {
  meet_on_shard_3();
  move(1, 3, 4);
  back_up(3);
  prepare(3, 3);
  prepare(4, 1);
  const proto::TradeVote vote = commit_by_votes();
  three_goes_and_comes_back();
  expect_both_counted_after_a_restore();
  EXPECT_EQ(store::ask<proto::TradeVerdict>(*shard(3), vote).verdict(), proto::COMMIT);
}

// Both have left with the record of a SWAP that the register has forgotten, and one is back.
TEST_F(ReconcileMovedTest, WhoComesBackWithASwapOfThisRegisterIsCountedAgain) {
  meet_on_shard_3();
  back_up(3);
  swap_on_shard_3();
  move(1, 3, 4);
  three_goes_and_comes_back();
  expect_both_counted_after_a_restore();
}

// The first of them is brought back before the other is here to compare with.
TEST_F(ReconcileMovedTest, TwoThatComeBackAreComparedWithEachOther) {
  meet_on_shard_3();
  ASSERT_GT(account_of_three(), account);
  back_up(4);
  move_three(1, 3, 4);
  write(4, 3, 1, 3, 900);
  move(1, 3, 4);
  put_back(4);
  const auto state = run_desk(4);
  EXPECT_TRUE(state.closed());
  EXPECT_TRUE(says(state, "half: account"));
  EXPECT_EQ(state.open_size(), 1);
  stop();
  by_hand(4, "UPDATE restored SET closed = 0");
}

}  // namespace
}  // namespace dure

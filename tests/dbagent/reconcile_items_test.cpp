// Items that went through many hands between a backup and its restore: each is in the end where it was last.
#include "dbagent/trade_desk.h"
#include "tests/dbagent/reconcile_desk_fixture.h"

namespace dure {
namespace {

// Players 8 and 9 are of one account on shard 4, player 3 of another one on shard 3; there it is the hands through
// which an item goes.
class ReconcileItemsTest : public ReconcileDeskTest {
 protected:
  static constexpr std::uint64_t kItem = 90;
  void SetUp() override {
    ReconcileDeskTest::SetUp();
    meet_on_shard_3();
    proto::AccountQuery query;
    query.set_account("nina");
    query.set_create(true);
    const auto nina = store::ask<proto::AccountReply>(*directory, query);
    ASSERT_EQ(nina.shard(), 4u);
    const std::uint64_t mine = std::exchange(account, nina.account_id());
    for (const std::uint64_t player : {8, 9}) {
      ASSERT_EQ(step<proto::StoreReply>(4, store::creation(player, account)).code(), proto::STORED);
      claim_name(player, player + 1000);
    }
    account = mine;
  }
  proto::AcquireReply take_any(std::uint32_t number, std::uint64_t player) {
    proto::OwnerQuery who;
    who.set_player_id(player);
    return reacquire(number, player, step<proto::AcquireReply>(number, who).epoch());
  }
  store::Ops ops_of(std::uint32_t number, std::uint64_t player) {
    store::Ops ops(player, take_any(number, player).epoch());
    ops.op(1);
    return ops;
  }
  void make(std::uint32_t number, std::uint64_t player) {
    ASSERT_EQ(apply(number, ops_of(number, player).mint(kItem)).code(), proto::STORED);
  }
  void write(std::uint32_t number, std::uint64_t from, std::uint64_t to, std::uint64_t message) {
    ASSERT_EQ(apply(number, ops_of(number, from).send(message, to, 0, {kItem})).code(), proto::STORED);
  }
  void relay(std::uint32_t number, std::uint32_t there) {
    const auto waiting = step<proto::OutboxReply>(number, proto::OutboxQuery());
    ASSERT_EQ(waiting.pending_size(), 1);
    auto letter = waiting.pending(0);
    ASSERT_EQ(step<proto::DeliverReply>(there, letter).code(), proto::STORED);
    proto::OutboxSent sent;
    sent.set_message_id(letter.message_id());
    ASSERT_EQ(step<proto::StoreReply>(number, sent).code(), proto::STORED);
    ASSERT_EQ(apply(there, ops_of(there, letter.player_id()).claim(letter.message_id())).code(), proto::STORED);
  }
  void hand_on(std::uint32_t number, std::uint64_t from, std::uint32_t there, std::uint64_t to, std::uint64_t message) {
    write(number, from, to, message);
    relay(number, there);
  }
  // Accounts that begin on shard 3, beside that of player 1; the first has player 3.
  std::uint64_t other_account(int skip = 0) {
    for (int i = 0; i < 20; ++i) {
      proto::AccountQuery query;
      query.set_account("other" + std::to_string(i));
      query.set_create(true);
      const auto other = store::ask<proto::AccountReply>(*directory, query);
      if (other.shard() == 3 && skip-- == 0) return other.account_id();
    }
    ADD_FAILURE() << "none";
    return 0;
  }
  void move_three(std::uint64_t m, std::uint32_t from, std::uint32_t to) {
    const std::uint64_t mine = std::exchange(account, other_account());
    move(m, from, to);
    account = mine;
  }
  bool has_item(std::uint32_t number, std::uint64_t player) {
    const auto grant = take_any(number, player);
    for (const auto& item : grant.aggregate().items())
      if (item.id().low() == kItem) return true;
    return false;
  }
  void expect_opens(std::uint32_t number) {
    start();
    for (int i = 0; i < 600 && state_of(number).closed(); ++i) cluster->run(milliseconds(100), milliseconds(5));
    const auto state = state_of(number);
    EXPECT_FALSE(state.closed()) << state.open(0);
  }
};

// Its way out of the shard is told, and is redone: from whoever has it.
TEST_F(ReconcileItemsTest, WhoCameBackWithWhatSomebodyHereHadAtTheBackupHasIt) {
  make(4, 9);
  back_up(4);
  hand_on(4, 9, 3, 3, 900);
  hand_on(3, 3, 3, 1, 901);
  move(1, 3, 4);
  put_back(4);
  EXPECT_FALSE(run_desk(4).closed()) << "nothing has to wait for another round";
  EXPECT_TRUE(has_item(4, 1));
  EXPECT_FALSE(has_item(4, 9));
  expect_clean();
}

TEST_F(ReconcileItemsTest, WhoCameBackWithWhatWasInALetterHereAtTheBackupHasIt) {
  make(4, 9);
  write(4, 9, 8, 900);
  back_up(4);
  relay(4, 4);
  hand_on(4, 8, 3, 3, 901);
  hand_on(3, 3, 3, 1, 902);
  move(1, 3, 4);
  put_back(4);
  EXPECT_FALSE(run_desk(4).closed()) << "nothing has to wait for another round";
  EXPECT_TRUE(has_item(4, 1));
  expect_clean();
}

TEST_F(ReconcileItemsTest, WhoCameBackWithWhatWasInALetterToItAtTheBackupHasIt) {
  make(4, 9);
  write(4, 9, 1, 900);
  back_up(4);
  relay(4, 3);
  move(1, 3, 4);
  put_back(4);
  EXPECT_FALSE(run_desk(4).closed()) << "nothing has to wait for another round";
  EXPECT_TRUE(has_item(4, 1));
  EXPECT_EQ(shard(4)->database().number("SELECT state FROM outbox"), 1) << "the letter has arrived";
  expect_clean();
}

TEST_F(ReconcileItemsTest, WhatWasMadeSinceAndWentAndCameBackIsWhereItCameTo) {
  back_up(4);
  make(4, 9);
  hand_on(4, 9, 3, 3, 900);
  hand_on(3, 3, 4, 8, 901);
  put_back(4);
  expect_opens(4);
  const auto eight = take_any(4, 8);
  ASSERT_EQ(eight.aggregate().inbox_size(), 1);
  ASSERT_EQ(eight.aggregate().inbox(0).items_size(), 1) << "in the letter, which waits again";
  EXPECT_EQ(eight.aggregate().inbox(0).items(0).id().low(), kItem);
  EXPECT_EQ(shard(4)->database().number("SELECT count(*) FROM let_go"), 0) << "kept only until it opens";
  expect_clean();
}

TEST_F(ReconcileItemsTest, WhatWasMadeSinceAndWentIsNotGivenBack) {
  back_up(4);
  make(4, 9);
  hand_on(4, 9, 3, 3, 900);
  put_back(4);
  expect_opens(4);
  EXPECT_FALSE(has_item(4, 9));
  EXPECT_TRUE(has_item(3, 3));
  expect_clean();
}

// Which of the two had it last, nobody can tell.
TEST_F(ReconcileItemsTest, WhoCameWithWhatCameWithSomebodyElseIsNamed) {
  make(3, 1);
  back_up(4);
  move(1, 3, 4);
  hand_on(4, 1, 3, 3, 900);
  move_three(1, 3, 4);
  put_back(4);
  const auto state = run_desk(4);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 1);
  EXPECT_NE(state.open(0).find("an item came with somebody else, too"), std::string::npos) << state.open(0);
  stop();
  by_hand(4, "UPDATE restored SET closed = 0");
}

// Once what is told of the first has taken it from there, the other one brings it: until then it is nobody's to get
// back.
TEST_F(ReconcileItemsTest, WhatComesBackWithTheLastOfTwoIsNotGivenBackToTheFirst) {
  ASSERT_EQ(step<proto::StoreReply>(3, store::creation(7, other_account(1))).code(), proto::STORED);
  ASSERT_GT(other_account(), account) << "in this order they are brought back";
  make(3, 1);
  back_up(4);
  move(1, 3, 4);
  hand_on(4, 1, 3, 7, 900);
  hand_on(3, 7, 3, 3, 901);
  move_three(1, 3, 4);
  put_back(4);
  expect_opens(4);
  EXPECT_TRUE(has_item(4, 3));
  EXPECT_FALSE(has_item(4, 1));
  expect_clean();
}

// Between two looks it may go from one that is still to be asked to one that was.
TEST_F(ReconcileItemsTest, WhatOthersMoveWhileTheyAreAskedIsNotGivenBackBeforeItIsAskedAgain) {
  back_up(4);
  make(4, 9);
  hand_on(4, 9, 3, 3, 900);
  hand_on(3, 3, 4, 8, 901);
  put_back(4);
  int asked = 0;
  on_work = [&](const Work& work) {
    if (work.queue != "shard-3" || count_of<proto::ItemTraces>(work) == 0 || ++asked != 2) return;
    EXPECT_EQ(shard(3)->database().run("INSERT INTO item_history SELECT day, txn, line + 1000, item_id, kind, owner "
                                       "FROM item_history WHERE item_id = (SELECT item_id FROM item_history "
                                       "ORDER BY txn DESC LIMIT 1) LIMIT 1"),
              1);
  };
  const auto state = run_desk(4);
  EXPECT_TRUE(state.closed());
  ASSERT_GE(state.open_size(), 1);
  EXPECT_NE(state.open(0).find("on its way between other shards"), std::string::npos) << state.open(0);
  stop();
  expect_opens(4);
  ASSERT_EQ(take_any(4, 8).aggregate().inbox_size(), 1);
  EXPECT_EQ(take_any(4, 8).aggregate().inbox(0).items_size(), 1);
  EXPECT_GE(asked, 4);
}

// What it had, it knows only once it has heard the others itself.
TEST_F(ReconcileItemsTest, NothingIsGivenBackWhileAnotherShardHasJustBeenPutBack) {
  back_up(4);
  make(4, 9);
  hand_on(4, 9, 3, 3, 900);
  hand_on(3, 3, 4, 8, 901);
  put_back(4);
  int asked = 0;
  on_work = [&](const Work& work) {
    if (work.queue == "shard-3" && count_of<proto::ClosedQuery>(work) > 0 && ++asked == 2)
      shard(3)->database().run("INSERT INTO restored(generation, closed, at) VALUES(1000, 1, 0)");
  };
  const auto state = run_desk(4);
  EXPECT_TRUE(state.closed());
  ASSERT_EQ(state.open_size(), 2);
  EXPECT_EQ(state.open(0), "shard 3 is closed, too: it is tried again");
  EXPECT_NE(state.open(1).find("1 items that were let go here are on no shard"), std::string::npos) << state.open(1);
  stop();
  on_work = {};
  by_hand(3, "DELETE FROM restored");
  expect_opens(4);
  EXPECT_EQ(take_any(4, 8).aggregate().inbox(0).items_size(), 1);
}

// By trades whose register is on shard 5, and whose end shard 3 has not heard of yet.
class ReconcileTradesTest : public ReconcileItemsTest {
 protected:
  ReconcileTradesTest() { numbers.push_back(5); }
  // Player 3 on shard 3 and player 9 on shard 4: one gives the item.
  proto::TradeTerms terms(std::uint64_t giver) {
    proto::TradeTerms terms;
    *terms.mutable_txn() = store::uid(77, giver);
    terms.set_register_shard(5);
    for (const std::uint64_t player : {3, 9}) {
      auto* side = terms.add_sides();
      side->set_player_id(player);
      if (player == giver) *side->add_items()->mutable_item() = store::uid(1, kItem);
    }
    return terms;
  }
  void prepare(std::uint32_t number, std::uint64_t player, std::uint64_t giver) {
    store::Ops leg = ops_of(number, player);
    *leg.request.mutable_operations(0)->mutable_trade()->mutable_terms() = terms(giver);
    leg.request.mutable_operations(0)->mutable_trade()->set_side(player == 3 ? 0 : 1);
    ASSERT_EQ(apply(number, leg).code(), proto::STORED);
    const auto holds = step<proto::OpenHoldsReply>(number, proto::OpenHoldsQuery());
    ASSERT_EQ(holds.holds_size(), 1);
    store::ask<proto::TradeVerdict>(*shard(5), holds.holds(0));
  }
  void keep_legs_open_on_shard_3() {
    lost = [this](const Work& work) {
      return work.queue == "shard-3" && count_of<proto::TradeFinish>(work) > 0 && state_of(4).closed();
    };
  }
  bool is_held_on_shard_3() { return step<proto::OpenHoldsReply>(3, proto::OpenHoldsQuery()).holds_size() == 1; }
};

TEST_F(ReconcileTradesTest, WhatACommittedTradeIsAboutToBringToAnotherIsNotGivenBack) {
  prepare(3, 3, 9);
  back_up(4);
  make(4, 9);
  prepare(4, 9, 9);
  ASSERT_TRUE(is_held_on_shard_3());
  put_back(4);
  keep_legs_open_on_shard_3();
  expect_opens(4);
  EXPECT_FALSE(has_item(4, 9));
  EXPECT_TRUE(is_held_on_shard_3());
  cluster->run(seconds(30));
  EXPECT_TRUE(has_item(3, 3));
  expect_clean();
}

TEST_F(ReconcileTradesTest, WhatIsHeldElsewhereForACommittedTradeIsNotThereAnyMore) {
  prepare(4, 9, 3);
  back_up(4);
  make(4, 8);
  hand_on(4, 8, 3, 3, 900);
  prepare(3, 3, 3);
  ASSERT_TRUE(is_held_on_shard_3());
  put_back(4);
  keep_legs_open_on_shard_3();
  expect_opens(4);
  EXPECT_TRUE(is_held_on_shard_3());
  cluster->run(seconds(30));
  EXPECT_TRUE(has_item(4, 9));
  EXPECT_FALSE(has_item(3, 3));
  expect_clean();
}

// Player 3 has given the item to player 9 by a trade that shard 4 decides, and has not heard of it; player 9 has given
// it on to player 1, by one that shard 5 decides.
class ReconcilePassedOnTest : public ReconcileTradesTest {
 protected:
  static constexpr std::uint64_t kFirst = 101, kSecond = 102;
  ReconcilePassedOnTest() { configured = 3; }
  void SetUp() override {
    ReconcileTradesTest::SetUp();
    make(3, 3);
  }
  void prepare_leg(std::uint32_t number, std::uint64_t player, const proto::TradeTerms& terms, std::uint32_t side) {
    store::Ops leg = ops_of(number, player);
    *leg.request.mutable_operations(0)->mutable_trade()->mutable_terms() = terms;
    leg.request.mutable_operations(0)->mutable_trade()->set_side(side);
    ASSERT_EQ(apply(number, leg).code(), proto::STORED);
  }
  static proto::TradeTerms gift(std::uint64_t txn, std::uint32_t decides, std::uint64_t giver, std::uint64_t taker) {
    proto::TradeTerms terms;
    *terms.mutable_txn() = store::uid(77, txn);
    terms.set_register_shard(decides);
    auto* gives = terms.add_sides();
    gives->set_player_id(giver);
    *gives->add_items()->mutable_item() = store::uid(1, kItem);
    terms.add_sides()->set_player_id(taker);
    return terms;
  }
  void offer(std::uint64_t txn, std::uint32_t decides, std::uint64_t giver, std::uint32_t from, std::uint64_t taker,
             std::uint32_t to) {
    const auto terms = gift(txn, decides, giver, taker);
    prepare_leg(from, giver, terms, 0);
    prepare_leg(to, taker, terms, 1);
  }
  // The leg of the second one hears its register, which counts it first.
  void hear_register(std::uint32_t number) {
    const auto open_legs = step<proto::OpenHoldsReply>(number, proto::OpenHoldsQuery());
    for (const auto& hold : open_legs.holds()) {
      if (hold.terms().txn().low() != kSecond) continue;
      const auto verdict = store::ask<proto::TradeVerdict>(*shard(hold.shard()), hold);
      if (verdict.verdict() == proto::UNDECIDED) continue;
      step<proto::TradeFinishReply>(number, finish_of(hold, verdict));
    }
  }
  // Nobody tells shard 3 of the first one.
  void give() {
    back_up(4);
    offer(kFirst, 4, 3, 3, 9, 4);
    const auto given = step<proto::OpenHoldsReply>(3, proto::OpenHoldsQuery());
    ASSERT_EQ(given.holds_size(), 1);
    EXPECT_EQ(store::ask<proto::TradeVerdict>(*shard(4), given.holds(0)).verdict(), proto::COMMIT);
    ASSERT_TRUE(has_item(4, 9));
  }
  void give_and_pass_on(std::uint32_t shard_of_one) {
    give();
    offer(kSecond, 5, 9, 4, 1, shard_of_one);
    for (const std::uint32_t number : {4u, shard_of_one, 4u}) hear_register(number);
    ASSERT_FALSE(has_item(4, 9));
    put_back(4);
  }
  void expect_only_one_has_it(std::uint32_t shard_of_one) {
    expect_opens(4);
    cluster->run(seconds(30));
    EXPECT_TRUE(has_item(shard_of_one, 1));
    EXPECT_FALSE(has_item(3, 3));
    expect_clean();
  }
};

TEST_F(ReconcilePassedOnTest, WhatIsOnAThirdShardCameByTheTradeThatIsForgotten) {
  move(1, 3, 5);
  give_and_pass_on(5);
  expect_only_one_has_it(5);
}

// Whoever got it holds it for somebody who has not come.
TEST_F(ReconcilePassedOnTest, WhatIsHeldOnAThirdShardCameByTheTradeThatIsForgotten) {
  move(1, 3, 5);
  give();
  offer(kSecond, 5, 9, 4, 1, 5);
  for (const std::uint32_t number : {4u, 5u, 4u}) hear_register(number);
  prepare_leg(5, 1, gift(103, 5, 1, 8), 0);
  put_back(4);
  expect_only_one_has_it(5);
}

TEST_F(ReconcilePassedOnTest, WhatWasNotGivenOnProvesNothing) {
  give();
  put_back(4);
  expect_opens(4);
  cluster->run(seconds(30));
  EXPECT_TRUE(has_item(3, 3));
  EXPECT_FALSE(has_item(4, 9));
  expect_clean();
}

// Its leg there waits for what is still held there.
TEST_F(ReconcilePassedOnTest, WhatIsAboutToComeBackToTheGiversShardCameByTheTradeThatIsForgotten) {
  give_and_pass_on(3);
  expect_only_one_has_it(3);
}

// Nobody else has seen it: it was given on from hand to hand on the shard that went back.
TEST_F(ReconcilePassedOnTest, WhatWasGivenOnAmongThoseOfTheShardGoesBackToItsGiver) {
  give();
  offer(kSecond, 5, 9, 4, 8, 4);
  for (int leg = 0; leg < 3; ++leg) hear_register(4);
  ASSERT_TRUE(has_item(4, 8));
  put_back(4);
  expect_opens(4);
  cluster->run(seconds(30));
  EXPECT_TRUE(has_item(3, 3));
  EXPECT_FALSE(has_item(4, 8));
  EXPECT_FALSE(has_item(4, 9));
  expect_clean();
}

// It may have been delivered, and given on to the one who holds it.
TEST_F(ReconcilePassedOnTest, WhatIsInALetterToTheShardKeepsItClosed) {
  move(1, 3, 5);
  give();
  offer(kSecond, 5, 9, 4, 1, 5);
  for (const std::uint32_t number : {4u, 5u, 4u}) hear_register(number);
  write(5, 1, 8, 900);
  put_back(4);
  const auto state = run_desk(4);
  ASSERT_TRUE(state.closed());
  ASSERT_EQ(state.open_size(), 1);
  EXPECT_NE(state.open(0).find("is in a letter, too"), std::string::npos) << state.open(0);
  EXPECT_EQ(step<proto::OpenHoldsReply>(3, proto::OpenHoldsQuery()).holds_size(), 1) << "nothing was decided by it";
  stop();
}

}  // namespace
}  // namespace dure

// Items on a shard that went back to a backup: where each is in the end, through however many hands it went.
#include "tests/dbagent/store/reconcile_fixture.h"

namespace dure::store {
namespace {

TEST_F(ReconcileTest, AnItemThatLeftThroughAnotherHandsIsTakenFromWhoHasItInTheBackup) {
  begin(4, 2);
  back_up(2);
  const auto local = terms_of(5, 2, {3, 0, {30}}, {4, 10, {}});
  apply(2, leg(local, 0));
  apply(2, leg(local, 1));
  Ops out(4, 1);
  out.op(3).send(900, 1, 0, {30});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  put_back(2);
  reconcile(2);
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  EXPECT_EQ(items_of(acquire(3, 2)), Items({}));
  EXPECT_EQ(items_of(acquire(4, 2)), Items({40}));
  EXPECT_EQ(notes.size(), 1u);
  stop_all();
  expect_whole();
}

// It was made after the backup, went, and came back: which of the two is redone first cannot be known, and the wrong
// order lets it go to where it no longer is.
TEST_F(ReconcileTest, AnItemThatWentAndCameBackIsNotLetGoForEver) {
  begin(4, 2);
  back_up(2);
  Ops out(3, 1);
  out.op(2).mint(77).op(3).send(800, 1, 0, {77});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  Ops back(1, 1);
  back.op(2).claim(800).op(3).send(801, 4, 0, {77});
  ASSERT_EQ(apply(1, back).code(), proto::STORED);
  relay(1);
  put_back(2);
  reconcile(2);
  EXPECT_TRUE(open_lines.empty());
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  EXPECT_TRUE(items_on(2).contains(77));
  EXPECT_EQ(items_of(acquire(4, 2)), Items({40})) << "it is in the letter";
  EXPECT_EQ(items_of(acquire(3, 2)), Items({30}));
  stop_all();
  expect_whole();
}

// Twice out and in: it was last with player 3, whose letter brought it.
TEST_F(ReconcileTest, AnItemThatWentRoundTwiceIsGivenBackToWhomItCameToLast) {
  open(3);
  begin(5, 3);
  begin(4, 2);
  back_up(2);
  Ops first(3, 1);
  first.op(2).mint(77).op(3).send(800, 5, 0, {77});
  ASSERT_EQ(apply(2, first).code(), proto::STORED);
  relay(2);
  Ops second(5, 1);
  second.op(2).claim(800).op(3).send(801, 4, 0, {77});
  ASSERT_EQ(apply(3, second).code(), proto::STORED);
  relay(3);
  Ops third(4, 1);
  third.op(2).claim(801).op(3).send(802, 1, 0, {77});
  ASSERT_EQ(apply(2, third).code(), proto::STORED);
  relay(2);
  Ops fourth(1, 1);
  fourth.op(2).claim(802).op(3).send(803, 3, 0, {77});
  ASSERT_EQ(apply(1, fourth).code(), proto::STORED);
  relay(1);
  put_back(2);
  reconcile(2);
  EXPECT_TRUE(open_lines.empty());
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  const auto three = acquire(3, 2);
  ASSERT_EQ(three.aggregate().inbox_size(), 1);
  EXPECT_EQ(three.aggregate().inbox(0).items_size(), 1);
  stop_all();
  expect_whole();
}

// What it brought was given on: delivered again after that was redone, the item would be there twice.
TEST_F(ReconcileTest, ALetterWhoseSenderDidNotHearOfItIsDeliveredBeforeWhatWasDoneWithIt) {
  back_up(2);
  Ops out(1, 1);
  out.op(2).send(900, 3, 0, {10});
  ASSERT_EQ(apply(1, out).code(), proto::STORED);
  relay(1, false);
  Ops claimed(3, 1);
  claimed.op(2).claim(900);
  ASSERT_EQ(apply(2, claimed).code(), proto::STORED);
  const auto terms = terms_of(9, 1, {1, 0, {}}, {3, 0, {10}});
  apply(1, leg(terms, 0, 3));
  apply(2, leg(terms, 1, 3));
  carry_all();
  ASSERT_EQ(open_holds(1).holds_size(), 1) << "what it gets is still in its letter there";
  put_back(2);
  reconcile(2);
  EXPECT_TRUE(open_lines.empty());
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  relay(1);
  scan();
  EXPECT_TRUE(items_on(1).contains(10));
  EXPECT_FALSE(items_on(2).contains(10));
  stop_all();
  expect_whole();
}

// Two items of player 3 that went to player 1 and back: one by letters, and while it was there both were traded for
// each other, and back. Both are here at the backup, and each trade brings what the other one takes away.
class ReconcileToAndFro : public ReconcileTest {
 protected:
  void SetUp() override {
    ReconcileTest::SetUp();
    Ops has(3, 1);
    has.op(2).mint(31);
    ASSERT_EQ(apply(2, has).code(), proto::STORED);
    back_up(2);
    Ops away(3, 1);
    away.op(3).send(900, 1, 0, {31});
    ASSERT_EQ(apply(2, away).code(), proto::STORED);
    relay(2);
    Ops claimed(1, 1);
    claimed.op(2).claim(900);
    ASSERT_EQ(apply(1, claimed).code(), proto::STORED);
    trade(7, 30, 31, 4, 3);
    trade(8, 31, 30, 5, 4);
    Ops back(1, 1);
    back.op(5).send(901, 3, 0, {31});
    ASSERT_EQ(apply(1, back).code(), proto::STORED);
  }
  void trade(std::uint64_t txn, std::uint64_t given, std::uint64_t got, std::uint64_t pseq_of_3,
             std::uint64_t pseq_of_1) {
    const auto terms = terms_of(txn, 1, {3, 0, {given}}, {1, 0, {got}});
    apply(2, leg(terms, 0, pseq_of_3));
    apply(1, leg(terms, 1, pseq_of_1));
    carry_all();
    ASSERT_EQ(open_holds(1).holds_size() + open_holds(2).holds_size(), 0);
  }
  void expect_all_is_back() {
    reconcile(2);
    EXPECT_TRUE(open_lines.empty()) << open_lines[0];
    EXPECT_EQ(open_again(2).code(), proto::STORED);
    relay(1);
    EXPECT_TRUE(items_on(2).contains(30));
    EXPECT_TRUE(items_on(2).contains(31));
    EXPECT_FALSE(items_on(1).contains(30));
    EXPECT_FALSE(items_on(1).contains(31));
    const auto three = acquire(3, 2);
    ASSERT_EQ(three.aggregate().inbox_size(), 1);
    EXPECT_EQ(three.aggregate().inbox(0).items_size(), 1) << "it is in the letter";
    stop_all();
    expect_whole();
  }
};

TEST_F(ReconcileToAndFro, WhatEachOfTwoTradesBringsMakesRoomOnce) {
  relay(1);
  put_back(2);
  expect_all_is_back();
}

// What was delivered again, and let go for a trade, is in the sender's letter still: that says nothing any more.
TEST_F(ReconcileToAndFro, WhatALetterBringsWhoseSenderHasNotHeardOfItIsNotTheSenders) {
  put_back(2);
  expect_all_is_back();
}

TEST_F(ReconcileTest, WhatALetterOfAnotherIsStillToBringIsNotGivenBack) {
  begin(4, 2);
  back_up(2);
  Ops out(3, 1);
  out.op(2).send(900, 1, 0, {30});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  put_back(2);
  ReconcileRounds rounds(2);
  hear(2, 1, &rounds);
  ASSERT_FALSE(items_on(2).contains(30));
  const auto given_back = [&](std::uint64_t message, std::uint64_t to) {
    proto::Reconcile request;
    request.set_shard(2);
    auto* nobodys = request.add_give_back();
    *nobodys->mutable_item() = uid(1, 30);
    auto* letter = nobodys->add_letters();
    letter->set_message_id(message);
    letter->set_to_player(to);
    return on<proto::ReconcileReply>(2, request);
  };
  const auto comes = given_back(901, 4);
  EXPECT_EQ(comes.redone() + static_cast<std::uint64_t>(comes.waiting_size()), 0u) << "it was written since";
  const auto passes = given_back(902, 1);
  EXPECT_EQ(passes.redone(), 0u);
  ASSERT_EQ(passes.waiting_size(), 1);
  EXPECT_EQ(passes.waiting(0).why(), "it is in a letter between other shards");
  EXPECT_FALSE(items_on(2).contains(30));
}

// Player 1 gives the item of player 4 to player 3, whose shard decides that; it goes on to player 5 on a third shard,
// whose register decides that, while the leg of player 1 is still held.
class ReconcilePassedOn : public ReconcileTest {
 protected:
  void SetUp() override {
    ReconcileTest::SetUp();
    open(3);
    begin(4, 2);
    begin(5, 3);
    said.clear();
    const auto first = terms_of(6, 1, {4, 0, {40}}, {1, 0, {}});
    apply(2, leg(first, 0));
    apply(1, leg(first, 1));
    EXPECT_EQ(cast(open_holds(2).holds(0)).verdict(), proto::COMMIT);
    ASSERT_EQ(items_of(acquire(1, 1)), Items({10, 40}));
  }
  void offer(const std::vector<std::uint64_t>& for_it = {}) {
    auto terms = terms_of(7, 2, {1, 0, {40}}, {3, 0, for_it});
    for (auto& given : *terms.mutable_sides(1)->mutable_items())
      if (given.item().low() == 30) given.set_version(version_of_30);
    apply(1, leg(terms, 0, 1, 2));
    apply(2, leg(terms, 1, ++pseq_of_3));
    ASSERT_EQ(open_holds(1).holds_size(), 1);
  }
  void finish_on_shard_2() {
    const auto open_legs = open_holds(2);
    for (const auto& hold : open_legs.holds()) finish(finish_of(hold, cast(hold)));
  }
  void commit() { EXPECT_EQ(cast(open_holds(1).holds(0)).verdict(), proto::COMMIT); }
  void pass_on() {
    said.clear();
    const auto terms = terms_of(8, 3, {3, 0, {40}}, {5, 0, {}});
    apply(2, leg(terms, 0, ++pseq_of_3));
    apply(3, leg(terms, 1));
    carry_all();
    ASSERT_EQ(items_of(acquire(5, 3)), Items({40, 50}));
    ASSERT_EQ(open_holds(1).holds_size(), 1);
  }
  void expect_it_stays_there(const Items& of_player_1 = {10}) {
    put_back(2);
    reconcile(2);
    EXPECT_TRUE(open_lines.empty()) << open_lines[0];
    EXPECT_EQ(open_again(2).code(), proto::STORED);
    scan();
    EXPECT_EQ(items_of(acquire(1, 1)), of_player_1);
    EXPECT_FALSE(items_on(2).contains(40));
    EXPECT_TRUE(items_on(3).contains(40));
    stop_all();
    expect_whole();
  }
  std::uint64_t pseq_of_3 = 1;
  std::int64_t version_of_30 = 0;
};

TEST_F(ReconcilePassedOn, WhatWasPassedOnOfATradeThatItsRegisterForgotProvesIt) {
  finish_on_shard_2();
  offer();
  back_up(2);
  commit();
  finish_on_shard_2();
  pass_on();
  expect_it_stays_there();
}

// It waited for the item to leave by the trade before.
TEST_F(ReconcilePassedOn, ATradeThatItsRegisterRemembersIsFinishedBeforeItGoesOn) {
  offer();
  commit();
  ASSERT_EQ(open_holds(2).holds_size(), 2);
  back_up(2);
  finish_on_shard_2();
  finish_on_shard_2();
  pass_on();
  expect_it_stays_there();
}

// Nobody else has seen it: what it was is lost with the shard, and the trade ends without it.
TEST_F(ReconcilePassedOn, WhatWasMadeSinceAndGivenForItIsLostOrAsItWas) {
  finish_on_shard_2();
  back_up(2);
  Ops makes(3, 1);
  makes.op(++pseq_of_3).mint(77).attribute(30, 0, "edge", 9);
  ASSERT_EQ(apply(2, makes).code(), proto::STORED);
  version_of_30 = 1;
  offer({30, 77});
  commit();
  finish_on_shard_2();
  pass_on();
  expect_it_stays_there({10, 30});
}

TEST_F(ReconcilePassedOn, WhatNobodyHasSeenCommittedIsStillAborted) {
  finish_on_shard_2();
  offer();
  back_up(2);
  commit();
  put_back(2);
  reconcile(2);
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  scan();
  EXPECT_EQ(items_of(acquire(1, 1)), Items({10, 40}));
  stop_all();
  expect_whole();
}

// It is in a trade of two others that is decided and not finished: on no shard, and about to come.
TEST_F(ReconcileTest, WhatIsOnItsWayBetweenOthersIsNotGivenBack) {
  open(3);
  begin(5, 3);
  back_up(2);
  Ops out(3, 1);
  out.op(2).send(800, 1, 0, {30});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  Ops claimed(1, 1);
  claimed.op(2).claim(800);
  ASSERT_EQ(apply(1, claimed).code(), proto::STORED);
  const auto terms = terms_of(9, 1, {1, 0, {30}}, {5, 20, {}});
  apply(1, leg(terms, 0, 3));
  apply(3, leg(terms, 1));
  const auto vote = take_vote();
  ASSERT_TRUE(vote);
  cast(*vote);
  std::erase_if(said, [](const proto::StoreEvent& event) { return event.has_finish() && event.finish().shard() == 3; });
  carry_all();
  ASSERT_FALSE(items_on(1).contains(30));
  ASSERT_FALSE(items_on(3).contains(30));
  put_back(2);
  reconcile(2);
  EXPECT_FALSE(items_on(2).contains(30));
  open_again(2);
  scan();
  EXPECT_TRUE(items_on(3).contains(30));
  stop_all();
  expect_whole();
}

// One of the other side waits for it in a trade that this shard has forgotten, and that is aborted.
TEST_F(ReconcileTest, WhatATradeThatIsAbortedWaitsForIsGivenBackAllTheSame) {
  begin(4, 2);
  back_up(2);
  Ops out(3, 1);
  out.op(2).mint(77).op(3).send(800, 1, 0, {77});
  ASSERT_EQ(apply(2, out).code(), proto::STORED);
  relay(2);
  Ops back(1, 1);
  back.op(2).claim(800).op(3).send(801, 4, 0, {77});
  ASSERT_EQ(apply(1, back).code(), proto::STORED);
  relay(1);
  Ops claimed(4, 1);
  claimed.op(2).claim(801);
  ASSERT_EQ(apply(2, claimed).code(), proto::STORED);
  const auto terms = terms_of(9, 2, {4, 0, {77}}, {2, 20, {}});
  apply(1, leg(terms, 1));
  apply(2, leg(terms, 0, 3));
  put_back(2);
  ASSERT_EQ(open_holds(1).holds_size(), 1);
  reconcile(2);
  EXPECT_TRUE(items_on(2).contains(77));
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  scan();
  carry_all();
  EXPECT_EQ(open_holds(1).holds_size(), 0);
  stop_all();
  expect_whole();
}

// Who gave it has not heard yet that it is committed, and holds it still; who gets it had the leg in the backup.
TEST_F(ReconcileTest, WhatIsHeldElsewhereForACommittedTradeIsNotThereAnyMore) {
  open(3);
  const auto comes = terms_of(1, 3, {1, 0, {77}}, {3, 20, {}});
  apply(2, leg(comes, 1));
  carry_all();
  back_up(2);
  Ops loot(3, 1);
  loot.op(3).mint(77);
  ASSERT_EQ(apply(2, loot).code(), proto::STORED);
  const auto goes = terms_of(2, 1, {1, 5, {}}, {3, 0, {77}});
  apply(2, leg(goes, 1, 4));
  apply(1, leg(goes, 0));
  carry_all();
  ASSERT_TRUE(items_on(1).contains(77));
  apply(1, leg(comes, 0, 3));
  const auto vote = take_vote();
  ASSERT_TRUE(vote);
  cast(*vote);
  std::erase_if(said, [](const proto::StoreEvent& event) { return event.has_finish(); });
  ASSERT_EQ(open_holds(1).holds_size(), 1);
  put_back(2);
  reconcile(2);
  EXPECT_TRUE(items_on(2).contains(77));
  EXPECT_EQ(open_again(2).code(), proto::STORED);
  scan();
  carry_all();
  EXPECT_FALSE(items_on(1).contains(77));
  stop_all();
  expect_whole();
}

TEST_F(ReconcileTest, AnItemThatIsElsewhereLeavesWhoeverHasItHere) {
  back_up(2);
  put_back(2);
  proto::Reconcile request;
  request.set_from_shard(1);
  *request.add_items() = uid(1, 30);
  *request.add_items() = uid(1, 10);
  ReconcileRounds rounds(2);
  tell(request, 2, &rounds);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("of player 3 is on shard 1"), std::string::npos) << notes[0];
  open_again(2);
  EXPECT_EQ(items_of(acquire(3, 2)), Items({}));
}

}  // namespace
}  // namespace dure::store

// The directory's agent and two shards' agents over real stores; a rollback asked of the desk that does it, and what is
// then in the rows. Time is turned by hand.
#include <gtest/gtest.h>

#include "common/proto/cluster.pb.h"
#include "common/proto/operator.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/rollback.pb.h"
#include "common/proto/shard_map.pb.h"
#include "dbagent/agent.h"
#include "dbagent/rollback_desk.h"
#include "dbagent/store/directory_store.h"
#include "tests/common/fake_cluster.h"
#include "tests/dbagent/store/trade_fixture.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1), kLobby(Role::kGeneral, 1), kOther(Role::kGeneral, 2);
constexpr std::int64_t kThen = store::kNow + 1000;  // everybody has 100 gold and one item
constexpr std::int64_t kSince = store::kNow + 5000;

// One agent for both shards and the directory. Player 1 "Player1" on shard 1, player 3 on shard 2.
class RollbackTest : public store::TradeTest {
 protected:
  void SetUp() override {
    store::TradeTest::SetUp();
    store::DirectoryOptions options;
    options.path = folder.file("directory");
    options.cluster_id = "test";
    options.agent_incarnation = {1, 1};
    options.first_shard = 1;
    options.shards = 2;
    directory = std::move(*store::DirectoryStore::open(options));
    for (const std::uint64_t player : {1, 2, 3}) know(player, player == 3 ? 2 : 1);
    now = kSince;
    NodeIdentity identity;
    identity.id = kAgent;
    identity.name = to_text(kAgent);
    identity.incarnation = {1, 1};
    identity.shards = {1, 2};
    identity.directory = true;
    agent = std::make_unique<Agent>(identity, routes, Seams{&log, &entropy}, AgentOptions{});
    cluster = std::make_unique<test::FakeCluster>(*agent, routes);
    cluster->now = MonoTime{seconds(1000)};
    cluster->wall = WallTime{milliseconds(kSince + 10'000)};
    cluster->on_effect = [this](Outbound& outbound) {
      auto* work = std::get_if<Work>(&outbound);
      if (work == nullptr) return false;
      if (before_apply && asks<proto::RollbackApply>(*work)) before_apply(*work);
      const std::string bytes = work->queue == Agent::kDirectoryQueue  ? directory->run(work->request.view())
                                : work->queue == Agent::shard_queue(1) ? stores.at(1)->run(work->request.view())
                                                                       : stores.at(2)->run(work->request.view());
      cluster->in(WorkDone{work->work_id, Bytes(bytes)});
      return true;
    };
    cluster->turn();
  }
  void TearDown() override {
    agent->scope().end();
    agent->scope().sweep();
    cluster.reset();
    agent.reset();
    for (const std::uint32_t shard : {1, 2}) expect_clean(shard);
  }
  template <class Reply, class Request>
  Reply tell_directory(const Request& request) {
    return store::ask<Reply>(*directory, request, now);
  }
  void know(std::uint64_t player, std::uint32_t shard) {
    proto::AccountQuery account;
    account.set_account("account" + std::to_string(player));
    account.set_create(true);
    auto found = tell_directory<proto::AccountReply>(account);
    // New accounts go to the shard with the fewest.
    for (int extra = 0; found.shard() != shard && extra < 8; ++extra) {
      account.set_account("account" + std::to_string(player) + "x" + std::to_string(extra));
      found = tell_directory<proto::AccountReply>(account);
    }
    ASSERT_EQ(found.shard(), shard);
    proto::ReserveName name;
    name.set_name(name_of(player));
    name.set_player_id(player);
    name.set_account_id(found.account_id());
    name.set_reservation(player + 1000);
    ASSERT_EQ(tell_directory<proto::ReserveNameReply>(name).code(), proto::STORED);
    proto::ClaimName claim;
    claim.set_name(name_of(player));
    claim.set_player_id(player);
    claim.set_reservation(player + 1000);
    ASSERT_EQ(tell_directory<proto::StoreReply>(claim).code(), proto::STORED);
  }
  template <class Request>
  static bool asks(const Work& work) {
    proto::StoreBatch batch;
    batch.ParseFromString(std::string(work.request.view()));
    for (const auto& item : batch.items())
      if (item.message_id() == route_id(Request::descriptor())) return true;
    return false;
  }
  // Shard 1 was put back to now; shard 2 has received so much gold of player 1 since.
  void restore_that_hears_of_a_letter(std::int64_t gold) {
    store::Database& db = stores.at(1)->database();
    db.run("INSERT INTO restored(generation, closed, at) VALUES(1, 1, 0)");
    proto::Reconcile request;
    request.set_shard(1);
    request.set_from_shard(2);
    auto* letter = request.add_received();
    letter->set_message_id(900);
    letter->set_player_id(3);
    letter->set_from_player(1);
    letter->set_reason("mail");
    auto* amount = letter->add_balances();
    amount->set_name("gold");
    amount->set_value(gold);
    EXPECT_EQ(on<proto::ReconcileReply>(1, request).redone(), 1u);
    db.run("UPDATE restored SET closed = 0");
  }
  // Player 1, by a process of its own.
  proto::AcquireReply acquire_as(NodeId node, std::uint64_t incarnation) {
    proto::OwnerQuery query;
    query.set_shard(1);
    query.set_player_id(1);
    const std::uint64_t epoch = on<proto::AcquireReply>(1, query).epoch();
    auto request = store::acquisition(1, epoch, incarnation, incarnation);
    request.set_shard(1);
    request.set_owner_node(node.value);
    return on<proto::AcquireReply>(1, request);
  }
  static std::string name_of(std::uint64_t player) { return std::string("Name") + static_cast<char>('a' + player); }

  RollbackDesk::Outcome run(Task<RollbackDesk::Outcome> task) {
    std::optional<RollbackDesk::Outcome> outcome;
    agent->spawn(keep(std::move(task), &outcome));
    for (int i = 0; i < 400 && !outcome; ++i) cluster->run(milliseconds(20), milliseconds(5));
    EXPECT_TRUE(outcome) << "no end";
    return outcome.value_or(RollbackDesk::Outcome{});
  }
  static Task<void> keep(Task<RollbackDesk::Outcome> task, std::optional<RollbackDesk::Outcome>* outcome) {
    *outcome = co_await std::move(task);
  }
  RollbackDesk::Outcome roll_back(std::uint64_t player, std::int64_t to = kThen) {
    return run(desk().player(name_of(player), to));
  }
  RollbackDesk::Outcome roll_back_trade(std::uint64_t txn) { return run(desk().trade(77, txn)); }
  RollbackDesk& desk() {
    if (!desk_) desk_ = std::make_unique<RollbackDesk>(*agent);
    return *desk_;
  }
  std::int64_t balance(std::uint64_t player, const std::string& name) {
    proto::PlayerLedgerQuery query;
    query.set_shard(player == 3 ? 2 : 1);
    query.set_player_id(player);
    const auto reply = on<proto::PlayerLedgerReply>(query.shard(), query);
    for (const auto& account : reply.accounts())
      if (account.name() == name) return account.value();
    return 0;
  }

  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  std::unique_ptr<store::DirectoryStore> directory;
  std::unique_ptr<Agent> agent;
  std::unique_ptr<test::FakeCluster> cluster;
  std::unique_ptr<RollbackDesk> desk_;
  std::function<void(const Work&)> before_apply;  // what happens between the plan and its transaction
};

TEST_F(RollbackTest, WhatTheSystemGaveAndTookSinceIsUndone) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", 500).mint(77).op(3).balance("gold", -30).burn(10, 0);
  ASSERT_EQ(apply(1, ops).code(), proto::STORED);
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 100);
  const auto grant = acquire(1, 1);
  ASSERT_EQ(grant.aggregate().items_size(), 1);
  EXPECT_EQ(grant.aggregate().items(0).template_(), "sword") << "made again under another number";
  EXPECT_NE(grant.aggregate().items(0).id().low(), 10u);
}

TEST_F(RollbackTest, ASecondTimeItIsOnlySaidThatItWasDone) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", 500);
  apply(1, ops);
  EXPECT_TRUE(roll_back(1).ok);
  const auto again = roll_back(1);
  EXPECT_TRUE(again.ok);
  EXPECT_NE(again.text.find("already"), std::string::npos) << again.text;
  EXPECT_EQ(balance(1, "gold"), 100);
}

TEST_F(RollbackTest, WhatWasGivenOnIsOwedAndItIsSaidWhoHoldsIt) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", 500).mint(77).op(3).send(900, 2, 550, {77});
  ASSERT_EQ(apply(1, ops).code(), proto::STORED);
  cluster->run(seconds(3));  // the relay
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 450) << "50 were left of 500 that have to go";
  EXPECT_EQ(balance(1, "debt:item:sword"), 1);
  EXPECT_NE(outcome.text.find(name_of(2)), std::string::npos) << outcome.text;
}

TEST_F(RollbackTest, WhatWasGivenOnAndUsedUpByAnotherIsOwedAndItIsSaidByWhom) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", -60).mint(77).op(3).send(900, 2, 0, {77});
  ASSERT_EQ(apply(1, ops).code(), proto::STORED);
  cluster->run(seconds(3));  // the relay
  store::Ops sells(2, 1);
  sells.op(2).claim(900).op(3).burn(77, 0).balance("gold", 30);
  ASSERT_EQ(apply(1, sells).code(), proto::STORED);
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 100);
  EXPECT_EQ(balance(1, "debt:item:sword"), 1) << "else the gold is back and the sword was sold";
  EXPECT_NE(outcome.text.find("is owed; used up by " + name_of(2) + " (test.reason)"), std::string::npos)
      << outcome.text;
}

TEST_F(RollbackTest, WhatOneUsedUpOfWhatTheSystemGaveSinceIsNotOwed) {
  store::Ops ops(1, 1);
  ops.op(2).mint(77).op(3).burn(77, 0);
  ASSERT_EQ(apply(1, ops).code(), proto::STORED);
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "debt:item:sword"), 0);
}

TEST_F(RollbackTest, WhatWasHadThenGivenOnAndUsedUpStandsAndIsSaid) {
  store::Ops ops(1, 1);
  ops.op(2).send(900, 2, 0, {10});
  ASSERT_EQ(apply(1, ops).code(), proto::STORED);
  cluster->run(seconds(3));  // the relay
  store::Ops burns(2, 1);
  burns.op(2).claim(900).op(3).burn(10, 0);
  ASSERT_EQ(apply(1, burns).code(), proto::STORED);
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_NE(outcome.text.find("given away since, stands; used up by " + name_of(2)), std::string::npos) << outcome.text;
  EXPECT_EQ(balance(1, "debt:item:sword"), 0);
}

TEST_F(RollbackTest, WhatCameFromAnotherSinceAndWasUsedUpIsMadeAgain) {
  store::Ops gives(2, 1);
  gives.op(2).send(900, 1, 0, {20});
  ASSERT_EQ(apply(1, gives).code(), proto::STORED);
  cluster->run(seconds(3));  // the relay
  store::Ops sells(1, 1);
  sells.op(2).claim(900).op(3).burn(20, 0).balance("gold", 30);
  ASSERT_EQ(apply(1, sells).code(), proto::STORED);
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 100);
  const auto grant = acquire(1, 1);
  EXPECT_EQ(grant.aggregate().items_size(), 2) << "what it was sold for is taken, and the gift stands";
}

TEST_F(RollbackTest, WhatIsOwedIsNotOwedTwiceAfterASecondOneToAnotherTime) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", 500).mint(77).op(3).send(900, 2, 550, {77});
  ASSERT_EQ(apply(1, ops).code(), proto::STORED);
  cluster->run(seconds(3));  // the relay
  ASSERT_TRUE(roll_back(1).ok);
  const auto outcome = roll_back(1, kThen - 1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 450);
  EXPECT_EQ(balance(1, "debt:item:sword"), 1);
}

TEST_F(RollbackTest, ASecondOneToANearerTimeLeavesOwedWhatThatTimeWants) {
  store::Ops earlier(1, 1);
  earlier.op(2).balance("gold", 300).mint(76);
  ASSERT_EQ(apply(1, earlier).code(), proto::STORED);
  now += 2000;
  store::Ops later(1, 1);
  later.op(3).balance("gold", 200).mint(77).op(4).send(900, 2, 550, {76, 77});
  ASSERT_EQ(apply(1, later).code(), proto::STORED);
  cluster->run(seconds(3));  // the relay
  ASSERT_TRUE(roll_back(1).ok);
  EXPECT_EQ(balance(1, "debt:gold"), 450);
  EXPECT_EQ(balance(1, "debt:item:sword"), 2);
  const auto outcome = roll_back(1, kSince + 1000);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 150) << "400 were there then, and 550 were given away";
  EXPECT_EQ(balance(1, "debt:item:sword"), 1);
}

// 100 came after the backup and were given on, with the 100 that the backup knows.
TEST_F(RollbackTest, WhatARestoreMadeGoodAndWroteDownIsOwedOnce) {
  restore_that_hears_of_a_letter(200);
  ASSERT_EQ(balance(1, "gold"), 0);
  ASSERT_EQ(balance(1, "debt:gold"), 100);
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 100);
  EXPECT_NE(outcome.text.find("a restore +100 that is owed already, trades and letters -200"), std::string::npos)
      << outcome.text;
}

TEST_F(RollbackTest, WhatTheSystemGaveBesideARestoreIsOwedAsWell) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", 50);
  ASSERT_EQ(apply(1, ops).code(), proto::STORED);
  restore_that_hears_of_a_letter(200);
  ASSERT_EQ(balance(1, "debt:gold"), 50);
  ASSERT_TRUE(roll_back(1).ok);
  EXPECT_EQ(balance(1, "gold"), 0);
  EXPECT_EQ(balance(1, "debt:gold"), 100) << "100 were had then, and 200 given away";
}

TEST_F(RollbackTest, WhoPlaysMeanwhileIsFencedAndHisLateOperationsDie) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", 500);
  apply(1, ops);
  EXPECT_TRUE(roll_back(1).ok);
  store::Ops late(1, 1);
  late.op(3).balance("gold", 5);
  EXPECT_EQ(apply(1, late).code(), proto::STALE_EPOCH);
  EXPECT_EQ(acquire(1, 1).code(), proto::STORED) << "nobody owns the player afterwards";
}

TEST_F(RollbackTest, WhoTakesThePlayerBeforeItIsWrittenIsFencedTooAndTheDifferenceFoundAnew) {
  cluster->up(kLobby);
  cluster->up(kOther);
  ASSERT_EQ(acquire_as(kLobby, 31).code(), proto::STORED);
  store::Ops ops(1, 2, 31);
  ops.op(1).balance("gold", 500);
  ASSERT_EQ(apply(1, ops).code(), proto::STORED);
  int taken = 0;
  before_apply = [&](const Work&) {
    EXPECT_FALSE(cluster->take<proto::InboxNotice>(kLobby)) << "who is told too early has the gateway ask on";
    if (++taken > 1) return;
    const auto grant = acquire_as(kOther, 32);
    store::Ops more(1, grant.epoch(), 32);
    more.op(1).balance("gold", 7);
    EXPECT_EQ(apply(1, more).code(), proto::STORED);
  };
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(taken, 2);
  EXPECT_EQ(balance(1, "gold"), 100) << "what the second owner did is undone as well";
  EXPECT_TRUE(cluster->take<proto::InboxNotice>(kLobby));
  EXPECT_TRUE(cluster->take<proto::InboxNotice>(kOther));
}

TEST_F(RollbackTest, WhereOthersTakeThePlayerAgainAndAgainItEndsAndMayBeAskedAgain) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", 500);
  apply(1, ops);
  std::uint64_t taken = 0;
  before_apply = [&](const Work&) { acquire_as(kOther, 40 + ++taken); };
  const auto outcome = roll_back(1);
  EXPECT_FALSE(outcome.ok);
  EXPECT_FALSE(outcome.known);
  EXPECT_LE(taken, 10u);
  EXPECT_EQ(balance(1, "gold"), 600) << "nothing is written half";
  before_apply = nullptr;
  EXPECT_TRUE(roll_back(1).ok);
  EXPECT_EQ(balance(1, "gold"), 100);
}

TEST_F(RollbackTest, AnAnswerThatIsLostIsNoFailure) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", 500);
  apply(1, ops);
  bool lost = false;
  before_apply = [&](const Work& work) {
    if (!std::exchange(lost, true)) stores.at(1)->run(work.request.view());  // it is asked again
  };
  const auto outcome = roll_back(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(1, "gold"), 100);
}

TEST_F(RollbackTest, OnlyWhoOwnsThePlayerNowAppliesItAndOwnsNobodyAfterwards) {
  const auto grant = acquire(1, 1);
  proto::RollbackApply request;
  request.set_shard(1);
  request.set_player_id(1);
  request.set_epoch(grant.epoch() - 1);
  *request.mutable_owner_incarnation() = store::uid(7, 1);
  store::Ops ops(1, grant.epoch());
  ops.op(1).drop(5, 6).balance("gold", -40);
  *request.mutable_operation() = ops.request.operations(0);
  EXPECT_EQ(on<proto::RollbackApplied>(1, request).code(), proto::STALE_EPOCH);
  EXPECT_EQ(balance(1, "gold"), 100);
  request.set_epoch(grant.epoch());
  EXPECT_EQ(on<proto::RollbackApplied>(1, request).code(), proto::STORED);
  EXPECT_EQ(balance(1, "gold"), 60);
  store::Ops next(1, grant.epoch());
  next.op(2).balance("gold", 5);
  EXPECT_EQ(apply(1, next).code(), proto::STALE_EPOCH) << "it would go on from a state that is no more";
}

TEST_F(RollbackTest, ItRefusesAndSaysWhy) {
  const auto nobody = run(desk().player("Nobody", kThen));
  EXPECT_FALSE(nobody.ok);
  EXPECT_EQ(nobody.text, "nobody is called Nobody");
  EXPECT_EQ(roll_back(1, kSince + 3'600'000).text, "that time has not come yet");
  EXPECT_NE(roll_back(1, store::kNow - 1000).text.find("did not exist"), std::string::npos);
  EXPECT_EQ(roll_back_trade(5).text, "no shard knows such a trade");
}

TEST_F(RollbackTest, ATradeAcrossShardsGoesBackOnBothSides) {
  const auto terms = store::terms_of(1, 1, {1, 30, {10}}, {3, 0, {30}});
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  carry_all();
  ASSERT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  store::Ops spent(3, 1);
  spent.op(3).balance("gold", -120);  // 10 are left
  ASSERT_EQ(apply(2, spent).code(), proto::STORED);
  const auto outcome = roll_back_trade(1);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  cluster->run(seconds(3));  // the relay
  const auto one = acquire(1, 1), three = acquire(3, 2);
  ASSERT_EQ(one.aggregate().inbox_size(), 1) << one.aggregate().DebugString();
  EXPECT_EQ(one.aggregate().inbox(0).items(0).id().low(), 10u);
  EXPECT_EQ(one.aggregate().inbox(0).balances(0).value(), 10);
  ASSERT_EQ(three.aggregate().inbox_size(), 1);
  EXPECT_EQ(three.aggregate().inbox(0).items(0).id().low(), 30u);
  EXPECT_EQ(balance(3, "debt:gold"), 20);
  const auto again = roll_back_trade(1);
  EXPECT_TRUE(again.ok);
  EXPECT_NE(again.text.find("already"), std::string::npos);
}

TEST_F(RollbackTest, WhatIsOwedOfATradeStaysOwedWhateverThePlayerIsRolledBackTo) {
  const auto terms = store::terms_of(1, 1, {1, 30, {}}, {3, 0, {}});
  apply(1, leg(terms, 0));
  apply(2, leg(terms, 1));
  carry_all();
  store::Ops sent(3, 1);
  sent.op(3).send(901, 1, 120, {});  // 10 are left
  ASSERT_EQ(apply(2, sent).code(), proto::STORED);
  ASSERT_TRUE(roll_back_trade(1).ok);
  EXPECT_EQ(balance(3, "debt:gold"), 20);
  const auto outcome = roll_back(3);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  EXPECT_EQ(balance(3, "debt:gold"), 20);
}

TEST_F(RollbackTest, ATradeOfOneShardGoesBackToo) {
  const auto terms = store::terms_of(2, 1, {1, 30, {10}}, {2, 5, {20}});
  apply(1, leg(terms, 0));
  apply(1, leg(terms, 1));
  const auto outcome = roll_back_trade(2);
  EXPECT_TRUE(outcome.ok) << outcome.text;
  cluster->run(seconds(3));
  const auto one = acquire(1, 1), two = acquire(2, 1);
  ASSERT_EQ(one.aggregate().inbox_size(), 1);
  EXPECT_EQ(one.aggregate().inbox(0).items(0).id().low(), 10u);
  ASSERT_EQ(two.aggregate().inbox_size(), 1);
  EXPECT_EQ(two.aggregate().inbox(0).balances(0).value(), 5);
}

TEST_F(RollbackTest, ATradeThatDidNotHappenHasNothingToUndo) {
  const auto terms = store::terms_of(3, 1, {1, 30, {}}, {3, 0, {30}});
  apply(1, leg(terms, 0));
  verdict(1, terms, true);
  EXPECT_EQ(roll_back_trade(3).text, "that trade did not happen: there is nothing to undo");
}

TEST_F(RollbackTest, WhatIsInAnOpenTradeIsNotTakenOutOfIt) {
  store::Ops ops(1, 1);
  ops.op(2).balance("gold", 500);
  apply(1, ops);
  const auto terms = store::terms_of(4, 2, {1, 30, {}}, {3, 0, {30}});
  apply(1, leg(terms, 0, 3));  // held: its register, on the other shard, waits for the other leg
  proto::RollbackApply request;
  request.set_shard(1);
  request.set_player_id(1);
  request.set_epoch(1);
  *request.mutable_owner_incarnation() = store::uid(7, 1);
  request.mutable_operation()->set_pseq(4);
  request.mutable_operation()->set_reason("rollback");
  request.mutable_operation()->add_effects()->mutable_drop_key()->set_source("rollback");
  const auto refused = on<proto::RollbackApplied>(1, request);
  EXPECT_EQ(refused.code(), proto::REJECTED);
  EXPECT_EQ(refused.detail(), "open hold");
}

}  // namespace
}  // namespace dure

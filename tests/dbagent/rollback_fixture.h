// The directory's agent and two shards' agents over real stores; a rollback asked of the desk that does it, and what is
// then in the rows. Time is turned by hand.
#pragma once
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

inline const NodeId kAgent(Role::kDbagent, 1), kLobby(Role::kGeneral, 1), kOther(Role::kGeneral, 2);
inline constexpr std::int64_t kThen = store::kNow + 1000;  // everybody has 100 gold and one item
inline constexpr std::int64_t kSince = store::kNow + 5000;

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
  // What a player of shard 1 does.
  void play(const store::Ops& ops) { play(1, ops); }
  void play(std::uint32_t shard, const store::Ops& ops) { EXPECT_EQ(apply(shard, ops).code(), proto::STORED); }
  // Letters that were sent arrive.
  void relay() { cluster->run(seconds(3)); }
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
  template <class Outcome>
  static Task<void> keep(Task<Outcome> task, std::optional<Outcome>* outcome) {
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

}  // namespace dure

// One-way transfers between two shards on two agents, in a simulated cluster: messages late, agents dying at any point
// and coming back on their files, links cut. Whatever happens each shard's ledger sums to 0 after every commit, what is
// on its way is exactly what is in transit, and in the end each message was claimed once.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <set>

#include "common/proto/cluster.pb.h"
#include "dbagent/agent.h"
#include "dbagent/outbox_relay.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"
#include "tests/sim/cluster.h"

namespace dure::sim {
namespace {

using store::uid;

const NodeId kFirst(Role::kDbagent, 1), kSecond(Role::kDbagent, 2), kOwner(Role::kGeneral, 1);
constexpr std::uint64_t kPlayers = 6;  // odd ones on shard 1, even ones on shard 0
constexpr std::uint64_t kNobody = 777;
constexpr std::int64_t kGold = 1000;

const Routes& engine_routes() {
  static const Routes table = Routes::build(engine_files()).value();
  return table;
}

std::uint32_t shard_of(std::uint64_t player) { return static_cast<std::uint32_t>(player % 2); }

store::ShardOptions options_of(const std::string& folder, std::uint32_t shard, const Incarnation& incarnation) {
  store::ShardOptions options = store::shard_options(folder + "/shard" + std::to_string(shard) + ".db");
  options.shard = shard;
  options.agent_incarnation = incarnation;
  options.sync = false;
  return options;
}

store::DirectoryOptions directory_of(const std::string& folder, const Incarnation& incarnation) {
  store::DirectoryOptions options;
  options.path = folder + "/directory.db";
  options.cluster_id = "test";
  options.agent_incarnation = incarnation;
  options.shards = 2;
  options.sync = false;
  return options;
}

// A store that audits itself after every commit.
class AuditedShard : public Worker {
 public:
  AuditedShard(std::unique_ptr<store::ShardStore> opened, std::uint32_t shard, int* commits)
      : store_(std::move(opened)), shard_(shard), commits_(commits) {}
  std::string run(std::string_view batch) override {
    const std::string answer = store_->run(batch);
    proto::StoreBatchReply reply;
    EXPECT_TRUE(reply.ParseFromString(answer));
    if (reply.changed() == 0) return answer;
    ++*commits_;
    proto::AuditRequest audit;
    audit.set_shard(shard_);
    const auto found = store::ask<proto::AuditReply>(*store_, audit);
    EXPECT_EQ(found.findings_size(), 0) << found.DebugString();
    EXPECT_EQ(found.ledger_sum(), 0);
    EXPECT_EQ(store_->faults(), 0u);
    return answer;
  }

 private:
  std::unique_ptr<store::ShardStore> store_;
  std::uint32_t shard_;
  int* commits_;
};

class DirectoryWorker : public Worker {
 public:
  explicit DirectoryWorker(std::unique_ptr<store::DirectoryStore> opened) : store_(std::move(opened)) {}
  std::string run(std::string_view batch) override { return store_->run(batch); }

 private:
  std::unique_ptr<store::DirectoryStore> store_;
};

// The owner of all six: sends at random, claims what comes.
class Owner : public Node {
 public:
  Owner(const NodeIdentity& identity, const Seams& seams, int sends)
      : Node(identity, engine_routes(), seams), sends_left_(sends) {
    on_raw(route_id(proto::InboxNotice::descriptor()), [this](const From&, std::string_view) { ++notices; });
  }
  int notices = 0, sent = 0, claimed = 0;
  std::uint64_t sent_messages = 0;
  std::string refused;
  bool sending() const { return sends_left_ > 0; }

 protected:
  void on_start() override {
    for (std::uint64_t player = 1; player <= kPlayers; ++player) spawn(live(player));
  }

 private:
  Task<void> live(std::uint64_t player) {
    std::uint64_t pseq = 0;
    std::set<std::uint64_t> done;
    for (;;) {
      const Duration pause = milliseconds(1 + static_cast<std::int64_t>(rng().below(60)));
      co_await wait(pause);
      proto::InboxQuery query;
      query.set_shard(shard_of(player));
      query.set_player_id(player);
      query.set_epoch(1);
      *query.mutable_owner_incarnation() = uid(7, 1);
      const NodeId agent = shard_agent(shard_of(player));
      const Result<proto::InboxReply> inbox = co_await call<proto::InboxReply>(agent, query);
      store::Ops ops(player, 1);
      ops.request.set_shard(shard_of(player));
      if (inbox)
        for (const auto& entry : inbox->entries())
          if (done.insert(entry.message_id()).second) {
            ops.op(++pseq).claim(entry.message_id());
            ++claimed;
          }
      if (sends_left_ > 0 && !done.empty()) {
        --sends_left_;
        ++sent;
        std::uint64_t to = 1 + rng().below(kPlayers);
        if (to == player) to = kNobody;
        ops.op(++pseq).send(++sent_messages, to, 1 + static_cast<std::int64_t>(rng().below(3)));
      }
      while (ops.request.operations_size() > 0) {
        const NodeId there = shard_agent(shard_of(player));
        const Result<proto::ApplyReply> reply = co_await call<proto::ApplyReply>(there, ops.request);
        if (reply && reply->code() == proto::STORED) break;
        if (reply && reply->code() != proto::RETRY && refused.empty()) refused = reply->ShortDebugString();
        const Duration again = milliseconds(20);
        co_await wait(again);
      }
    }
  }
  int sends_left_;
};

class RelayTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    const auto directory = std::move(*store::DirectoryStore::open(directory_of(path_, {1, 1})));
    for (std::uint64_t player = 1; player <= kPlayers; ++player) name(*directory, player);
    prepare_names(*directory);
    for (const std::uint32_t shard : {0u, 1u}) {
      const auto store = store::open_shard(options_of(path_, shard, {1, 1}));
      for (std::uint64_t player = 1; player <= kPlayers; ++player)
        if (shard_of(player) == shard) settle(*store, player);
      if (shard == 0) prepare_rows(*store);
    }
    cluster_ = std::make_unique<Cluster>(GetParam());
    add_agent(kFirst, 0, true);
    add_agent(kSecond, 1, false);
    Blueprint owner;
    owner.identity.id = kOwner;
    owner.identity.name = "owner";
    owner.build = [](const NodeIdentity& identity, const Seams& seams) {
      Parts parts;
      parts.node = std::make_unique<Owner>(identity, seams, 300);
      return parts;
    };
    cluster_->add(owner);
    cluster_->start_all();
  }
  virtual void prepare_names(store::DirectoryStore&) {}
  virtual void prepare_rows(store::ShardStore&) {}  // of shard 0
  // Accounts go to the emptiest shard: 0, 1, 0 … in the order they are made.
  void name(store::DirectoryStore& directory, std::uint64_t player) {
    const std::uint64_t even_first = player % 2 == 1 ? player + 1 : player - 1;
    proto::AccountQuery account;
    account.set_account("a" + std::to_string(even_first));
    account.set_create(true);
    const auto made = store::ask<proto::AccountReply>(directory, account);
    ASSERT_EQ(made.shard(), shard_of(even_first));
    proto::ReserveName reserve;
    reserve.set_name("Player" + std::to_string(even_first));
    reserve.set_account_id(made.account_id());
    reserve.set_player_id(even_first);
    reserve.set_reservation(even_first + 1000);
    ASSERT_EQ(store::ask<proto::ReserveNameReply>(directory, reserve).code(), proto::STORED);
    proto::ClaimName claim;
    claim.set_name(reserve.name());
    claim.set_player_id(even_first);
    claim.set_reservation(even_first + 1000);
    ASSERT_EQ(store::ask<proto::StoreReply>(directory, claim).code(), proto::STORED);
  }
  void settle(store::ShardStore& store, std::uint64_t player) {
    auto birth = store::creation(player, player);
    birth.set_shard(shard_of(player));
    ASSERT_EQ(store::ask<proto::StoreReply>(store, birth).code(), proto::STORED);
    auto gift = store::delivery(player, 1'000'000 + player, kGold);
    gift.set_shard(shard_of(player));
    store::ask<proto::DeliverReply>(store, gift);
    auto acquire = store::acquisition(player, 0, player);
    acquire.set_owner_node(kOwner.value);
    acquire.set_shard(shard_of(player));
    ASSERT_EQ(store::ask<proto::AcquireReply>(store, acquire).code(), proto::STORED);
  }
  void add_agent(NodeId id, std::uint32_t shard, bool directory) {
    Blueprint agent;
    agent.identity.id = id;
    agent.identity.name = to_text(id);
    agent.identity.shards = {shard};
    agent.identity.directory = directory;
    agent.build = [this, shard, directory](const NodeIdentity& identity, const Seams& seams) {
      Parts parts;
      parts.node = std::make_unique<Agent>(identity, engine_routes(), seams, AgentOptions{});
      parts.workers[Agent::shard_queue(shard)] = std::make_unique<AuditedShard>(
          store::open_shard(options_of(path_, shard, identity.incarnation)), shard, &commits_);
      if (directory)
        parts.workers[Agent::kDirectoryQueue] = std::make_unique<DirectoryWorker>(
            std::move(*store::DirectoryStore::open(directory_of(path_, identity.incarnation))));
      return parts;
    };
    cluster_->add(agent);
  }
  // Both agents are dead: in transit over both shards is what left an outbox and is in no inbox.
  void expect_transit_is_what_is_under_way() {
    std::int64_t transit = 0, under_way = 0;
    std::set<std::int64_t> arrived;
    std::map<std::int64_t, std::int64_t> sent;
    for (const std::uint32_t shard : {0u, 1u}) {
      sqlite3* db = nullptr;
      ASSERT_EQ(store::open_by_hand(options_of(path_, shard, {1, 1}).path.c_str(), &db), SQLITE_OK);
      each(db, "SELECT amount FROM account WHERE kind = 3",
           [&](sqlite3_stmt* row) { transit += sqlite3_column_int64(row, 0); });
      each(db, "SELECT message_id FROM inbox",
           [&](sqlite3_stmt* row) { arrived.insert(sqlite3_column_int64(row, 0)); });
      each(db, "SELECT message_id, body FROM outbox", [&](sqlite3_stmt* row) {
        proto::InboxEntry letter;
        letter.ParseFromArray(sqlite3_column_blob(row, 1), sqlite3_column_bytes(row, 1));
        for (const auto& amount : letter.balances()) sent[sqlite3_column_int64(row, 0)] += amount.value();
      });
      sqlite3_close(db);
    }
    for (const auto& [message, gold] : sent)
      if (arrived.count(message) == 0) under_way += gold;
    EXPECT_EQ(transit, under_way);
  }
  // Both agents have lived in peace for long, and are killed here.
  void expect_everything_arrived_once() {
    const auto* owner = cluster_->as<Owner>(kOwner);
    EXPECT_FALSE(owner->sending());
    EXPECT_EQ(owner->refused, "") << "an honest claim is never refused";
    EXPECT_GT(owner->notices, 0);
    cluster_->kill(kFirst);
    cluster_->kill(kSecond);
    expect_transit_is_what_is_under_way();
    EXPECT_EQ(number("SELECT count(*) FROM outbox WHERE state = 0"), 0);
    EXPECT_EQ(number("SELECT count(*) FROM inbox WHERE state = 0"), 0);
    EXPECT_EQ(number("SELECT amount FROM account WHERE kind = 3"), 0);
    EXPECT_EQ(number("SELECT amount FROM account WHERE kind = 0"), static_cast<std::int64_t>(kPlayers) * kGold);
    EXPECT_GT(number("SELECT count(*) FROM inbox WHERE returned <> 0"), 0) << "what nobody can receive came back";
    EXPECT_GT(commits_, 300);
  }
  static void each(sqlite3* db, const char* sql, const std::function<void(sqlite3_stmt*)>& take) {
    sqlite3_stmt* row = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(db, sql, -1, &row, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    while (sqlite3_step(row) == SQLITE_ROW) take(row);
    sqlite3_finalize(row);
  }
  std::int64_t number(const char* sql) {
    std::int64_t sum = 0;
    for (const std::uint32_t shard : {0u, 1u}) {
      sqlite3* db = nullptr;
      EXPECT_EQ(store::open_by_hand(options_of(path_, shard, {1, 1}).path.c_str(), &db), SQLITE_OK);
      each(db, sql, [&](sqlite3_stmt* row) { sum += sqlite3_column_int64(row, 0); });
      sqlite3_close(db);
    }
    return sum;
  }

  store::TempFolder folder_;
  std::string path_ = folder_.file("");
  std::unique_ptr<Cluster> cluster_;
  int commits_ = 0;
};

TEST_P(RelayTest, EachMessageArrivesOnceWhoeverDies) {
  Rng faults(GetParam(), 99);
  for (int i = 0; i < 24; ++i) {
    cluster_->run(milliseconds(100 + static_cast<std::int64_t>(faults.below(500))));
    switch (faults.below(4)) {
      case 0:
      case 1: {
        const NodeId victim = faults.below(2) == 0 ? kFirst : kSecond;
        if (!cluster_->alive(victim)) break;
        cluster_->kill(victim);
        cluster_->start(victim, milliseconds(50 + static_cast<std::int64_t>(faults.below(800))));
        break;
      }
      case 2: {
        cluster_->cut(kFirst, kSecond, true);
        cluster_->run(milliseconds(300));
        cluster_->cut(kFirst, kSecond, false);
        break;
      }
      default:
        cluster_->run(seconds(1));  // whoever was dead is back
        cluster_->kill(kFirst);
        cluster_->kill(kSecond);
        expect_transit_is_what_is_under_way();
        cluster_->start(kFirst, milliseconds(20));
        cluster_->start(kSecond, milliseconds(20));
    }
  }
  cluster_->run(seconds(60));
  expect_everything_arrived_once();
}

TEST_P(RelayTest, EachMessageArrivesOnceWhoeverIsUnlucky) {
  cluster_->be_unlucky({{"outbox.page", 2},
                        {"outbox.place_forgotten", 3},
                        {"outbox.delivered_again", 3},
                        {"call.late", 40},
                        {"commit.full", 40}});
  cluster_->run(seconds(20));
  cluster_->be_unlucky({});
  cluster_->run(seconds(60));
  for (const std::string_view site : kUnluckySites)
    if (site.starts_with("outbox.")) {
      EXPECT_GT(cluster_->unlucky().count(std::string(site)), 0u) << site;
    }
  expect_everything_arrived_once();
}

// Two creations that were never ended, and a deleted character whose grace is over.
class HousekeeperTest : public RelayTest {
 protected:
  static constexpr std::uint64_t kLost = 50, kLate = 52, kDeleted = 2;
  void reserve(store::DirectoryStore& directory, const std::string& name, std::uint64_t player,
               proto::StoreCode expected) {
    proto::AccountQuery account;
    account.set_account("a2");  // on shard 0
    proto::ReserveName request;
    request.set_name(name);
    request.set_account_id(store::ask<proto::AccountReply>(directory, account).account_id());
    request.set_player_id(player);
    request.set_reservation(player + 1000);
    EXPECT_EQ(store::ask<proto::ReserveNameReply>(directory, request).code(), expected) << name;
  }
  void prepare_names(store::DirectoryStore& directory) override {
    reserve(directory, "Lost", kLost, proto::STORED);
    reserve(directory, "Late", kLate, proto::STORED);
  }
  static proto::CreatePlayerRequest birth(std::uint64_t player) {
    auto request = store::creation(player, 2);
    request.set_shard(0);
    return request;
  }
  void prepare_rows(store::ShardStore& shard) override {
    EXPECT_EQ(store::ask<proto::StoreReply>(shard, birth(kLate)).code(), proto::STORED);
    proto::DeletePlayerRequest erase;
    erase.set_player_id(kDeleted);
    erase.set_account_id(kDeleted);
    erase.set_delete_at_unix_ms(1);
    EXPECT_EQ(store::ask<proto::StoreReply>(shard, erase).code(), proto::STORED);
  }
};

TEST_P(HousekeeperTest, WhatWasBegunIsEndedWhoeverDiesMeanwhile) {
  Rng faults(GetParam(), 7);
  for (int i = 0; i < 12; ++i) {
    cluster_->run(milliseconds(9'900 + static_cast<std::int64_t>(faults.below(200))));
    cluster_->kill(kFirst);
    cluster_->start(kFirst, milliseconds(50));
  }
  cluster_->run(seconds(100));
  cluster_->kill(kFirst);
  cluster_->kill(kSecond);
  const auto directory = std::move(*store::DirectoryStore::open(directory_of(path_, {1, 1})));
  const auto shard = store::open_shard(options_of(path_, 0, {1, 1}));
  const auto located = [&](const std::string& name) {
    proto::PlayerLocate query;
    query.set_name(name);
    return store::ask<proto::PlayerLocateReply>(*directory, query).code();
  };
  EXPECT_EQ(located("Late"), proto::STORED) << "the character exists: the name is its";
  EXPECT_EQ(located("Lost"), proto::NO_SUCH);
  reserve(*directory, "Lost", kLost + 4, proto::STORED);  // its account asks for the name again
  EXPECT_EQ(store::ask<proto::StoreReply>(*shard, birth(kLost)).code(), proto::EXPECTED_OTHER) << "too late";
  EXPECT_EQ(store::ask<proto::PurgeReply>(*shard, proto::PurgeQuery()).characters_size(), 0);
  EXPECT_EQ(store::ask<proto::AcquireReply>(*shard, store::acquisition(kDeleted, 2, 5)).code(), proto::NO_SUCH);
  EXPECT_EQ(located("Player2"), proto::NO_SUCH);
  const auto found = store::ask<proto::AuditReply>(*shard, proto::AuditRequest());
  EXPECT_EQ(found.findings_size(), 0) << found.DebugString();
}

INSTANTIATE_TEST_SUITE_P(Seeds, HousekeeperTest, testing::Values(1, 2));
INSTANTIATE_TEST_SUITE_P(Seeds, RelayTest, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace dure::sim

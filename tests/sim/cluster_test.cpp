// The machinery itself, with the simplest of nodes: two that ask each other all the time.
#include "tests/sim/cluster.h"

#include <gtest/gtest.h>

#include "common/proto/dungeon.pb.h"

namespace dure::sim {
namespace {

const NodeId kGeneral(Role::kGeneral, 1), kDungeon(Role::kDungeon, 1);

const Routes& engine_routes() {
  static const Routes table = Routes::build(engine_files()).value();
  return table;
}

// Asks its peer every 20 ms, answers its peer's asking, has something done by a worker now and then.
class Asker : public Node {
 public:
  Asker(const NodeIdentity& identity, const Seams& seams, NodeId peer)
      : Node(identity, engine_routes(), seams), peer_(peer) {
    on(&Asker::answer);
  }
  int answered = 0, failed = 0, ups = 0, downs = 0, worked = 0;

 protected:
  void on_start() override {
    every(milliseconds(20), [this] { spawn(ask()); });
  }
  void on_peer_up(NodeId) override { ++ups; }
  void on_peer_down(NodeId, const std::string&) override { ++downs; }

 private:
  proto::OpenInstanceReply answer(const From&, const proto::OpenInstance& request) {
    proto::OpenInstanceReply reply;
    reply.set_detail(std::to_string(request.run_id() + rng().below(1000)));
    return reply;
  }
  Task<void> ask() {
    proto::OpenInstance request;
    request.set_run_id(rng().next());
    const Result<proto::OpenInstanceReply> reply =
        co_await call<proto::OpenInstanceReply>(peer_, request, milliseconds(500));
    ++(reply ? answered : failed);
    const std::string done = co_await work("echo", "job");
    worked += done == "job!";
  }
  NodeId peer_;
};

class Exclaim : public Worker {
 public:
  std::string run(std::string_view request) override { return std::string(request) + "!"; }
};

Blueprint asker(NodeId id, NodeId peer) {
  Blueprint blueprint;
  blueprint.identity.id = id;
  blueprint.identity.name = to_text(id);
  blueprint.build = [peer](const NodeIdentity& identity, const Seams& seams) {
    Parts parts;
    parts.node = std::make_unique<Asker>(identity, seams, peer);
    parts.workers["echo"] = std::make_unique<Exclaim>();
    return parts;
  };
  return blueprint;
}

struct Pair {
  explicit Pair(std::uint64_t seed) : cluster(seed) {
    cluster.add(asker(kGeneral, kDungeon));
    cluster.add(asker(kDungeon, kGeneral));
    cluster.start_all();
  }
  Cluster cluster;
};

TEST(SimCluster, OnlyArmedSitesFireAndTheyArePartOfTheHistory) {
  Pair unlucky(1), again(1), other(1), calm(1);
  unlucky.cluster.be_unlucky({{"call.late", 5}});
  again.cluster.be_unlucky({{"call.late", 5}});
  other.cluster.be_unlucky({{"window.full", 1}});  // which these nodes never ask
  for (Pair* pair : {&unlucky, &again, &other, &calm}) pair->cluster.run(seconds(4));
  EXPECT_GT(unlucky.cluster.unlucky().at("call.late"), 10u);
  EXPECT_EQ(unlucky.cluster.unlucky().size(), 1u);
  const int failed_anyway = calm.cluster.as<Asker>(kGeneral)->failed;  // before the links were up
  EXPECT_GT(unlucky.cluster.as<Asker>(kGeneral)->failed, failed_anyway + 10);
  EXPECT_EQ(unlucky.cluster.trace(), again.cluster.trace());
  EXPECT_TRUE(calm.cluster.unlucky().empty());
  EXPECT_NE(unlucky.cluster.trace(), calm.cluster.trace());
  EXPECT_EQ(other.cluster.trace(), calm.cluster.trace());
}

TEST(SimCluster, TwoNodesFindEachOtherAndTalk) {
  Pair pair(1);
  pair.cluster.run(seconds(2));
  auto* general = pair.cluster.as<Asker>(kGeneral);
  ASSERT_NE(general, nullptr);
  EXPECT_EQ(general->ups, 1);
  EXPECT_EQ(general->downs, 0);
  EXPECT_GT(general->answered, 80);
  EXPECT_GT(general->worked, 80);
  EXPECT_TRUE(pair.cluster.errors().empty());
}

TEST(SimCluster, AKilledNodeIsMissedAtOnceAndItsNextLifeIsFound) {
  Pair pair(2);
  pair.cluster.run(seconds(1));
  pair.cluster.kill(kDungeon);
  EXPECT_EQ(pair.cluster.node(kDungeon), nullptr);
  pair.cluster.run(milliseconds(10));
  auto* general = pair.cluster.as<Asker>(kGeneral);
  EXPECT_EQ(general->downs, 1);
  EXPECT_FALSE(general->peer_up(kDungeon));
  pair.cluster.start(kDungeon, milliseconds(300));
  pair.cluster.run(seconds(2));
  EXPECT_EQ(general->ups, 2);
  EXPECT_GT(pair.cluster.as<Asker>(kDungeon)->answered, 50);
}

TEST(SimCluster, APausedNodeIsGivenUpAfterThreeSecondsAndComesBack) {
  Pair pair(3);
  pair.cluster.run(seconds(1));
  pair.cluster.pause(kDungeon, seconds(5));
  auto* general = pair.cluster.as<Asker>(kGeneral);
  pair.cluster.run(milliseconds(1500));
  ASSERT_NE(general->link(kDungeon), nullptr);
  EXPECT_EQ(general->link(kDungeon)->state(), Link::State::kSuspect);
  pair.cluster.run(seconds(2));
  EXPECT_EQ(general->downs, 1);
  pair.cluster.run(seconds(3));
  EXPECT_TRUE(general->peer_up(kDungeon));
  EXPECT_EQ(pair.cluster.as<Asker>(kDungeon)->downs, 1) << "the zombie learns that it was given up";
}

TEST(SimCluster, AHalfOpenWireIsNoticedByBothEndsAndHeals) {
  Pair pair(4);
  pair.cluster.run(seconds(1));
  pair.cluster.cut(kGeneral, kDungeon, true);
  pair.cluster.run(seconds(4));
  EXPECT_FALSE(pair.cluster.as<Asker>(kGeneral)->peer_up(kDungeon));
  EXPECT_FALSE(pair.cluster.as<Asker>(kDungeon)->peer_up(kGeneral));
  pair.cluster.cut(kGeneral, kDungeon, false);
  pair.cluster.run(seconds(1));
  EXPECT_TRUE(pair.cluster.as<Asker>(kGeneral)->peer_up(kDungeon));
  EXPECT_TRUE(pair.cluster.as<Asker>(kDungeon)->peer_up(kGeneral));
}

TEST(SimCluster, AStoppedNodeSaysGoodbyeAndIsGone) {
  Pair pair(5);
  pair.cluster.run(seconds(1));
  pair.cluster.stop(kDungeon);
  pair.cluster.run(milliseconds(200));
  EXPECT_FALSE(pair.cluster.alive(kDungeon));
  EXPECT_EQ(pair.cluster.as<Asker>(kGeneral)->downs, 1);
}

std::uint64_t trace_of(std::uint64_t seed) {
  Pair pair(seed);
  pair.cluster.run(seconds(1));
  pair.cluster.kill(kDungeon);
  pair.cluster.start(kDungeon, milliseconds(700));
  pair.cluster.run(seconds(1));
  pair.cluster.pause(kGeneral, seconds(4));
  pair.cluster.run(seconds(6));
  return pair.cluster.trace();
}

TEST(SimCluster, OneSeedIsOneHistory) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(trace_of(seed), trace_of(seed)) << seed;
  EXPECT_NE(trace_of(1), trace_of(2));
}

}  // namespace
}  // namespace dure::sim

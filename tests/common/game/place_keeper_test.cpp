#include "common/game/place_keeper.h"

#include <gtest/gtest.h>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1), kOther(Role::kGeneral, 2);

class Keeper : public Node {
 public:
  Keeper(NodeIdentity identity, const Routes& routes, Seams seams)
      : Node(std::move(identity), routes, seams),
        places(*this, {"town/1", "town/2", "field/1", "match"},
               {[this](const std::string& place, std::uint64_t) { taken.push_back(place); },
                [this](const std::string& place) { lost.push_back(place); }, [](const std::string&) { return 0u; }}) {
    on(&Keeper::notice);
  }
  void notice(const From& from, const proto::PlacesNotice& message) { places.notice(from, message); }
  void on_start() override { places.start(); }
  void on_peer_up(NodeId peer) override { places.peer_up(peer); }
  void on_peer_down(NodeId peer, const std::string&) override { places.peer_down(peer); }
  void on_stop(bool) override {
    if (!drains) stopped();
  }
  PlaceKeeper places;
  bool drains = false;
  std::vector<std::string> taken, lost;
};

class PlaceKeeperTest : public testing::Test {
 protected:
  PlaceKeeperTest() {
    identity_.id = NodeId(Role::kGeneral, 1);
    identity_.name = "general-1";
    identity_.incarnation = {1, 1};
    node_ = std::make_unique<Keeper>(identity_, routes_, Seams{&log_, &entropy_, nullptr, nullptr});
    cluster_ = std::make_unique<test::FakeCluster>(*node_, routes_);
    cluster_->answers<proto::PlaceQuery, proto::PlaceReply>(
        kAgent, [this](auto&, const auto& query) { return rows_[query.place()]; });
    cluster_->answers<proto::PlaceAcquire, proto::PlaceReply>(kAgent, [this](auto&, const auto& request) {
      proto::PlaceReply& row = rows_[request.place()];
      if (row.epoch() != request.expected_epoch()) {
        proto::PlaceReply other = row;
        other.set_code(proto::EXPECTED_OTHER);
        return other;
      }
      row.set_epoch(request.expected_epoch() + 1);
      row.set_holder(request.node());
      *row.mutable_holder_incarnation() = request.incarnation();
      return row;
    });
  }
  void agent_up() {
    PeerFacts facts;
    facts.directory = true;
    cluster_->up(kAgent, facts);
  }

  Routes routes_ = std::move(*Routes::build(engine_files()));
  test::MemoryLog log_;
  SeededEntropy entropy_{1};
  NodeIdentity identity_;
  std::unique_ptr<Keeper> node_;
  std::unique_ptr<test::FakeCluster> cluster_;
  std::map<std::string, proto::PlaceReply> rows_;
};

TEST_F(PlaceKeeperTest, AloneItTakesEveryPlace) {
  agent_up();
  cluster_->run(seconds(2));
  EXPECT_EQ(node_->taken.size(), 4u);
  EXPECT_TRUE(node_->places.mine("town/1"));
}

TEST_F(PlaceKeeperTest, WithAnotherItTakesOnlyWhatTheHashNames) {
  agent_up();
  cluster_->up(kOther);
  cluster_->run(seconds(2));
  EXPECT_LT(node_->taken.size(), 4u);
  cluster_->down(kOther);
  cluster_->run(seconds(2));
  EXPECT_EQ(node_->taken.size(), 4u) << "what the other would have held falls to the one that lives";
}

TEST_F(PlaceKeeperTest, APlaceWhoseHolderLivesStaysWhereItIs) {
  agent_up();
  cluster_->up(kOther);
  proto::PlacesNotice notice;
  for (const char* place : {"town/1", "town/2", "field/1", "match"}) {
    auto* held = notice.add_places();
    held->set_place(place);
    held->set_epoch(3);
    held->set_holder(kOther.value);
    held->mutable_holder_incarnation()->set_high(node_->link(kOther)->heard_incarnation().high);
    held->mutable_holder_incarnation()->set_low(node_->link(kOther)->heard_incarnation().low);
  }
  cluster_->say(kOther, notice);
  cluster_->run(seconds(2));
  EXPECT_TRUE(node_->taken.empty());
  EXPECT_EQ(node_->places.holder("town/1"), kOther);
}

TEST_F(PlaceKeeperTest, WhatADrainingHolderHeldIsTaken) {
  agent_up();
  cluster_->up(kOther);
  const Incarnation life = node_->link(kOther)->heard_incarnation();
  for (const char* place : {"town/1", "town/2", "field/1", "match"}) {
    proto::PlaceReply& row = rows_[place];
    row.set_epoch(3);
    row.set_holder(kOther.value);
    row.mutable_holder_incarnation()->set_high(life.high);
    row.mutable_holder_incarnation()->set_low(life.low);
  }
  cluster_->run(seconds(2));
  EXPECT_TRUE(node_->taken.empty()) << "its holder lives";
  cluster_->draining.insert(kOther);
  cluster_->run(seconds(2));
  EXPECT_EQ(node_->taken.size(), 4u);
  EXPECT_EQ(node_->places.epoch("town/1"), 4u);
}

TEST_F(PlaceKeeperTest, WhoDrainsHoldsNothingAndTakesNothing) {
  agent_up();
  cluster_->run(seconds(2));
  ASSERT_TRUE(node_->places.mine("town/1"));
  node_->drains = true;
  cluster_->in(StopRequested{});
  cluster_->turn();
  EXPECT_FALSE(node_->places.mine("town/1"));
  EXPECT_FALSE(node_->places.holder("town/1"));
  cluster_->run(seconds(2));
  EXPECT_EQ(node_->taken.size(), 4u);
}

TEST_F(PlaceKeeperTest, WhatItForgotIsTakenAnewAndEverybodyIsTold) {
  agent_up();
  cluster_->run(seconds(2));
  cluster_->up(kOther);
  const std::uint64_t before = node_->places.epoch("match");
  node_->places.renew("match");
  cluster_->run(milliseconds(100));
  EXPECT_TRUE(node_->places.mine("match"));
  EXPECT_EQ(node_->places.epoch("match"), before + 1);
  std::uint64_t told = 0;
  while (const auto notice = cluster_->take<proto::PlacesNotice>(kOther))
    for (const auto& held : notice->second.places())
      if (held.place() == "match") told = held.epoch();
  EXPECT_EQ(told, before + 1);
  cluster_->run(seconds(2));
  EXPECT_EQ(node_->places.epoch("match"), before + 1) << "once";
}

TEST_F(PlaceKeeperTest, WhatItForgotWhileNobodyWritesItDownIsTakenAnewLater) {
  agent_up();
  cluster_->run(seconds(2));
  const std::uint64_t before = node_->places.epoch("match");
  cluster_->down(kAgent);
  node_->places.renew("match");
  cluster_->run(seconds(1));
  EXPECT_EQ(node_->places.epoch("match"), before);
  agent_up();
  cluster_->run(seconds(1));
  EXPECT_EQ(node_->places.epoch("match"), before + 1);
}

TEST_F(PlaceKeeperTest, AHigherEpochElsewhereMeansThatThePlaceIsLost) {
  agent_up();
  cluster_->run(seconds(2));
  cluster_->up(kOther);
  proto::PlacesNotice notice;
  auto* held = notice.add_places();
  held->set_place("town/1");
  held->set_epoch(9);
  held->set_holder(kOther.value);
  cluster_->say(kOther, notice);
  cluster_->turn();
  ASSERT_EQ(node_->lost.size(), 1u);
  EXPECT_FALSE(node_->places.mine("town/1"));
}

}  // namespace
}  // namespace dure

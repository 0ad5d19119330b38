#include "common/game/area.h"

#include <gtest/gtest.h>

#include "common/base/random.h"
#include "common/proto/client_frame.h"
#include "common/proto/lobby.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure {
namespace {

const NodeId kGateway(Role::kGateway, 1);

class Ground : public Node {
 public:
  using Node::Node;
};

class AreaTest : public testing::Test {
 protected:
  AreaTest() {
    identity_.id = NodeId(Role::kGeneral, 1);
    identity_.name = "general-1";
    identity_.incarnation = {1, 1};
    node_ = std::make_unique<Ground>(identity_, routes_, Seams{&log_, &entropy_, nullptr, nullptr});
    cluster_ = std::make_unique<test::FakeCluster>(*node_, routes_);
    publisher_ = std::make_unique<TopicPublisher>(*node_);
    AreaOptions options;
    options.topic.kind = TopicKind::kCell;
    options.width_cm = options.height_cm = 1000;
    options.cell_cm = 100;
    area_ = std::make_unique<Area>(*publisher_, options, [this](PlayerId watcher, const proto::CellChanged& cell) {
      whole_[watcher].push_back(cell);
    });
    cluster_->up(kGateway);
  }
  void enter(std::uint64_t id, Position at) { area_->enter({EntityId(id), "e", "player", at, 1, 1}); }
  void watch(std::uint64_t id) { area_->watch(PlayerId(id), {kGateway, SessionId(id), 1, true}, 1, 0); }
  // What was published since the last call.
  template <class Message>
  std::vector<Message> published() {
    act([] {});
    std::vector<Message> found;
    while (auto publish = cluster_->take<proto::Publish>(kGateway)) {
      const FrameCut cut = cut_frame(publish->second.frame(), 65536);
      Message message;
      if (cut.frame.message_id == route_id(Message::descriptor()) &&
          message.ParseFromString(std::string(cut.frame.body)))
        found.push_back(message);
    }
    return found;
  }
  // Effects leave with a turn.
  void act(std::function<void()> action) {
    node_->after({}, std::move(action));
    cluster_->turn();
  }

  Routes routes_ = std::move(*Routes::build(engine_files()));
  test::MemoryLog log_;
  SeededEntropy entropy_{1};
  NodeIdentity identity_;
  std::unique_ptr<Ground> node_;
  std::unique_ptr<test::FakeCluster> cluster_;
  std::unique_ptr<TopicPublisher> publisher_;
  std::unique_ptr<Area> area_;
  std::map<PlayerId, std::vector<proto::CellChanged>> whole_;
};

TEST_F(AreaTest, AWatcherSeesTheNineCellsAroundItWholeAtFirst) {
  act([&] {
    enter(1, {550, 550});
    enter(2, {560, 560});
    enter(3, {900, 900});
    watch(1);
  });
  ASSERT_EQ(whole_[PlayerId(1)].size(), 9u);
  std::size_t seen = 0;
  for (const auto& cell : whole_[PlayerId(1)]) seen += cell.entered_size();
  EXPECT_EQ(seen, 2u) << "itself and its neighbour, not the far one";
  const auto subscribe = cluster_->take<proto::Subscribe>(kGateway);
  ASSERT_TRUE(subscribe);
  EXPECT_EQ(subscribe->second.topics_size(), 9);
}

TEST_F(AreaTest, AMoveIsPublishedOnceATickAndOnlyWhereSomebodyListens) {
  act([&] {
    enter(1, {550, 550});
    enter(2, {50, 50});
    watch(1);
    area_->publish(1);
  });
  published<proto::CellUpdate>();
  act([&] {
    area_->move(EntityId(1), {551, 550});
    area_->move(EntityId(1), {552, 550});
    area_->move(EntityId(2), {51, 50});
    area_->publish(2);
  });
  const auto updates = published<proto::CellUpdate>();
  ASSERT_EQ(updates.size(), 1u);
  ASSERT_EQ(updates[0].moved_size(), 1);
  EXPECT_EQ(updates[0].moved(0).x_cm(), 552);
  EXPECT_EQ(updates[0].tick(), 2u);
}

TEST_F(AreaTest, CrossingACellIsALeavingAndAComing) {
  act([&] {
    enter(1, {550, 550});
    enter(2, {450, 550});
    watch(1);
    area_->publish(1);
  });
  published<proto::CellChanged>();
  act([&] {
    area_->move(EntityId(2), {510, 550});
    area_->publish(2);
  });
  const auto changes = published<proto::CellChanged>();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].left_size(), 1);
  EXPECT_EQ(changes[1].entered_size(), 1);
}

TEST_F(AreaTest, TheWatchFollowsItsEntity) {
  act([&] {
    enter(1, {550, 550});
    watch(1);
    area_->publish(1);
  });
  cluster_->forget_sent();
  whole_.clear();
  act([&] {
    area_->move(EntityId(1), {650, 550});
    area_->publish(2);
  });
  EXPECT_EQ(whole_[PlayerId(1)].size(), 3u) << "one new column of cells";
  const auto left = cluster_->take<proto::Unsubscribe>(kGateway);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->second.topics_size(), 3);
}

TEST_F(AreaTest, NobodyHearsAfterTheWatchEnds) {
  act([&] {
    enter(1, {550, 550});
    watch(1);
    area_->unwatch(PlayerId(1), true);
    area_->move(EntityId(1), {560, 550});
    area_->publish(1);
  });
  EXPECT_TRUE(published<proto::CellUpdate>().empty());
  EXPECT_EQ(area_->watchers(), 0u);
}

TEST_F(AreaTest, PositionsAreClampedToTheGround) {
  enter(1, {-5, 99999});
  EXPECT_EQ(area_->find(EntityId(1))->position, (Position{0, 999}));
  EXPECT_FALSE(area_->inside({1000, 0}));
}

}  // namespace
}  // namespace dure

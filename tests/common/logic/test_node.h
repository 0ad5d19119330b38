// A node for tests whose role is told by the test: lambdas instead of overrides.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "common/proto/dungeon.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure::test {

inline const Routes& engine_routes() {
  static const Routes routes = Routes::build(engine_files()).value();
  return routes;
}

class TestNode : public Node {
 public:
  TestNode(NodeIdentity identity, Seams seams) : Node(std::move(identity), engine_routes(), seams) {}
  using Node::on;
  using Node::stopped;
  using Node::tick_number;

  Duration step{};
  std::function<void()> started, turn_ended;
  std::function<void(std::uint64_t)> ticked;
  std::function<void(const Fault&)> fault_told;
  std::vector<std::string> story;
  std::vector<Fault> faults;
  std::vector<int> stage, committed;  // what a handler staged; what became of it
  int dropped = 0;                    // rollbacks that were told

 protected:
  void on_start() override {
    if (started) started();
  }
  void on_peer_up(NodeId peer) override { story.push_back("up " + to_text(peer)); }
  void on_peer_down(NodeId peer, const std::string& why) override {
    story.push_back("down " + to_text(peer) + " " + why);
  }
  Duration tick_interval() const override { return step; }
  void on_tick(std::uint64_t tick) override {
    if (ticked) ticked(tick);
  }
  void on_fault(const Fault& fault) override {
    faults.push_back(fault);
    if (fault_told) fault_told(fault);
  }
  void on_turn_end() override {
    if (turn_ended) turn_ended();
  }
  std::size_t staged() const override { return stage.size(); }
  void keep_staged() override {
    committed.insert(committed.end(), stage.begin(), stage.end());
    stage.clear();
  }
  void drop_staged(std::size_t from) override {
    ++dropped;
    stage.resize(std::min(from, stage.size()));
  }
};

// A general with a fake cluster around it.
struct Bench {
  static NodeIdentity identity(NodeId id) {
    NodeIdentity i;
    i.id = id;
    i.name = to_text(id);
    i.incarnation = {7, 7};
    return i;
  }
  MemoryLog log;
  SeededEntropy entropy{1};
  TestNode node{identity(NodeId(Role::kGeneral, 1)), Seams{&log, &entropy, nullptr, nullptr}};
  FakeCluster cluster{node, engine_routes()};
  const NodeId general{Role::kGeneral, 1}, gateway{Role::kGateway, 1}, dungeon{Role::kDungeon, 1},
      dungeon_2{Role::kDungeon, 2};
};

}  // namespace dure::test

// The desk over real stores: an agent with two shards and the directory on a fake bus; its workers' requests are run at
// once, or kept while a store is "away". Time is turned by hand.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/proto/shard_map.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/agent.h"
#include "dbagent/move_desk.h"
#include "tests/common/fake_cluster.h"
#include "tests/dbagent/store/move_fixture.h"

namespace dure {

inline const NodeId kAgent(Role::kDbagent, 1), kTool(Role::kTool, 1), kGeneral(Role::kGeneral, 1);

class MoveDeskTest : public store::MoveTest {
 protected:
  void SetUp() override {
    store::MoveTest::SetUp();
    start();
  }
  void TearDown() override {
    cluster.reset();
    agent.reset();
    store::MoveTest::TearDown();
  }
  // A new life of the agent; what the last one had in memory is gone.
  void start(MoveLimits moves = {}, bool with_directory = true, std::set<std::uint32_t> served = {3, 4}) {
    AgentOptions options;
    options.moves = moves;
    NodeIdentity identity;
    identity.id = kAgent;
    identity.name = to_text(kAgent);
    identity.incarnation = {1, ++agents};
    identity.shards.assign(served.begin(), served.end());
    identity.directory = with_directory;
    const MonoTime before = cluster ? cluster->now : MonoTime{seconds(1000)};
    cluster.reset();
    agent = std::make_unique<Agent>(identity, routes, Seams{&log, &entropy}, options);
    cluster = std::make_unique<test::FakeCluster>(*agent, routes);
    cluster->now = before;
    cluster->on_effect = [this](Outbound& outbound) { return worked(outbound); };
    cluster->up(kTool);
    cluster->up(kGeneral);
  }
  bool worked(Outbound& outbound) {
    auto* work = std::get_if<Work>(&outbound);
    if (work == nullptr) return false;
    if (works_left == 0) return true;  // nobody works any more: never answered
    if (away == work->queue) {
      kept.push_back(*work);
      return true;
    }
    --works_left;
    do_work(*work);
    return true;
  }
  void do_work(const Work& work) {
    const std::string reply = work.queue == Agent::kDirectoryQueue ? directory->run(work.request.view())
                              : work.queue == "shard-3"            ? shard(3)->run(work.request.view())
                                                                   : shard(4)->run(work.request.view());
    cluster->in(WorkDone{work.work_id, Bytes(reply)});
  }
  // The disk that was away does what it was asked for meanwhile.
  void come_back() {
    away.clear();
    for (const Work& work : std::exchange(kept, {})) do_work(work);
  }
  CallId ask_move(std::uint32_t target, std::uint64_t which = 0) {
    proto::MoveAccount request;
    request.set_account_id(which == 0 ? account : which);
    request.set_target(target);
    return cluster->ask(kTool, request);
  }
  std::optional<proto::MoveAccountReply> answer(CallId call, Duration patience = seconds(5)) {
    for (Duration waited{}; waited < patience; waited += milliseconds(1)) {
      cluster->run(milliseconds(1), milliseconds(1));
      if (auto reply = cluster->take_reply<proto::MoveAccountReply>(kTool, call)) return reply;
    }
    return std::nullopt;
  }
  proto::MoveAccountReply watch(bool cancel) {
    proto::MoveWatch request;
    request.set_account_id(account);
    request.set_cancel(cancel);
    const CallId call = cluster->ask(kTool, request);
    cluster->turn();
    return cluster->take_reply<proto::MoveAccountReply>(kTool, call).value();
  }
  bool settled_at(std::uint32_t number) {
    for (const std::uint32_t one : {3u, 4u})
      if (step<proto::UnsettledMovesReply>(one, proto::UnsettledMoves()).moves_size() != 0) return false;
    proto::OwnerQuery who;
    who.set_player_id(1);
    return query(0).shard() == number && query(0).intent() == 0 &&
           step<proto::AcquireReply>(number, who).code() == proto::STORED;
  }

  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  std::uint64_t agents = 0;
  int works_left = 1'000'000;
  std::string away;
  std::vector<Work> kept;
  std::unique_ptr<Agent> agent;
  std::unique_ptr<test::FakeCluster> cluster;
};

}  // namespace dure

// The fault boundary: a handler that throws leaves nothing behind, and everything else goes on.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/common/logic/test_node.h"

namespace dure::test {
namespace {

Task<void> waits(Node* node, NodeId to, Result<proto::OpenInstanceReply>* result, int* done) {
  proto::OpenInstance request;
  *result = co_await node->call<proto::OpenInstanceReply>(to, request, seconds(2));
  ++*done;
}
Task<void> throws_later(Node* node, NodeId to) {
  co_await node->wait(milliseconds(100));
  node->send(to, proto::SessionLost());
  throw std::runtime_error("later");
}

TEST(NodeFault, EverythingAThrowingHandlerDidIsDropped) {
  Bench b;
  b.cluster.up(b.dungeon);
  int timer_ran = 0, looped = 0;
  b.node.on_raw(250, [&](const From&, std::string_view) { ++looped; });
  b.node.on_raw(251, [&](const From&, std::string_view) {
    b.node.send(b.dungeon, proto::SessionLost());
    b.node.send(b.general, proto::QueueJoin());
    b.node.after(milliseconds(10), [&] { ++timer_ran; });
    b.node.effect(FrameOut{});
    throw std::runtime_error("broken");
  });
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  b.cluster.run(milliseconds(100));
  EXPECT_TRUE(b.cluster.sent(b.dungeon).empty());
  EXPECT_TRUE(b.cluster.effects<FrameOut>().empty());
  EXPECT_EQ(timer_ran, 0);
  EXPECT_EQ(looped, 0) << "what it sent to itself, too";
  ASSERT_EQ(b.node.faults.size(), 1u);
  EXPECT_EQ(b.node.faults[0].where, "MatchFound");
  EXPECT_EQ(b.node.faults[0].what, "broken");
  EXPECT_EQ(b.node.dropped, 1);
}

TEST(NodeFault, WhatOthersDidInTheSameTurnStays) {
  Bench b;
  b.cluster.up(b.dungeon);
  int calls = 0;
  b.node.on_raw(251, [&](const From&, std::string_view) {
    b.node.send(b.dungeon, proto::SessionLost());
    if (++calls == 2) throw std::runtime_error("the second");
  });
  for (int i = 0; i < 3; ++i) b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(b.cluster.sent(b.dungeon).size(), 2u);
}

TEST(NodeFault, ARequestThatThrowsIsAnsweredWithInternal) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.node.on_raw(250, [&](const From&, std::string_view) { CHECK(1 == 2); });
  b.cluster.ask(b.dungeon, proto::QueueJoin());
  b.cluster.turn();
  ASSERT_EQ(b.cluster.sent(b.dungeon).size(), 1u);
  proto::CallFailed failed;
  ASSERT_TRUE(failed.ParseFromString(b.cluster.sent(b.dungeon).front().body));
  EXPECT_EQ(failed.code(), proto::INTERNAL);
}

class FailsLater : public TestNode {
 public:
  FailsLater(NodeIdentity identity, Seams seams) : TestNode(std::move(identity), seams) { on(&FailsLater::join); }
  Task<proto::QueueJoinReply> join(From, proto::QueueJoin) {
    co_await wait(milliseconds(100));
    CHECK(1 == 2);
    co_return proto::QueueJoinReply();
  }
};

// Its calls are numbered anew: the failure would meet one of them that nobody refused.
TEST(NodeFault, AFailureThatComesLateIsNotToldToTheNextLifeOfWhoAsked) {
  const NodeId dungeon(Role::kDungeon, 1);
  for (const bool died : {false, true}) {
    MemoryLog log;
    SeededEntropy entropy{1};
    FailsLater node(Bench::identity(NodeId(Role::kGeneral, 1)), Seams{&log, &entropy, nullptr, nullptr});
    FakeCluster cluster(node, engine_routes());
    cluster.up(dungeon);
    cluster.ask(dungeon, proto::QueueJoin());
    cluster.turn();
    if (died) {
      cluster.down(dungeon);
      cluster.up(dungeon);
    }
    cluster.run(milliseconds(200));
    EXPECT_EQ(node.faults.size(), 1u);
    EXPECT_EQ(cluster.sent(dungeon).size(), died ? 0u : 1u);
  }
}

TEST(NodeFault, ATaskThatThrowsAfterASuspensionDropsOnlyItsLastStep) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.node.spawn(throws_later(&b.node, b.dungeon));
  b.cluster.run(milliseconds(200));
  ASSERT_EQ(b.node.faults.size(), 1u);
  EXPECT_EQ(b.node.faults[0].what, "later");
  EXPECT_TRUE(b.cluster.sent(b.dungeon).empty());
}

TEST(NodeFault, AFaultOfAScopeNamesItsPlayer) {
  Bench b;
  b.cluster.up(b.dungeon);
  auto scope = b.node.make_scope("instance", PlayerId(9), 33);
  scope->spawn(throws_later(&b.node, b.dungeon));
  b.cluster.run(milliseconds(200));
  ASSERT_EQ(b.node.faults.size(), 1u);
  EXPECT_EQ(b.node.faults[0].where, "instance");
  EXPECT_EQ(b.node.faults[0].player, PlayerId(9));
  EXPECT_EQ(b.node.faults[0].subject, 33u);
}

// Its request never left and its deadline went with the fault: without an answer it would wait for ever.
TEST(NodeFault, ATaskStartedByAHandlerThatThenThrowsIsToldSo) {
  Bench b;
  b.cluster.up(b.dungeon);
  Result<proto::OpenInstanceReply> result;
  int done = 0;
  b.node.on_raw(251, [&](const From&, std::string_view) {
    b.node.spawn(waits(&b.node, b.dungeon, &result, &done));
    throw std::runtime_error("after the call left");
  });
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.run(seconds(5));
  EXPECT_TRUE(b.cluster.sent(b.dungeon).empty());
  ASSERT_EQ(done, 1);
  EXPECT_EQ(result.error().trouble, Trouble::kCancelled);
  EXPECT_EQ(b.node.scope().running(), 0u);
}

TEST(NodeFault, GuardedInsideAHandlerDropsOnlyTheInside) {
  Bench b;
  b.cluster.up(b.dungeon);
  bool whole = true;
  b.node.on_raw(251, [&](const From&, std::string_view) {
    b.node.send(b.dungeon, proto::SessionLost());
    whole = b.node.guarded("run", {}, 5, [&] {
      b.node.send(b.dungeon, proto::SessionLost());
      throw std::runtime_error("inside");
    });
    b.node.send(b.dungeon, proto::SessionLost());
  });
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_FALSE(whole);
  EXPECT_EQ(b.cluster.sent(b.dungeon).size(), 2u);
  ASSERT_EQ(b.node.faults.size(), 1u);
  EXPECT_EQ(b.node.faults[0].subject, 5u);
}

TEST(NodeFault, AHandlerThatThrowsAfterABoundaryInsideItLeavesNothingOfEither) {
  Bench b;
  b.cluster.up(b.dungeon);
  int timer_ran = 0;
  b.node.on_raw(251, [&](const From&, std::string_view) {
    b.node.stage.push_back(1);
    b.node.send(b.dungeon, proto::SessionLost());
    EXPECT_TRUE(b.node.guarded("run", {}, 5, [&] {
      b.node.stage.push_back(2);
      b.node.send(b.dungeon, proto::SessionLost());
      b.node.after(milliseconds(10), [&] { ++timer_ran; });
    }));
    b.node.stage.push_back(3);
    throw std::runtime_error("after the boundary");
  });
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  b.cluster.run(milliseconds(100));
  EXPECT_TRUE(b.cluster.sent(b.dungeon).empty());
  EXPECT_TRUE(b.node.committed.empty());
  EXPECT_TRUE(b.node.stage.empty());
  EXPECT_EQ(timer_ran, 0);
  ASSERT_EQ(b.node.faults.size(), 1u);
}

TEST(NodeFault, ABoundaryThatThrowsInsideAHandlerTakesNothingOfTheHandlerWithIt) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.node.on_raw(251, [&](const From&, std::string_view) {
    b.node.stage.push_back(1);
    b.node.guarded("run", {}, 5, [&] {
      b.node.stage.push_back(2);
      b.node.guarded("deeper", {}, 6, [&] { b.node.stage.push_back(3); });
      throw std::runtime_error("inside");
    });
    b.node.guarded("run", {}, 7, [&] { b.node.stage.push_back(4); });
    EXPECT_TRUE(b.node.committed.empty()) << "not before the handler is whole";
    b.node.stage.push_back(5);
  });
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_EQ(b.node.committed, (std::vector<int>{1, 4, 5}));
}

TEST(NodeFault, WhatTheRoleSaysOfAFaultIsSent) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.node.fault_told = [&](const Fault&) { b.node.send(b.dungeon, proto::SessionLost()); };
  b.node.on_raw(251, [&](const From&, std::string_view) { throw std::runtime_error("broken"); });
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_EQ(b.cluster.sent(b.dungeon).size(), 1u);
}

TEST(NodeFault, AFaultWhileTellingOfAFaultDoesNotEndTheProcess) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.node.fault_told = [&](const Fault&) {
    b.node.send(b.dungeon, proto::SessionLost());
    throw std::runtime_error("again");
  };
  b.node.on_raw(251, [&](const From&, std::string_view) { throw std::runtime_error("broken"); });
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_TRUE(b.cluster.sent(b.dungeon).empty());
  EXPECT_EQ(b.log.errors.size(), 2u);
}

TEST(NodeFault, ARepeatedTimerSurvivesItsFaults) {
  Bench b;
  int ran = 0;
  b.node.started = [&] {
    b.node.every(milliseconds(100), [&] {
      if (++ran % 2 == 0) throw std::runtime_error("every other time");
    });
  };
  b.cluster.run(seconds(1));
  EXPECT_GE(ran, 9);
}

TEST(NodeFault, ARepeatedTimerEndsWhenItIsCancelledAfterManyFirings) {
  Bench b;
  int ran = 0;
  TimerId id = 0;
  b.node.started = [&] { id = b.node.every(milliseconds(100), [&] { ++ran; }); };
  b.cluster.run(milliseconds(550));
  EXPECT_EQ(ran, 5);
  b.node.cancel(id);
  b.cluster.run(seconds(1));
  EXPECT_EQ(ran, 5);
}

TEST(NodeFault, ARepeatedTimerMayCancelItself) {
  Bench b;
  int ran = 0;
  TimerId id = 0;
  b.node.started = [&] {
    id = b.node.every(milliseconds(100), [&] {
      if (++ran == 3) b.node.cancel(id);
    });
  };
  b.cluster.run(seconds(1));
  EXPECT_EQ(ran, 3);
}

MeshHeader from_client(std::uint32_t message_id, std::uint32_t seq) {
  MeshHeader header;
  header.kind = MeshKind::kFromClient;
  header.message_id = message_id;
  header.session = SessionId(9);
  header.session_epoch = 4;
  header.account = AccountId(77);
  header.client_seq = seq;
  return header;
}

proto::Code refused(Bench& b) {
  const auto error = b.cluster.take<proto::ErrorReply>(b.gateway);
  return error ? error->second.code() : proto::OK;
}

TEST(NodeFault, AnInputThatFaultedTwiceIsNotReadAgainAndItsSenderIsClosed) {
  Bench b;
  b.cluster.up(b.gateway);
  int read = 0;
  b.node.on_raw(240, [&](const From&, std::string_view) {
    ++read;
    throw std::runtime_error("poison");
  });
  proto::Echo echo;
  echo.set_stamp(1);
  b.cluster.raw(b.gateway, from_client(240, 1), echo.SerializeAsString());
  b.cluster.turn();
  EXPECT_EQ(refused(b), proto::INTERNAL);
  EXPECT_FALSE(b.cluster.take<proto::SessionFenced>(b.gateway)) << "once may be chance";
  echo.set_stamp(2);
  b.cluster.raw(b.gateway, from_client(240, 2), echo.SerializeAsString());
  b.cluster.turn();
  EXPECT_EQ(refused(b), proto::INTERNAL);
  EXPECT_FALSE(b.cluster.take<proto::SessionFenced>(b.gateway)) << "other bytes are another input";
  b.cluster.raw(b.gateway, from_client(240, 3), echo.SerializeAsString());
  b.cluster.turn();
  EXPECT_EQ(refused(b), proto::INTERNAL);
  const auto closed = b.cluster.take<proto::SessionFenced>(b.gateway);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->second.account_id(), 77u);
  EXPECT_EQ(closed->second.session_epoch(), 4u);
  EXPECT_NE(closed->second.reason().find("set aside"), std::string::npos);
  EXPECT_EQ(read, 3);
  b.cluster.raw(b.gateway, from_client(240, 1), echo.SerializeAsString());
  b.cluster.turn();
  EXPECT_EQ(refused(b), proto::REFUSED);
  EXPECT_EQ(read, 3) << "refused unread";
  echo.set_stamp(1);
  b.cluster.raw(b.gateway, from_client(240, 2), echo.SerializeAsString());
  b.cluster.turn();
  EXPECT_EQ(read, 4);
}

TEST(NodeFault, TheInputThatIsReadIsMarkedForWhoLooksAfterACrash) {
  Bench b;
  std::uint64_t mark = 0;
  test::TestNode node(Bench::identity(b.general), Seams{&b.log, &b.entropy, nullptr, nullptr, &mark, {}});
  test::FakeCluster cluster(node, test::engine_routes());
  cluster.up(b.gateway);
  std::vector<std::uint64_t> seen;
  node.on_raw(240, [&](const From& from, std::string_view) {
    EXPECT_EQ(mark, from.fingerprint);
    seen.push_back(mark);
    if (seen.size() == 2) throw std::runtime_error("caught, so nobody died");
  });
  for (std::uint32_t seq = 1; seq <= 3; ++seq) {
    proto::Echo echo;
    echo.set_stamp(seq);
    cluster.raw(b.gateway, from_client(240, seq), echo.SerializeAsString());
    cluster.turn();
    EXPECT_EQ(mark, 0u) << "no handler runs";
  }
  EXPECT_EQ(std::set<std::uint64_t>(seen.begin(), seen.end()).size(), 3u);
}

TEST(NodeFault, AnInputThatEndedEarlierLivesIsRefusedUnreadAndItsSenderIsClosed) {
  Bench b;
  proto::Echo echo;
  echo.set_stamp(1);
  const std::uint64_t deadly = Quarantine::fingerprint(240, echo.SerializeAsString());
  test::TestNode node(Bench::identity(b.general), Seams{&b.log, &b.entropy, nullptr, nullptr, nullptr, {deadly}});
  test::FakeCluster cluster(node, test::engine_routes());
  cluster.up(b.gateway);
  int read = 0;
  node.on_raw(240, [&](const From&, std::string_view) { ++read; });
  cluster.raw(b.gateway, from_client(240, 1), echo.SerializeAsString());
  cluster.turn();
  const auto error = cluster.take<proto::ErrorReply>(b.gateway);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->second.code(), proto::REFUSED);
  const auto closed = cluster.take<proto::SessionFenced>(b.gateway);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->second.account_id(), 77u);
  EXPECT_EQ(read, 0);
  echo.set_stamp(2);
  cluster.raw(b.gateway, from_client(240, 2), echo.SerializeAsString());
  cluster.turn();
  EXPECT_EQ(read, 1) << "other bytes are another input";
}

TEST(NodeFault, WhatAPeerSaysIsNeverSetAside) {
  Bench b;
  b.cluster.up(b.dungeon);
  int read = 0;
  b.node.on_raw(251, [&](const From&, std::string_view) {
    ++read;
    throw std::runtime_error("broken");
  });
  for (int i = 0; i < 4; ++i) b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_EQ(read, 4);
}

TEST(Quarantine, IsBoundedAndForgetsTheOldestFirst) {
  Quarantine quarantine;
  EXPECT_FALSE(quarantine.faulted(1));
  EXPECT_TRUE(quarantine.faulted(1));
  EXPECT_TRUE(quarantine.holds(1));
  for (std::uint64_t other = 2; other <= 1024; ++other) quarantine.faulted(other);
  EXPECT_TRUE(quarantine.holds(1));
  quarantine.faulted(1025);
  EXPECT_FALSE(quarantine.holds(1));
}

TEST(NodeFault, AnUnreadableBodyIsNoFaultOfOurs) {
  Bench b;
  b.cluster.up(b.dungeon);
  MeshHeader header;
  header.message_id = 41;  // SwitchesNotice, handled by every node
  header.kind = MeshKind::kRequest;
  header.call = CallId(3);
  b.cluster.raw(b.dungeon, header, "\xff\xff");
  b.cluster.turn();
  EXPECT_TRUE(b.node.faults.empty());
  ASSERT_EQ(b.cluster.sent(b.dungeon).size(), 1u);
  proto::CallFailed failed;
  ASSERT_TRUE(failed.ParseFromString(b.cluster.sent(b.dungeon).front().body));
  EXPECT_EQ(failed.code(), proto::INVALID);
}

}  // namespace
}  // namespace dure::test

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

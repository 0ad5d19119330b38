// Calls: answered, refused, too late, unreachable, lost; and answers that must not be believed.
#include <gtest/gtest.h>

#include "tests/common/logic/test_node.h"

namespace dure::test {
namespace {

using Reply = proto::OpenInstanceReply;

struct Outcome {
  bool done = false;
  Result<Reply> result = fail(Trouble::kCancelled);
};

Task<void> ask(Node* node, NodeId to, Duration deadline, Outcome* outcome) {
  proto::OpenInstance request;
  request.set_run_id(5);
  outcome->result = co_await node->call<Reply>(to, request, deadline);
  outcome->done = true;
}

TEST(NodeCall, IsAnswered) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.cluster.answers<proto::OpenInstance, Reply>(b.dungeon, [](const MeshHeader&, const proto::OpenInstance& request) {
    EXPECT_EQ(request.run_id(), 5u);
    Reply reply;
    reply.set_detail("open");
    return reply;
  });
  Outcome outcome;
  b.node.spawn(ask(&b.node, b.dungeon, seconds(1), &outcome));
  b.cluster.turn();
  ASSERT_TRUE(outcome.done);
  ASSERT_TRUE(outcome.result);
  EXPECT_EQ(outcome.result->detail(), "open");
  EXPECT_EQ(b.node.scope().running(), 0u);
}

TEST(NodeCall, TimesOutAtItsDeadlineAndAnAnswerAfterwardsIsForgotten) {
  Bench b;
  b.cluster.up(b.dungeon);
  Outcome outcome;
  b.node.spawn(ask(&b.node, b.dungeon, milliseconds(500), &outcome));
  b.cluster.run(milliseconds(490));
  EXPECT_FALSE(outcome.done);
  b.cluster.run(milliseconds(20));
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.result.error().trouble, Trouble::kTimeout);
  const auto asked = b.cluster.take<proto::OpenInstance>(b.dungeon);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->first.remaining_ms, 500u);
  b.cluster.answer(b.dungeon, asked->first, Reply());
  b.cluster.turn();
  EXPECT_EQ(outcome.result.error().trouble, Trouble::kTimeout);
}

TEST(NodeCall, FailsAtOnceWhereNobodyIs) {
  Bench b;
  b.cluster.turn();
  Outcome outcome;
  b.node.spawn(ask(&b.node, b.dungeon, seconds(1), &outcome));
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.result.error().trouble, Trouble::kUnreachable);
}

TEST(NodeCall, FailsAtOnceWhileThePeerIsSuspect) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.cluster.now += milliseconds(1500);
  b.cluster.turn();
  EXPECT_TRUE(b.node.peer_up(b.dungeon));
  Outcome outcome;
  b.node.spawn(ask(&b.node, b.dungeon, seconds(1), &outcome));
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.result.error().trouble, Trouble::kUnreachable);
}

TEST(NodeCall, IsLostWithThePeer) {
  Bench b;
  b.cluster.up(b.dungeon);
  Outcome outcome;
  b.node.spawn(ask(&b.node, b.dungeon, seconds(5), &outcome));
  b.cluster.turn();
  b.cluster.down(b.dungeon);
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.result.error().trouble, Trouble::kPeerLost);
}

TEST(NodeCall, OnlyThePeerThatWasAskedMayAnswer) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.cluster.up(b.dungeon_2);
  Outcome outcome;
  b.node.spawn(ask(&b.node, b.dungeon, seconds(5), &outcome));
  b.cluster.turn();
  const auto asked = b.cluster.take<proto::OpenInstance>(b.dungeon);
  ASSERT_TRUE(asked);
  b.cluster.answer(b.dungeon_2, asked->first, Reply());
  b.cluster.turn();
  EXPECT_FALSE(outcome.done);
  b.cluster.answer(b.dungeon, asked->first, Reply());
  b.cluster.turn();
  EXPECT_TRUE(outcome.done);
}

TEST(NodeCall, AnAnswerThatCannotBeReadIsAnError) {
  Bench b;
  b.cluster.up(b.dungeon);
  Outcome outcome;
  b.node.spawn(ask(&b.node, b.dungeon, seconds(5), &outcome));
  b.cluster.turn();
  auto asked = b.cluster.take<proto::OpenInstance>(b.dungeon);
  ASSERT_TRUE(asked);
  asked->first.kind = MeshKind::kReply;
  b.cluster.raw(b.dungeon, asked->first, "\xff\xff\xff");
  b.cluster.turn();
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.result.error().trouble, Trouble::kInvalid);
}

TEST(NodeCall, ARequestNobodyHandlesIsRefusedWithTheReason) {
  Bench b;
  b.cluster.up(b.dungeon);
  proto::QueueJoin request;
  const CallId call = b.cluster.ask(b.dungeon, request);
  b.cluster.turn();
  ASSERT_EQ(b.cluster.sent(b.dungeon).size(), 1u);
  const Sent& sent = b.cluster.sent(b.dungeon).front();
  EXPECT_EQ(sent.header.kind, MeshKind::kFailure);
  EXPECT_EQ(sent.header.call, call);
  proto::CallFailed failed;
  ASSERT_TRUE(failed.ParseFromString(sent.body));
  EXPECT_EQ(failed.code(), proto::UNKNOWN_MESSAGE);

  Outcome outcome;
  b.node.spawn(ask(&b.node, b.dungeon, seconds(5), &outcome));
  b.cluster.turn();
  auto asked = b.cluster.take<proto::OpenInstance>(b.dungeon);
  asked->first.kind = MeshKind::kFailure;
  b.cluster.raw(b.dungeon, asked->first, sent.body);
  b.cluster.turn();
  EXPECT_EQ(outcome.result.error().trouble, Trouble::kRefused);
}

TEST(NodeCall, ANoticeNobodyHandlesIsSilentlyIgnored) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_TRUE(b.cluster.sent(b.dungeon).empty());
}

TEST(NodeCall, ANodeMayCallItself) {
  Bench b;
  b.node.on_raw(300, [&b](const From& from, std::string_view) {
    EXPECT_EQ(from.node(), b.general);
    Reply reply;
    reply.set_detail("myself");
    b.node.reply(from, reply);
  });
  b.cluster.turn();
  Outcome outcome;
  b.node.spawn(ask(&b.node, b.general, seconds(1), &outcome));
  EXPECT_FALSE(outcome.done) << "not inside the caller";
  b.cluster.turn();
  ASSERT_TRUE(outcome.done);
  EXPECT_EQ(outcome.result->detail(), "myself");
}

TEST(NodeCall, AScopeThatEndsForgetsItsCalls) {
  Bench b;
  b.cluster.up(b.dungeon);
  Outcome outcome;
  auto scope = b.node.make_scope("player", PlayerId(1));
  scope->spawn(ask(&b.node, b.dungeon, seconds(1), &outcome));
  b.cluster.turn();
  const auto asked = b.cluster.take<proto::OpenInstance>(b.dungeon);
  b.node.retire(std::move(scope));
  b.cluster.answer(b.dungeon, asked->first, Reply());
  b.cluster.run(seconds(2));
  EXPECT_FALSE(outcome.done);
}

Task<void> ask_holding(Node* node, NodeId to, Outcome* outcome, std::shared_ptr<int> held) {
  co_await ask(node, to, seconds(1), outcome);
  ++*held;
}

TEST(NodeCall, WhatAScopesTasksHeldIsFreedWhenTheyHaveFinishedThoughTheScopeGoesOn) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.cluster.answers<proto::OpenInstance, Reply>(b.dungeon, [](auto&, auto&) { return Reply(); });
  auto scope = b.node.make_scope("player", PlayerId(1));
  auto gone_before = b.node.make_scope("player", PlayerId(2));
  const auto held = std::make_shared<int>();
  Outcome outcome;
  for (int i = 0; i < 50; ++i)
    for (Scope* each : {scope.get(), gone_before.get(), &b.node.scope()})
      each->spawn(ask_holding(&b.node, b.dungeon, &outcome, held));
  b.node.turn_ended = [&] {
    if (gone_before && gone_before->running() == 0) gone_before.reset();
  };
  b.cluster.turn();
  EXPECT_EQ(gone_before, nullptr);
  EXPECT_EQ(*held, 150);
  EXPECT_EQ(scope->running(), 0u);
  EXPECT_EQ(held.use_count(), 1);
  b.cluster.turn();
}

// The answer arrives, and in the same turn, before the task runs on, somebody ends its scope.
TEST(NodeCall, ATaskWhoseScopeHasEndedIsNotResumedByAnAnswerOfThatTurn) {
  Bench b;
  b.cluster.up(b.dungeon);
  Outcome outcome;
  auto scope = b.node.make_scope("player", PlayerId(1));
  scope->spawn(ask(&b.node, b.dungeon, seconds(1), &outcome));
  b.cluster.turn();
  b.node.on_raw(251, [&](const From&, std::string_view) { b.node.retire(std::move(scope)); });
  b.cluster.answer(b.dungeon, b.cluster.take<proto::OpenInstance>(b.dungeon)->first, Reply());
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_EQ(scope, nullptr);
  EXPECT_FALSE(outcome.done);
}

Task<void> hash(Node* node, std::string* reply) { *reply = co_await node->work("hash", "secret"); }

TEST(NodeCall, AWorkersReplyComesBackByItsNumber) {
  Bench b;
  b.cluster.turn();
  std::string reply;
  b.node.spawn(hash(&b.node, &reply));
  b.cluster.turn();
  const auto works = b.cluster.effects<Work>();
  ASSERT_EQ(works.size(), 1u);
  EXPECT_EQ(works[0].queue, "hash");
  b.cluster.in(WorkDone{works[0].work_id + 1, Bytes("of somebody else")});
  b.cluster.turn();
  EXPECT_EQ(reply, "");
  b.cluster.in(WorkDone{works[0].work_id, Bytes("hashed")});
  b.cluster.in(WorkDone{works[0].work_id, Bytes("twice")});
  b.cluster.turn();
  EXPECT_EQ(reply, "hashed");
}

}  // namespace
}  // namespace dure::test

// Answers that come late: measured from the mailbox to the moment the effects left, told once in 10 s.
#include <gtest/gtest.h>

#include "tests/common/logic/test_node.h"

namespace dure::test {
namespace {

constexpr std::uint32_t kEcho = 240;  // slo_ms: 20

class SloNode : public TestNode {
 public:
  SloNode(NodeIdentity identity, Seams seams) : TestNode(std::move(identity), seams) { on(&SloNode::echo); }
  Duration takes{};

 private:
  Task<proto::EchoReply> echo(From, proto::Echo request) {
    if (takes > Duration{}) co_await wait(takes);
    proto::EchoReply reply;
    reply.set_stamp(request.stamp());
    co_return reply;
  }
};

class SloTest : public testing::Test {
 protected:
  SloTest() {
    cluster.up(gateway);
    cluster.on_effect = [this](Outbound& outbound) {
      if (const auto* values = std::get_if<MonitorValues>(&outbound)) monitored = values->fields;
      return false;
    };
  }
  void ask(Duration waited = {}) {
    MeshHeader header;
    header.from = gateway;
    header.to = node.id();
    header.sender = node.link(gateway)->heard_incarnation();
    header.kind = MeshKind::kFromClient;
    header.message_id = kEcho;
    proto::Echo echo;
    echo.set_stamp(1);
    cluster.in(BusMessage{Bytes(encode_mesh(header, echo.SerializeAsString())), cluster.now - waited});
    cluster.turn();
  }
  std::size_t alarms() const {
    std::size_t n = 0;
    for (const auto& line : log.lines) n += line.rfind("slo.missed", 0) == 0 ? 1 : 0;
    return n;
  }
  std::string p99() const {
    for (const auto& [key, value] : monitored)
      if (key == "slo.Echo.p99_ms") return value;
    return {};
  }
  MemoryLog log;
  SeededEntropy entropy{1};
  SloNode node{Bench::identity(NodeId(Role::kGeneral, 1)), Seams{&log, &entropy, nullptr, nullptr}};
  FakeCluster cluster{node, engine_routes()};
  const NodeId gateway{Role::kGateway, 1};
  std::vector<std::pair<std::string, std::string>> monitored;
};

TEST_F(SloTest, QuickAnswersRaiseNoAlarmAndAreShown) {
  for (int i = 0; i < 100; ++i) ask(milliseconds(3));
  cluster.run(seconds(2));
  EXPECT_EQ(alarms(), 0u);
  EXPECT_EQ(p99(), "3.0");
}

TEST_F(SloTest, TheWaitInTheMailboxCounts) {
  ask(milliseconds(50));
  cluster.run(seconds(2));
  EXPECT_EQ(alarms(), 1u);
  EXPECT_EQ(p99(), "50.0");
}

TEST_F(SloTest, WhatAConversationWaitsForCounts) {
  node.takes = milliseconds(300);
  ask();
  cluster.run(seconds(2));
  ASSERT_EQ(alarms(), 1u);
  EXPECT_EQ(p99(), "300.0");
}

TEST_F(SloTest, TheTurnItselfCountsWhereItsEndIsTold) {
  ask();
  node.effects_left(cluster.now + milliseconds(40));
  cluster.run(seconds(2));
  EXPECT_EQ(alarms(), 1u);
  EXPECT_EQ(p99(), "40.0");
}

TEST_F(SloTest, OneLateAnswerInThreeHundredIsNoAlarm) {
  for (int i = 0; i < 300; ++i) ask(milliseconds(1));
  ask(seconds(1));
  cluster.run(seconds(2));
  EXPECT_EQ(alarms(), 0u);
}

TEST_F(SloTest, AnAlarmIsToldOnceInTenSecondsAndEndsWithItsCause) {
  for (int i = 0; i < 19; ++i) {
    ask(milliseconds(100));
    cluster.run(seconds(1));
  }
  EXPECT_EQ(alarms(), 2u);
  cluster.run(seconds(30));
  EXPECT_LE(alarms(), 3u) << "what is older than 10 s is forgotten";
  monitored.clear();
  cluster.run(seconds(2));
  EXPECT_EQ(p99(), "") << "nothing was asked lately";
}

TEST_F(SloTest, AnAnswerDroppedWithItsFaultIsNotCounted) {
  node.on_raw(251, [&](const From& from, std::string_view) {
    From echo = from;
    echo.header.message_id = kEcho;
    echo.arrived = cluster.now - seconds(1);
    node.reply(echo, proto::EchoReply());
    throw std::runtime_error("broken");
  });
  cluster.say(gateway, proto::MatchFound());
  cluster.turn();
  cluster.run(seconds(2));
  EXPECT_EQ(alarms(), 0u);
}

}  // namespace
}  // namespace dure::test
